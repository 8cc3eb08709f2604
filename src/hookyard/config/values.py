"""The kinds of value a configuration file has beyond YAML's own: secrets, durations, sizes."""

import re
from typing import Any, Final

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION_UNITS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZE: Final = re.compile(r"(\d+)\s?(B|KiB|MiB|GiB)")
_SIZE_UNITS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Secret:
    """A value that never shows: not in logs, not in a traceback, not in a dump of the configuration."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that uses it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        msg = "a secret is not pickled"
        raise TypeError(msg)


class Duration(int):
    """A length of time in milliseconds; in YAML `250ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`, or a number of seconds."""

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self / 1000

    @classmethod
    def parse(cls, raw: object) -> "Duration":
        """Read one from its YAML form.

        Raises:
            ValueError: it is none.
        """
        if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 <= raw < 1e10:
            return cls(round(raw * 1000))
        if isinstance(raw, str):
            parts = _DURATION.findall(raw)
            if parts and "".join(number + unit for number, unit in parts) == raw:
                return cls(round(sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)))
        msg = "expected a duration such as 250ms, 30s, 5m, 1h30m, 1d, or a number of seconds"
        raise ValueError(msg)


class Size(int):
    """A number of bytes; in YAML `64KiB`, `25MiB`, `1GiB`, or a plain number."""

    @classmethod
    def parse(cls, raw: object) -> "Size":
        """Read one from its YAML form.

        Raises:
            ValueError: it is none.
        """
        if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
            return cls(raw)
        if isinstance(raw, str) and (found := _SIZE.fullmatch(raw)):
            return cls(int(found[1]) * _SIZE_UNITS[found[2]])
        msg = "expected a size such as 64KiB, 25MiB, 1GiB, or a number of bytes"
        raise ValueError(msg)
