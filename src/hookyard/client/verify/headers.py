"""The headers of a request, whatever one's framework has them in."""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable

from hookyard.client.verify.found import VerificationError

Text: TypeAlias = str | bytes


@runtime_checkable
class HasItems(Protocol):
    """The headers of most frameworks; those that keep repeated ones give each."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""
        ...


Headers: TypeAlias = Mapping[str, str] | HasItems | Iterable[tuple[Text, Text]]


class Fields:
    """Headers by their name in any case, where it is seen which of them came more than once.

    Raises:
        TypeError: a name or a value is neither text nor bytes.
    """

    def __init__(self, headers: Headers) -> None:
        pairs: Iterable[tuple[Text, Text]] = headers.items() if isinstance(headers, HasItems) else headers
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(_text(name).lower(), []).append(_text(value))

    def __contains__(self, name: str) -> bool:
        """Whether it is there, and says something."""
        return any(self._values.get(name, ()))

    def one(self, name: str) -> str:
        """The value of a header.

        Raises:
            VerificationError: it is not there, is empty, or is there more than once.
        """
        values = self._values.get(name, [])
        if len(values) > 1:
            raise VerificationError("repeated", f"{name} is there {len(values)} times")
        if not values or not values[0]:
            raise VerificationError("missing", f"{name} is missing")
        return values[0]


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    msg = f"the name or the value of a header is {type(value).__name__}, not text"
    raise TypeError(msg)
