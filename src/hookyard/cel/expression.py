"""The one door to the CEL library (cel-expr-python, the C++ implementation of CEL).

What was found by running version 0.1.3, and is held to here:

- An error is a value, of type `ERROR`; a text that is no UTF-8 raises RuntimeError.
- Reading a null out of a value takes a reference from `None` that nobody gave: on Python 3.11 the interpreter dies
  after some thousand of them. So nothing is read of a value before its type is known, and nothing of a null.
- A text is cut off at U+0000, so that an equality would hold for two texts that differ after it. Such an event fails.
- A whole number beyond 64 bits anywhere in what is handed over is an error; it is handed over as a floating point
  number instead.
- All that is handed over is copied, so only what is read is (:mod:`hookyard.cel.reads`).
- `type` is a function, and so no name for a variable; one in a namespace (a "container") may have it.
- It ends after 10,000 rounds of loops; what else must be bounded is in :mod:`hookyard.cel.bounds`.
- Loading it takes 25 ms, so that it is loaded by the first expression that there is. To compile one takes 60 µs, to
  evaluate it 3 µs, and memory does not grow. Threads may share it.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal, Protocol, cast

from hookyard.cel.bounds import limits_of
from hookyard.cel.reads import part_of, reads_of
from hookyard.cel.syntax import read_tree
from hookyard.cel.words import plainly

LONGEST: Final = 4096
"""Characters of an expression."""
_LONGEST_SENTENCE: Final = 200
_MARGIN: Final = 1 << 20
_TIMES: Final = 4
_ABSENT: Final = ("NOT_FOUND:", "INVALID_ARGUMENT: Applying SELECT", "UNKNOWN: Index error")
_ROUNDS: Final = "Iteration budget exceeded"
_TOO_LARGE: Final = "INVALID_ARGUMENT: Integer value"
_INT64: Final = 1 << 63
_MOST_VALUES: Final = 50_000
"""Values that are handed over for one evaluation: each is copied, and the event loop waits up to 10 µs."""
_ROOM: Final = "hookyard"
_TAKEN: Final = "type"
"""The one name of ours that a variable has only in a namespace."""
_FEW: Final = 2 * _MOST_VALUES
"""Bytes of a body that cannot have as many: each takes two."""


class CelError(ValueError):
    """The text is no expression that may serve; the message says why, and where in it as `line:column`."""


class Failed(Exception):  # noqa: N818  an answer of the event, not a fault
    """An expression has no value for this event.

    Args:
        why: in a sentence, without the event's own data beyond names.
        absent: whether that is because the event does not have something.
    """

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.absent = absent


class _Type(Protocol):
    def name(self) -> str: ...


class _Value(Protocol):
    def type(self) -> _Type: ...
    def value(self) -> object: ...


class _Compiled(Protocol):
    def eval(self, *, data: Mapping[str, object]) -> _Value: ...
    def return_type(self) -> _Type: ...
    def serialize(self) -> bytes: ...


class _Environment(Protocol):
    def compile(self, expression: str) -> _Compiled: ...


Kind = Literal["any", "text", "texts"]
"""What a variable holds: whatever JSON has, a text, or texts by name."""


class Expression:
    """A compiled expression.

    Args:
        text: in CEL.
        variables: what it may name, each with what it holds.

    Raises:
        CelError: the text is none.
    """

    def __init__(self, text: str, variables: Mapping[str, Kind]) -> None:
        if len(text) > LONGEST:
            msg = f"it has {len(text)} characters; {LONGEST} is the most"
            raise CelError(msg)
        if "\0" in text or not _is_unicode(text):
            msg = "it has a character that no text may have"
            raise CelError(msg)
        try:
            self._compiled = _environment(tuple(variables.items())).compile(text)
            self.kind = self._compiled.return_type().name()
            """The static type of its value, in the words of CEL: `BOOL`, `LIST<STRING>`; `DYN` is only known later."""
            tree = read_tree(self._compiled.serialize())
        except RuntimeError as error:
            raise CelError(_sentence(str(error))) from error
        self._limits = limits_of(tree)
        reads = reads_of(tree)
        self._parts = tuple(
            (name, _inner(name), reads.parts[_inner(name)], kind == "any")
            for name, kind in variables.items()
            if _inner(name) in reads.parts
        )
        self.names = frozenset(name for name, *_ in self._parts)
        """The variables that it reads."""
        self.members = {name: reads.members[inner] for name, inner, *_ in self._parts}
        """The members that it names of each of those."""

    def evaluate(self, values: Mapping[str, object], body: bytes) -> object:
        """Return its value, as JSON has it; times stay what Python has for them.

        Args:
            values: the variables, those at least that it reads.
            body: the JSON that the values of the kind `any` were decoded from; the value may not be much larger.

        Raises:
            Failed: it has none, or one that is much larger than the event.
        """
        data = self._data(values, body)
        try:
            value = self._compiled.eval(data=data)
            kind = value.type().name()
            if kind == "BOOL":
                return value.value()
            if kind == "ERROR" and str(value.value()).startswith(_TOO_LARGE):
                value = self._compiled.eval(data={name: _within_range(each) for name, each in data.items()})
            return _Reading(_TIMES * len(body) + _MARGIN).read(value)
        except (RuntimeError, ValueError, OverflowError) as error:  # RecursionError is the first of these
            raise Failed(_sentence(str(error))) from error

    def _data(self, values: Mapping[str, object], body: bytes) -> dict[str, object]:
        data: dict[str, object] = {}
        for name, inner, paths, decoded in self._parts:
            if not decoded:
                data[inner] = values[name]
                continue
            part = data[inner] = part_of(values[name], paths)
            if len(body) > _FEW and _count(part, _MOST_VALUES) > _MOST_VALUES:
                why = f"it reads a part of the event with more than {_MOST_VALUES:,} values"
                raise Failed(why)
            # Most bodies have no backslash, and to look for one byte is the quickest.
            if b"\\" in body and b"\\u0000" in body and has_nul(part):
                why = "a text of the event has the character U+0000"
                raise Failed(why)
        if self._limits is not None and not self._limits.hold(data):
            why = "a list or a text of the event is longer than what such an expression may go through"
            raise Failed(why)
        return data


def _inner(name: str) -> str:
    """What the library is told that a variable is called."""
    return f"{_ROOM}.{name}" if name == _TAKEN else name


@cache
def _environment(variables: tuple[tuple[str, Kind], ...]) -> _Environment:
    # Here, so that nothing is loaded by who has no expression.
    from cel_expr_python import cel  # type: ignore[import-untyped]  # it has stubs, but no mark that says so
    from cel_expr_python.ext import ext_strings  # type: ignore[import-untyped]  # likewise

    kinds = {"any": cel.Type.DYN, "text": cel.Type.STRING, "texts": cel.Type.Map(cel.Type.STRING, cel.Type.STRING)}
    return cast(
        "_Environment",
        cel.NewEnv(
            variables={_inner(name): kinds[kind] for name, kind in variables},
            extensions=[ext_strings.ExtStrings()],
            container=_ROOM if any(name == _TAKEN for name, _ in variables) else "",
        ),
    )


class _Reading:
    """Reads one value of the library's, up to a size."""

    def __init__(self, most: int) -> None:
        self._left = most

    def read(self, value: _Value) -> object:
        kind = value.type().name()
        self._take(1)
        if kind == "NULL":
            return None  # reading it would take a reference from None
        if kind == "ERROR":
            why = str(value.value())
            raise Failed(_sentence(why), absent=why.startswith(_ABSENT))
        found = value.value()
        if kind.startswith("LIST"):
            return [self.read(item) for item in cast("list[_Value]", found)]
        if kind.startswith("MAP"):
            return {self._key(key): self.read(item) for key, item in cast("dict[object, _Value]", found).items()}
        return self._scalar(kind, found)

    def _scalar(self, kind: str, found: object) -> object:
        if isinstance(found, str) and kind == "STRING":
            self._take(len(found))
            return found
        if isinstance(found, bytearray | bytes):
            self._take(len(found))
            return bytes(found)
        if isinstance(found, float) and not math.isfinite(found):
            why = f"{found} is a number that JSON does not have"
            raise Failed(why)
        if isinstance(found, bool | int | float | datetime | timedelta):
            return found
        why = f"{kind} is nothing that JSON has"
        raise Failed(why)

    def _key(self, key: object) -> str:
        text = str(key).lower() if isinstance(key, bool) else str(key)
        self._take(len(text))
        return text

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            why = "it makes much more of the event than it is"
            raise Failed(why)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(tree: object, most: int) -> int:
    """How many values a tree has, or more than `most`."""
    count = 0
    waiting = [tree]
    while waiting and count <= most:
        each = waiting.pop()
        count += 1
        if isinstance(each, dict):
            waiting += cast("Mapping[str, object]", each).values()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)
    return count


