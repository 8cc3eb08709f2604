"""A schedule as JSON, which is how it is stored and how it comes over HTTP: the keys of YAML, durations as there."""

from collections.abc import Mapping
from typing import Final, cast

import msgspec
from msgspec import Struct

from hookyard.config.model.schedules import ScheduleSettings
from hookyard.config.scalars import parse_value
from hookyard.config.values import Duration

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
    return cast("dict[str, object]", _plain(settings))


def _plain(value: object) -> object:
    if isinstance(value, Duration):
        return value.text
    if isinstance(value, Struct):
        fields = msgspec.structs.fields(type(value))
        pairs = ((field, cast("object", getattr(value, field.name))) for field in fields)
        return {field.encode_name: _plain(one) for field, one in pairs if one != _default(field)}
    if isinstance(value, tuple):
        return [_plain(one) for one in cast("tuple[object, ...]", value)]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in cast("Mapping[str, object]", value).items()}
    return value


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
