"""What the handshakes share: the one that answers nothing, and how replies are written."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from hookyard.errors import Refused
from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

LONGEST: Final = 512
"""Characters of what is said back to a sender."""
_encode: Final = msgspec.json.Encoder().encode


class Quiet:
    """A handshake that answers nothing, for others to begin with."""

    name: str = ""
    reads: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Know no question without a signature."""
        del request, keys, terms
        return None

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Know no question that is signed."""
        del request, event, body, key, terms
        return None


def plain(text: bytes) -> Reply:
    """What a sender said, said back as text that no browser takes for anything else."""
    return Reply(body=text, content_type="text/plain; charset=utf-8", headers=(("x-content-type-options", "nosniff"),))


def json(value: object) -> Reply:
    """A value as JSON."""
    return Reply(body=_encode(value), content_type="application/json")


def members(body: object) -> Mapping[str, object]:
    """The members of a body that is an object; of any other none."""
    none: dict[str, object] = {}
    return cast("dict[str, object]", body) if isinstance(body, dict) else none


def once(request: InboundRequest, name: str) -> bytes | None:
    """The value that the query has for a name; None when it has none, or several."""
    found = request.parameters(name)
    return found[0] if len(found) == 1 else None


def told(body: Mapping[str, object], name: str, form: re.Pattern[str], path: str = "$") -> str:
    """The text that a question carries.

    Raises:
        Refused: it has none of this form.
    """
    found = body.get(name)
    if not isinstance(found, str) or not form.fullmatch(found):
        raise Refused("invalid_input", "Expected what is to be said back.", path=f"{path}.{name}")
    return found


def shared_key(key: Key) -> bytes | None:
    """The secret that a sender and we have in common, as it signs; None when there is no such one."""
    return key.material if isinstance(key.material, bytes) and key.material else None