def has_nul(tree: object) -> bool:
    """Whether a text in it has the character U+0000."""
    if isinstance(tree, str):
        return "\0" in tree
    if isinstance(tree, dict):
        members = cast("Mapping[str, object]", tree)
        return any("\0" in name or has_nul(member) for name, member in members.items())
    return isinstance(tree, list) and any(map(has_nul, cast("list[object]", tree)))


def _within_range(tree: object) -> object:
    """The same, with whole numbers beyond 64 bits as floating point numbers."""
    if isinstance(tree, dict):
        return {name: _within_range(member) for name, member in cast("Mapping[str, object]", tree).items()}
    if isinstance(tree, list):
        return [_within_range(item) for item in cast("list[object]", tree)]
    if isinstance(tree, int) and not -_INT64 <= tree < 2 * _INT64:
        return float(tree)
    return tree


def _sentence(message: str) -> str:
    """The library's own message in one line: what is wrong, and where if it says that."""
    first = message.strip().partition("\n")[0].removesuffix("]").rstrip()
    if _ROUNDS in first:
        return "its loops make more than 10,000 rounds"
    for prefix in ("INVALID_ARGUMENT: ", "NOT_FOUND: ", "UNKNOWN: ", "OUT_OF_RANGE: ", "CANCELLED: "):
        first = first.removeprefix(prefix).removesuffix(f"[{prefix[:-2]}").rstrip()
    for room in ("", _ROOM):
        first = first.replace(f" (in container '{room}')", "")
    return plainly(first.removeprefix("ERROR: <input>:"))[:_LONGEST_SENTENCE]
