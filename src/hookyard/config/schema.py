"""JSON Schema (draft 2020-12) of the configuration, for editors and for other programs.

It describes a file after its variables are replaced. The sentences are the docstrings of the Structs. msgspec
makes the schema of each simple type; the Structs are put together here, because msgspec cannot show the
default of a custom type.
"""

from typing import Any, Final, Literal, cast, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from hookyard.config import docstrings
from hookyard.config.kinds import base, members, split, struct_of
from hookyard.config.model import Config
from hookyard.config.values import Duration, Rate, Secret, Size

Json = dict[str, Any]

_CUSTOM: Final[dict[object, Json]] = {
    Secret: {
        "description": "A secret, as text or in a file.",
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "properties": {
                    "file": {
                        "type": "string",
                        "description": "Relative to the configuration; one last line end is dropped.",
                    }
                },
                "required": ["file"],
                "additionalProperties": False,
            },
        ],
    },
    Duration: {
        "description": "A length of time, or a number of seconds.",
        "anyOf": [
            {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"},
            {"type": "number", "minimum": 0},
        ],
    },
    Rate: {
        "description": "So many in so much time: a count, a slash and a length of time.",
        "type": "string",
        "pattern": r"^[1-9][0-9]{0,8}/([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$",
    },
    Size: {
        "description": "A number of bytes.",
        "anyOf": [
            {"type": "string", "pattern": r"^[0-9]{1,16} ?(B|KiB|MiB|GiB)$"},
            {"type": "integer", "minimum": 0},
        ],
    },
}


def json_schema() -> Json:
    """The schema of a configuration file."""
    definitions: dict[str, Json] = {}
    for custom, schema in _CUSTOM.items():
        definitions[_name(custom)] = schema
    root = _struct(Config, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hookyard configuration",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def default_of(field: FieldInfo) -> object:
    """The default of a field as YAML has it; `msgspec.NODEFAULT` where it has none or is a section."""
    value = field.default
    if value is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    return msgspec.NODEFAULT if isinstance(value, Struct) else _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, Duration | Rate | Size):
        return value.text
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    return value


def _struct(struct: type[Struct], definitions: dict[str, Json]) -> Json:
    sentences = docstrings.of_fields(struct)
    properties: dict[str, Json] = {}
    for field in msgspec.structs.fields(struct):
        schema = _kind(field.type, definitions)
        if sentence := sentences.get(field.name):
            schema = {**schema, "description": sentence}
        if (default := default_of(field)) is not msgspec.NODEFAULT:
            schema = {**schema, "default": default}
        properties[field.encode_name] = schema
    required = [field.encode_name for field in msgspec.structs.fields(struct) if field.required]
    return {
        "type": "object",
        "description": docstrings.summary(struct),
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _kind(kind: object, definitions: dict[str, Json]) -> Json:
    bare, meta = split(kind)
    if bare in _CUSTOM:
        return {"$ref": f"#/$defs/{_name(bare)}"}
    if (struct := struct_of(bare)) is not None:
        if _name(struct) not in definitions:
            definitions[_name(struct)] = {}  # claims the name
            definitions[_name(struct)] = _struct(struct, definitions)
        return {"$ref": f"#/$defs/{_name(struct)}"}
    if len(parts := members(kind)) > 1:
        return {"anyOf": [_kind(part, definitions) for part in parts]}
    if base(bare) is tuple:
        least = {} if meta.min_length is None else {"minItems": meta.min_length}
        return {"type": "array", "items": _kind(get_args(bare)[0], definitions), **least}
    if base(bare) is dict:
        keys, values = get_args(bare)
        names = {} if keys is str else {"propertyNames": _kind(keys, definitions)}
        return {"type": "object", **names, "additionalProperties": _kind(values, definitions)}
    if base(bare) is Literal:
        return {"enum": list(get_args(bare))}
    return msgspec.json.schema(kind)


def _name(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
