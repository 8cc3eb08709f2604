"""Single values of a configuration file: variables replaced, types checked, secrets kept to themselves."""

import difflib
import re
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.config.document import Mapping, Node, Scalar, resolve
from hookyard.config.kinds import base, choices, expected, is_private, members, split, struct_of
from hookyard.config.secret_file import read_secret
from hookyard.config.substitute import substitute
from hookyard.config.values import Duration, Rate, Secret, Size

_CLIP: Final = 40


class Failed(Enum):
    """Stands where a value could not be made; why has been reported."""

    FAILED = "failed"


FAILED: Final = Failed.FAILED


class Value(Struct, frozen=True):
    """A scalar after its variables are replaced."""

    text: str
    raw: object
    """The text, or what it means where it has no quotes."""
    shown: str
    """How messages call it; never by the value of a variable."""
    substituted: bool


class Place(Struct, frozen=True):
    """Where a value stands: its key path and the line of its key."""

    path: str
    line: int

    def key(self, key: str, line: int) -> "Place":
        """The place of an entry below."""
        return Place(f"{self.path}.{key}" if self.path else key, line)

    def item(self, index: int, line: int) -> "Place":
        """The place of an item of a list."""
        return Place(f"{self.path}[{index}]", line)


class Scalars:
    """Reads single values.

    Args:
        folder: where relative paths of secret files start.
        environ: where variables are looked up.
        report: what to call with each problem.
    """

    def __init__(self, folder: Path, environ: MappingOf[str, str], report: Callable[[Place, str], None]) -> None:
        self._folder = folder
        self._environ = environ
        self._report = report
        self.secrets: list[tuple[Place, Path | None]] = []
        """Where each secret stands, and the file that it was read from; None: it is written there itself."""

    def expand(self, node: Scalar, place: Place) -> Value | Failed:
        """The value with its variables replaced, not yet of any type."""
        result = substitute(node.text, self._environ)
        for problem in result.problems:
            self._report(place, problem)
        if result.problems:
            return FAILED
        raw = resolve(result.text) if node.plain else result.text
        shown = f"the value of {_clip(node.text)}" if result.changed else _shown(raw)
        return Value(result.text, raw, shown, result.changed)

    def convert(self, node: Scalar, kind: object, place: Place) -> object | Failed:
        """The value as one of the simple types in `kind`."""
        value = self.expand(node, place)
        if isinstance(value, Failed):
            return FAILED
        simple = [one for one in members(kind) if _is_simple(one)]
        raw, text = value.raw, any(base(one) is str for one in simple)
        if text and value.substituted and not (raw is None and NoneType in simple):
            raw = value.text  # text stays text, whatever the environment holds
        for one in simple:
            if fits(raw, one):
                converted: object = msgspec.convert(raw, one, dec_hook=parse_value)
                return converted
        message = f"expected {expected(kind)}"
        if not is_private(kind):
            message += f", found {value.shown}"
            if not value.substituted and (close := difflib.get_close_matches(value.text, choices(kind), n=1)):
                message += f"; did you mean {close[0]}?"
        if text and not isinstance(raw, str | None):
            message += "; as text it needs quotes"
        self._report(place, message)
        return FAILED

    def secret(self, node: Node, place: Place) -> Secret | Failed:
        """A secret from its text or from the file it names; an empty one would open a door and is refused."""
        text = self._secret_text(node, place)
        if isinstance(text, Failed):
            return FAILED
        if not text.strip():
            self._report(place, "the secret is empty")
            return FAILED
        return Secret(text)

    def _secret_text(self, node: Node, place: Place) -> str | Failed:
        if isinstance(node, Scalar):
            value = self.expand(node, place)
            if isinstance(value, Failed):
                return FAILED
            if not value.substituted:
                self.secrets.append((place, None))
            # A secret is text as it is written, also one that looks like a number.
            return value.text if value.raw is not None else ""
        entry = node.entries.get("file") if isinstance(node, Mapping) and len(node.entries) == 1 else None
        if entry is None or not isinstance(entry.node, Scalar):
            self._report(place, f"expected {expected(Secret)}")
            return FAILED
        return self._from_file(entry.node, place)

    def _from_file(self, name: Scalar, place: Place) -> str | Failed:
        value = self.expand(name, place)
        if isinstance(value, Failed):
            return FAILED
        self.secrets.append((place, self._folder / value.text))
        try:
            return read_secret(self._folder / value.text)
        except ValueError as error:
            self._report(place, f"the secret file {name.text} {error}")
            return FAILED


def fits(raw: object, kind: object) -> bool:
    """Whether plain data is of a type and within its constraints."""
    try:
        msgspec.convert(raw, kind, dec_hook=parse_value)
    except msgspec.ValidationError:
        return False
    pattern = split(kind)[1].pattern
    # `$` also matches before a last line end, in Python only.
    return pattern is None or not isinstance(raw, str) or re.fullmatch(pattern, raw) is not None


def is_null(node: Node) -> bool:
    """Whether nothing is written where a value could be."""
    return isinstance(node, Scalar) and node.plain and resolve(node.text) is None


def _is_simple(kind: object) -> bool:
    bottom = base(kind)
    return struct_of(kind) is None and bottom is not dict and bottom is not tuple


def parse_value(kind: type, raw: object) -> object:
    """Read one of the kinds of values that msgspec does not know: its hook, wherever settings are decoded.

    Raises:
        ValueError: it is none.
    """
    if kind is Duration:
        return Duration.parse(raw)
    if kind is Size:
        return Size.parse(raw)
    if kind is Rate:
        return Rate.parse(raw)
    msg = f"no way to read a {kind.__name__}"
    raise NotImplementedError(msg)


def _shown(raw: object) -> str:
    if raw is None:
        return "nothing"
    if isinstance(raw, str):
        return f"the text {_clip(raw)!r}"
    return f"the boolean {str(raw).lower()}" if isinstance(raw, bool) else f"the number {raw}"


def _clip(text: str) -> str:
    return text if len(text) <= _CLIP else text[: _CLIP - 1] + "…"
