"""What an exec plugin prints: one JSON object a line."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hookyard.context.logger import shortened
from hookyard.errors import place_of
from hookyard.model import YEAR, LogLevel

LINE: Final = 8 << 20
"""Bytes of one line; more break the protocol."""
_QUOTED: Final = 80
_ESCAPE: Final = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD](?P<half>[89a-fA-F]..)|.)")
"""What a backslash begins: both halves of a character, one half, or anything else."""
_NAME = Annotated[str, Meta(min_length=1, max_length=200)]


class _Line(Struct, frozen=True, tag=str.lower, tag_field="kind", forbid_unknown_fields=True):
    pass


class Log(_Line, frozen=True):
    """A line for the job's log."""

    message: str
    level: LogLevel = "info"
    values: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Progress(_Line, frozen=True):
    """How far the job is."""

    done: float
    total: float | None = None
    message: str = ""


class Event(_Line, frozen=True):
    """An event, published with the commit that ends the job."""

    type: _NAME
    payload: Raw = Raw(b"null")
    dedupe_key: str | None = None


class Artifact(_Line, frozen=True):
    """A named blob: exactly one of text, base64 and path."""

    name: _NAME
    media_type: str = "application/octet-stream"
    text: str | None = None
    base64: bytes | None = None
    path: str | None = None
    """Of a file below the working directory; it stays until the process has ended."""

    def __post_init__(self) -> None:
        """Refuse one that has its content twice, or not at all."""
        if sum(one is not None for one in (self.text, self.base64, self.path)) != 1:
            msg = "exactly one of text, base64 and path is expected"
            raise ValueError(msg)


class State(_Line, frozen=True):
    """What to keep, with the commit that ends the job as succeeded."""

    key: _NAME
    value: Raw | UnsetType = UNSET
    """Left out, the key is deleted."""


class Result(_Line, frozen=True):
    """The answer; the last line."""

    output: Raw = Raw(b"null")


class Error(_Line, frozen=True):
    """Why there is none; the last line."""

    message: str
    code: str = "command_error"
    retryable: bool = True
    details: dict[str, Any] | None = None
    retry_after: Annotated[float, Meta(ge=0, le=YEAR)] | None = None
    """Seconds after which to try again, without this attempt being counted."""


Line = Log | Progress | Event | Artifact | State | Result | Error
_DECODER: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


class BadLine(Exception):  # noqa: N818  what it says of the line
    """The plugin broke the protocol; the text says how, with the number of the line."""

    code = "protocol_error"


class NotKept(BadLine):
    """The line is of the protocol, and asks for more than is kept."""

    code = "not_kept"


class BadEvent(BadLine):
    """The line is of the protocol, and the data of its event is not what the plugin declares."""

    code = "context_error"


class Lines:
    """Takes what the process prints, piece by piece.

    Args:
        take: gets each line, decoded, with its number.

    Attributes:
        end: the result or the error, once it came.
        number: of the last line, counted from 1.
    """

    def __init__(self, take: Callable[[Line, int], None]) -> None:
        self.end: Result | Error | None = None
        self.number = 0
        self._take = take
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """Read the lines that are whole by now.

        Raises:
            BadLine: one of them breaks the protocol.
        """
        start = 0
        while (stop := piece.find(b"\n", start)) >= 0:
            self._line(self._rest + piece[start:stop] if self._rest else piece[start:stop])
            self._rest = b""
            start = stop + 1
        self._rest += piece[start:]
        if len(self._rest) > LINE:
            self.number += 1
            self._bad(f"is longer than {LINE >> 20} MiB")

    def close(self) -> bool:
        """Read what has no end of line; False when it is only a part of one."""
        rest, self._rest = self._rest, b""
        if not rest or rest.isspace():
            return True
        try:
            msgspec.json.decode(rest)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.number += 1
            return False
        self._line(rest)
        return True

    def _line(self, text: bytes) -> None:
        self.number += 1
        if not text or text.isspace():
            return
        if len(text) > LINE:
            self._bad(f"is longer than {LINE >> 20} MiB")
        if self.end is not None:
            self._bad(f"comes after the {_kind(self.end)}, which is the last")
        if b"\\ud" in text or b"\\uD" in text:
            text = _ESCAPE.sub(_whole, text)
        try:
            line = _DECODER.decode(text)
        except msgspec.ValidationError as error:
            problem, path = place_of(error)
            self._bad(
                f"is none of the protocol: {problem[:1].lower()}{problem[1:]}{'' if path == '$' else f' at {path}'}"
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._bad(f"is not JSON ({error}): {shortened(repr(text.decode(errors='replace')), _QUOTED)}")
        else:
            if isinstance(line, Result | Error):
                self.end = line
            else:
                self._take(line, self.number)

    def _bad(self, what: str) -> None:
        msg = f"line {self.number} of its output {what}"
        raise BadLine(msg)


def _whole(escape: re.Match[bytes]) -> bytes:
    """Half a character, of which no text can be made, becomes U+FFFD: names of files have them."""
    return escape[0] if escape["half"] is None else rb"\ufffd"


def _kind(line: Line) -> str:
    return type(line).__name__.lower()
