"""A schedule as JSON, which is how it is stored and how it comes over HTTP: the keys of YAML, durations as there."""

from typing import Final

import msgspec

from hookyard.config.model.schedules import ScheduleSettings
from hookyard.config.plain import plain_of
from hookyard.config.scalars import parse_value

_decoder: Final = msgspec.json.Decoder(ScheduleSettings, dec_hook=parse_value)


def decode_spec(spec: bytes) -> ScheduleSettings:
    """Read one.

    Raises:
        msgspec.DecodeError: it is not JSON, or (a `ValidationError`) not a schedule.
    """
    return _decoder.decode(spec)


def encode_spec(settings: ScheduleSettings) -> bytes:
    """Write one, without what has its default."""
    return msgspec.json.encode(spec_of(settings), order="deterministic")


def spec_of(settings: ScheduleSettings) -> dict[str, object]:
    """The same as plain data."""
    return plain_of(settings)
