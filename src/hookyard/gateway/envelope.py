"""The body of a trigger: the command's input, and how the job is to be run."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct, field

from hookyard.command import Priority
from hookyard.errors import Refused
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.model import YEAR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LATEST: Final = 253_402_300_799_999  # the end of the year 9999, the last that RFC 3339 can write


def _no_input() -> Raw:
    return Raw(b"{}")


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything but `payload` has a default."""

    payload: Raw = field(default_factory=_no_input)
    """The command's input. Its bytes are kept as they came."""
    priority: Priority | None = None
    """Higher runs first; the command's own if left out."""
    run_at: Annotated[datetime, Meta(tz=True)] | Annotated[int, Meta(ge=0, le=_LATEST)] | None = None
    """Not to be started before: RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    delay: Annotated[float, Meta(ge=0, le=YEAR)] | None = None
    """Seconds until it may start; not together with `run_at`."""
    max_attempts: Annotated[int, Meta(ge=1, le=100)] | None = None
    timeout: Annotated[float, Meta(ge=0.001, le=86_400)] | None = None
    """Seconds one attempt may take."""
    callback_url: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    """Where the signed outcome is sent."""
    tags: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=32)] = ()

    def due(self, now: int) -> int:
        """When the job may start, in milliseconds UTC."""
        if self.delay is not None:
            return now + round(self.delay * 1000)
        if self.run_at is None:
            return now
        if isinstance(self.run_at, int):
            return self.run_at
        return min(max(0, (self.run_at - _EPOCH) // _MILLISECOND), _LATEST)


EMPTY: Final = Envelope()
_decode: Final = msgspec.json.Decoder(Envelope).decode


def decode_envelope(body: bytes) -> Envelope:
    """Decode a trigger's body; nothing at all is the empty input.

    Raises:
        Refused: it is not JSON, or not an envelope.
    """
    if not body:
        return EMPTY
    if not body.isascii():
        require_utf8(body)
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(error) from error
    if envelope.delay is not None and envelope.run_at is not None:
        raise Refused("invalid_input", "Give run_at or delay, not both.", path="$.delay")
    return envelope
