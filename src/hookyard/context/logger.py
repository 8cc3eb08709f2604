"""The logger that commands and hooks are handed."""

import re
import traceback
from collections.abc import Callable
from typing import Final, Protocol, cast

import msgspec

from hookyard.context.messages import LogNote, Note
from hookyard.context.values import fits_utf8
from hookyard.model import LogLevel

LONGEST_EVENT: Final = 200
"""Characters of a line's event."""
LONGEST_VALUE: Final = 16_384
"""Characters of one value of a line; a traceback keeps its end."""
LARGEST_LINE: Final = 65_536
"""Bytes of all values of a line, as JSON."""
CUT_END: Final = re.compile(r"\.\.\. \(\d+ characters\)")
CUT_START: Final = re.compile(r"\(\d+ characters\) \.\.\.")
"""What is put where a text was cut; who looks for secrets in it must know the place."""
_MOST_BITS: Final = 63


class Logger(Protocol):
    """Structured logging: an event in dotted words, and what belongs to it as keyword arguments."""

    def debug(self, event: str, **values: object) -> object:
        """For the author of the plugin."""
        ...

    def info(self, event: str, **values: object) -> object:
        """Something happened as it should."""
        ...

    def warning(self, event: str, **values: object) -> object:
        """Something is odd, and the work goes on."""
        ...

    def error(self, event: str, **values: object) -> object:
        """Something failed."""
        ...

    def exception(self, event: str, **values: object) -> object:
        """Something failed, with the exception that is being handled."""
        ...


class JobLogger:
    """A command's :class:`Logger`: its lines are kept with the job, and go to the server's log with the job's id.

    Args:
        tell: takes a line.
    """

    __slots__ = ("_tell",)

    def __init__(self, tell: Callable[[Note], None]) -> None:
        self._tell = tell

    def debug(self, event: str, **values: object) -> None:
        """For the author of the plugin."""
        self._tell(line("debug", event, values))

    def info(self, event: str, **values: object) -> None:
        """Something happened as it should."""
        self._tell(line("info", event, values))

    def warning(self, event: str, **values: object) -> None:
        """Something is odd, and the work goes on."""
        self._tell(line("warning", event, values))

    def error(self, event: str, **values: object) -> None:
        """Something failed."""
        self._tell(line("error", event, values))

    def exception(self, event: str, **values: object) -> None:
        """Something failed, with the exception that is being handled."""
        self._tell(line("error", event, {**values, "exc_info": True}))


def line(level: LogLevel, event: object, values: dict[str, object]) -> LogNote:
    """A line of which any channel and any store can take every value; what is cut off or left out is said.

    Args:
        values: `exc_info`, when true, becomes the text of the exception that is being handled.
    """
    kept: dict[str, object] = {}
    for name, value in values.items():
        if name != "exc_info":
            kept[shortened(name, LONGEST_EVENT)] = _plain(value)
        elif value:
            kept["exception"] = last_of(traceback.format_exc().rstrip(), LONGEST_VALUE)
    size = len(msgspec.json.encode(kept))
    if size > LARGEST_LINE:
        exception = kept.get("exception")
        kept = {"dropped": f"{len(kept)} values of {size} bytes; a line takes {LARGEST_LINE}"}
        if exception is not None:
            kept["exception"] = exception
    return LogNote(level, shortened(event, LONGEST_EVENT), kept)


def _plain(value: object) -> object:
    """A value in types that JSON and msgpack both have."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return shortened(value, LONGEST_VALUE)
    if type(value) is int and value.bit_length() <= _MOST_BITS:
        return value
    try:
        # Through JSON: what comes back holds nothing that could not be written.
        body = msgspec.json.encode(value, enc_hook=_shown)
        if len(body) <= LONGEST_VALUE:
            found = msgspec.json.decode(body)
            return found if _fits(found) else body.decode()
        return shortened(body.decode(), LONGEST_VALUE)
    except Exception:  # noqa: BLE001  whatever a value does when it is written, the line must not be lost
        return shortened(_shown(value), LONGEST_VALUE)


def _fits(value: object) -> bool:
    """Whether every whole number in it has at most 64 bits, as msgpack demands."""
    if isinstance(value, int):
        return value.bit_length() <= _MOST_BITS
    if isinstance(value, list):
        return all(map(_fits, cast("list[object]", value)))
    if isinstance(value, dict):
        return all(map(_fits, cast("dict[str, object]", value).values()))
    return True


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  as above
        return f"<{type(value).__name__}: {type(error).__name__} when it was to be shown>"


def shortened(value: object, longest: int) -> str:
    """A value as text; of a long one the beginning, which says so."""
    text = value if isinstance(value, str) else _shown(value)
    if len(text) > longest:
        text = f"{text[:longest]}... ({len(text)} characters)"
    return fits_utf8(text)


def last_of(text: str, longest: int) -> str:
    """Of a long text the end, which says so."""
    if len(text) > longest:
        text = f"({len(text)} characters) ...{text[-longest:]}"
    return fits_utf8(text)
