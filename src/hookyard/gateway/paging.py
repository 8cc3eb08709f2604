"""What lists are asked with: a query decoded into a Struct, and cursors that say where a page ends."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
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


def to_cursor(identifier: str) -> str:
    """The cursor of the page after this id."""
    return urlsafe_b64encode(UUID(identifier).bytes).rstrip(b"=").decode("ascii")


def from_cursor(cursor: str) -> str:
    """The id that a cursor stands for.

    Raises:
        Refused: it is none.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"==")
        found = ids.parse(str(UUID(bytes=raw)))
    except (ValueError, Base64Error):
        found = None
    if found is None or to_cursor(found) != cursor:
        raise Refused("invalid_request", "That is not a cursor.")
    return found
