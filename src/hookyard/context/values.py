"""What an author may hand to a context, as far as a type checker can say it, and how it becomes JSON and back."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Final, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from hookyard.errors import ContextError, place_of

T = TypeVar("T")


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Encodable = (
    Struct | Collection[object] | float | Enum | dt.date | dt.time | dt.timedelta | Decimal | UUID | _Dataclass | None
)
"""What can be written as JSON."""

_encode: Final = msgspec.json.Encoder().encode


def to_json(what: str, value: object) -> bytes:
    """A value as JSON.

    Args:
        what: names the value, for the message.

    Raises:
        ContextError: it cannot be written.
    """
    try:
        return _encode(value)
    except Exception as error:
        msg = f"{what} is not JSON: {error}"
        raise ContextError(msg, retryable=False) from error


def from_json(what: str, raw: bytes | Raw, kind: type[T]) -> T:
    """JSON as a value of the type asked for.

    Args:
        what: names the value, for the message.

    Raises:
        ContextError: it is of another type.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        problem, path = place_of(error)
        msg = f"{what} is no {getattr(kind, '__name__', kind)}: {problem} at {path}"
        raise ContextError(msg) from error


def fits_utf8(text: str) -> str:
    """Text that can be written as UTF-8, whatever the operating system once made of a file's name."""
    return text.encode(errors="replace").decode()
