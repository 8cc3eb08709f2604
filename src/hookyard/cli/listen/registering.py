"""An endpoint that is there for as long as somebody listens."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import typer
from msgspec import Struct

from hookyard.client.http import Api
from hookyard.errors import HookyardError, Refused

_PATIENCE: Final = 15.0


class Registered(Struct, frozen=True):
    """The endpoint that was made, and what its webhooks are verified with."""

    name: str
    secrets: tuple[str, ...]


class Registration:
    """Makes an endpoint at a running gateway, and deletes it again.

    Args:
        gateway: where that is.
        token: the bearer token.
        asked: what the endpoint is to be, as `POST /api/v1/endpoints` takes it.
    """

    def __init__(self, gateway: str, token: str | None, asked: Mapping[str, object]) -> None:
        self._gateway = gateway
        self._token = token
        self._asked = dict(asked)

    def make(self) -> Registered:
        """Make it.

        Raises:
            Refused: the gateway does not, and says why.
        """
        with self._connect() as api:
            try:
                made = api.call("POST", "/api/v1/endpoints", body=self._asked)
            except Refused as error:
                if error.code != "exists":
                    raise
                name = self._asked["name"]
                again = f"{error.detail} `hookyard endpoints delete {name}` makes room, if nobody needs it."
                raise Refused("exists", again) from None
        return Registered(made["name"], _secrets(made))

    def undo(self, registered: Registered) -> bool:
        """Delete it; False when that failed, which is told."""
        try:
            with self._connect() as api:
                api.call("DELETE", f"/api/v1/endpoints/{quote(registered.name, safe='')}")
        except HookyardError as error:
            if isinstance(error, Refused) and error.code == "not_found" and "reached" not in error.detail:
                return True
            typer.echo(f"The endpoint is still there: {error}", err=True)
            typer.echo(f"Delete it: hookyard endpoints delete {registered.name}", err=True)
            return False
        typer.echo(f"The endpoint {registered.name} is deleted.", err=True)
        return True

    def _connect(self) -> Api:
        return Api(self._gateway, self._token, timeout=_PATIENCE)


def _secrets(made: Mapping[str, Any]) -> tuple[str, ...]:
    """What a receiver verifies with: the secrets, and the public keys."""
    return (*made["new_secrets"], *(key["public_key"] for key in made["public_keys"]))
