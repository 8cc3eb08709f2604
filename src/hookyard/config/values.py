"""The kinds of value a configuration file has beyond YAML's own: secrets, durations, sizes, rates."""

import re
from contextlib import suppress
from typing import Final, NoReturn

PRIVATE: Final = "private"
"""A key of `Meta.extra`: what a file has here is never repeated in a message."""

_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_DURATION_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_LONGEST: Final = 10**13
_SIZE: Final = re.compile(r"([0-9]{1,16}) ?(B|KiB|MiB|GiB)")
_SIZE_UNITS: Final = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
_LARGEST: Final = 1 << 53
_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}")


class Secret:
    """A value that never shows: not in logs, not in a traceback, not in a dump of the configuration."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the value itself, to the one place that uses it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        msg = "a secret is not pickled"
        raise TypeError(msg)


class Duration(int):
    """A length of time in milliseconds.

    In YAML `250ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`, or a number of seconds; below 10^13 ms, 300 years.
    """

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self / 1000

    @property
    def text(self) -> str:
        """The shortest YAML form, which :meth:`parse` reads back to the same."""
        parts: list[str] = []
        rest = int(self)
        for unit, size in _DURATION_UNITS.items():
            count, rest = divmod(rest, size)
            if count:
                parts.append(f"{count}{unit}")
        return "".join(parts) or "0s"

    @classmethod
    def parse(cls, raw: object) -> "Duration":
        """Read one from its YAML form.

        Raises:
            ValueError: it is none.
        """
        millis: float = -1
        if isinstance(raw, (int, float)) and not isinstance(raw, bool):
            millis = raw * 1000
        elif isinstance(raw, str):
            parts = _DURATION.findall(raw)
            if parts and "".join(number + unit for number, unit in parts) == raw:
                millis = sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)
        if 0 <= millis < _LONGEST:
            return cls(round(millis))
        msg = "expected a duration such as 250ms, 30s, 5m, 1h30m, 1d, or a number of seconds"
        raise ValueError(msg)


class Size(int):
    """A number of bytes; in YAML `64KiB`, `25MiB`, `1GiB`, or a plain number."""

    @property
    def text(self) -> str:
        """The shortest YAML form, which :meth:`parse` reads back to the same."""
        unit, size = next((one for one in _SIZE_UNITS.items() if self and self % one[1] == 0), ("B", 1))
        return f"{self // size}{unit}"

    @classmethod
    def parse(cls, raw: object) -> "Size":
        """Read one from its YAML form.

        Raises:
            ValueError: it is none.
        """
        size = -1
        if isinstance(raw, int) and not isinstance(raw, bool):
            size = raw
        elif isinstance(raw, str) and (found := _SIZE.fullmatch(raw)):
            size = int(found[1]) * _SIZE_UNITS[found[2]]
        if 0 <= size < _LARGEST:
            return cls(size)
        msg = "expected a size such as 64KiB, 25MiB, 1GiB, or a number of bytes"
        raise ValueError(msg)


class Rate:
    """So many in so much time, and up to a whole count of them at once.

    In YAML `100/1m`: a count from 1, a slash, and a :class:`Duration`.

    Attributes:
        count: how many.
        per: in how many milliseconds, at least 1.
    """

    __slots__ = ("count", "per")

    def __init__(self, count: int, per: int) -> None:
        self.count = count
        self.per = per

    def __repr__(self) -> str:
        return f"Rate({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rate) and (other.count, other.per) == (self.count, self.per)

    def __hash__(self) -> int:
        return hash((self.count, self.per))

    @property
    def text(self) -> str:
        """Its YAML form, which :meth:`parse` reads back to the same."""
        return f"{self.count}/{Duration(self.per).text}"

    @classmethod
    def parse(cls, raw: object) -> "Rate":
        """Read one from its YAML form.

        Raises:
            ValueError: it is none.
        """
        if isinstance(raw, str):
            count, _, length = raw.partition("/")
            with suppress(ValueError):
                if _COUNT.fullmatch(count) and (per := Duration.parse(length)) >= 1:
                    return cls(int(count), int(per))
        msg = "expected a rate such as 100/1m, 5/1s or 1/250ms: a count, a slash and a duration"
        raise ValueError(msg)
