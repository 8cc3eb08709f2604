"""What lists are asked with: a query decoded into a Struct, and cursors that say where a page ends."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from litestar import Request
from msgspec import Struct

from hookyard import ids
from hookyard.errors import Refused

Q = TypeVar("Q", bound=Struct)
T = TypeVar("T")
C = TypeVar("C")


def query_of(request: Request[Any, Any, Any], kind: type[Q]) -> Q:
    """Return what a list is asked for.

    Raises:
        Refused: the query has something twice, or something else than the type says.
    """
    given = request.query_params.dict()
    repeated = [name for name, values in given.items() if len(values) > 1]
    if repeated:
        raise Refused("invalid_request", f"The query has {repeated[0]!r} more than once.")
    try:
        return msgspec.convert({name: values[0] for name, values in given.items()}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("invalid_request", str(error)) from error


def page_of(found: Sequence[T], limit: int, cursor: Callable[[T], C]) -> tuple[Sequence[T], C | None]:
    """A page of what was found, and where the next one goes on; None on the last.

    Args:
        found: one more than fits the page, where there is more.
        limit: how many fit.
        cursor: where the page after this one goes on.
    """
    shown = found[:limit]
    return shown, cursor(shown[-1]) if len(found) > limit else None


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of what cannot be asked anything."""


def require_no_query(request: Request[Any, Any, Any]) -> None:
    """Refuse a query where none is understood.

    Raises:
        Refused: there is one.
    """
    query_of(request, Nothing)


class Cursors:
    """The cursors of one list; those of another are refused, since their place means nothing in this one.

    Args:
        letter: which list: how its cursors begin.
        pack: a row's id or name as bytes.
        unpack: the way back; a ValueError, or None, for what is none.
    """

    __slots__ = ("_letter", "_pack", "_unpack")

    def __init__(self, letter: str, pack: Callable[[str], bytes], unpack: Callable[[bytes], str | None]) -> None:
        self._letter = letter
        self._pack = pack
        self._unpack = unpack

    def after(self, row: str) -> str:
        """The cursor of the page after this row."""
        return self._letter + urlsafe_b64encode(self._pack(row)).rstrip(b"=").decode("ascii")

    def row(self, cursor: str | None) -> str | None:
        """The row that a cursor stands behind; None for the first page.

        Raises:
            Refused: it is none of this list.
        """
        if cursor is None:
            return None
        try:
            found = self._unpack(urlsafe_b64decode(cursor[1:].encode("ascii") + b"=="))
        except (ValueError, Base64Error):
            found = None
        if not found or self.after(found) != cursor:
            raise Refused("invalid_request", "That is not a cursor of this list.")
        return found


def _by_id(letter: str) -> Cursors:
    return Cursors(letter, lambda row: UUID(row).bytes, lambda raw: ids.parse(str(UUID(bytes=raw))))


JOBS: Final = _by_id("j")
EVENTS: Final = _by_id("e")
TOKENS: Final = _by_id("t")
AUDIT: Final = _by_id("a")
SCHEDULES: Final = Cursors("s", str.encode, bytes.decode)
ENDPOINTS: Final = Cursors("n", str.encode, bytes.decode)
DELIVERIES: Final = _by_id("d")
OLDEST_FIRST: Final = _by_id("o")
"""Of deliveries that are changed many at a time, which goes the other way than their list."""
REPLAYS: Final = _by_id("r")
"""Of a walk through jobs and events."""
