"""Settings as plain data: the keys of YAML, its forms of durations, sizes and rates, and nothing that is a default."""

from collections.abc import Mapping
from typing import cast

import msgspec
from msgspec import Struct

from hookyard.config.values import Duration, Rate, Secret, Size


def plain_of(settings: Struct) -> dict[str, object]:
    """A section as plain data, which `parse_value` reads back to the same.

    Raises:
        TypeError: it holds a secret, which is never written down.
    """
    fields = msgspec.structs.fields(type(settings))
    pairs = ((field, cast("object", getattr(settings, field.name))) for field in fields)
    return {field.encode_name: _plain(one) for field, one in pairs if one != _default(field)}


def _plain(value: object) -> object:
    if isinstance(value, Duration | Size | Rate):
        return value.text
    if isinstance(value, Secret):
        msg = "a secret is not written down"
        raise TypeError(msg)
    if isinstance(value, Struct):
        return plain_of(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in cast("tuple[object, ...]", value)]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in cast("Mapping[str, object]", value).items()}
    return value


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
