"""`GET /keys/{kid}`: the public keys that receivers verify `v1a` signatures with, for anybody."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard.errors import Refused
from hookyard.gateway.answer import Headers, value_answer
from hookyard.gateway.caller import seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.limits import Exceeded
from hookyard.gateway.paging import require_no_query

_CACHED: Final[Headers] = [(b"cache-control", b"public, max-age=3600")]


class PublishedKey(Struct, frozen=True, kw_only=True):
    """A public key, as a JSON Web Key Set (RFC 7517) of one."""

    keys: list[Mapping[str, str]]
    public_key: str
    """The same as `whpk_` and base64."""


class Keys:
    """The route. There is no list, and what is not there is answered alike whatever it is."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [get("/keys/{kid:str}")(self.key)]

    async def key(self, request: Request[Any, Any, Any], kid: FromPath[str]) -> ASGIApp:
        """Show a public key to whoever knows its name."""
        require_no_query(request)
        find = self._deps.public_key
        found = None if find is None else find(kid)
        if found is None:
            self._count(request)
            raise Refused("not_found")
        return value_answer(PublishedKey(keys=[found.jwk()], public_key=found.text), 200, _CACHED)

    def _count(self, request: Request[Any, Any, Any]) -> None:
        """Hold those back who try names."""
        known = seen(request)
        try:
            self._deps.limits.failed(known.peer)
        except Exceeded as error:
            known.fields = error.fields
            raise
