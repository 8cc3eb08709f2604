"""One webhook that arrived, judged: what it is, whether it verifies, whether it came before."""

from collections import OrderedDict
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from hookyard.cli.listen.judge import Judged
from hookyard.cli.receiver import Incoming

_MOST_SEEN: Final = 10_000
_IDS: Final = ("webhook-id", "x-webhook-delivery")


class Arrival(Struct, frozen=True, kw_only=True):
    """A webhook."""

    at: int
    """When it came, in milliseconds."""
    incoming: Incoming
    event: str
    """Its type; empty when it does not say."""
    id: str
    judged: Judged
    times: int
    """How often this id has come by now; 0 for one without an id."""
    changed: bool
    """Whether the same id came with another body the last time."""
    status: int
    """What it is answered."""


class _Named(Struct, frozen=True):
    """What of a body says what it is; `id` where that is CloudEvents."""

    type: str = ""
    id: str = ""


class SeenIds:
    """The ids that came, the last ten thousand of them."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[int, bytes]] = OrderedDict()

    def count(self, identifier: str, body: bytes) -> tuple[int, bool]:
        """Count an id: how often it has come by now, and whether its body is another one than before."""
        if not identifier:
            return 0, False
        digest = sha256(body).digest()
        times, before = self._seen.pop(identifier, (0, digest))
        self._seen[identifier] = times + 1, digest
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)
        return times + 1, before != digest


def named(incoming: Incoming) -> tuple[str, str]:
    """The event and the id of a webhook, as far as it says.

    The header goes first: a body that is nothing but what an application said may have a `type` of its own.
    """
    headers = dict(incoming.headers)
    try:
        inside = msgspec.json.decode(incoming.body, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        inside = _Named()
    identifier = next((headers[name] for name in _IDS if headers.get(name)), inside.id)
    return unquote(headers.get("x-webhook-event", "")) or inside.type, identifier


def decoded(body: bytes) -> Any:  # noqa: ANN401  any JSON
    """What a body says as JSON; `msgspec.UNSET` when it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.UNSET
