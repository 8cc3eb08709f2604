"""What msgspec's JSON Schema leaves out of a type, added as `x-type`, `x-minBytes` and `x-maxBytes`.

A time without an offset is text with no format to msgspec, the keys of `dict[int, T]` are not mentioned, and lengths
of bytes are those of their base64, rounded. A client needs the first two, and whoever asks whether a change breaks
something needs all three. Members that begin with `x-` mean nothing to a JSON Schema validator.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec.inspect as mi

Schema = dict[str, Any]

_KEYS: Final[Mapping[type[mi.Type], str]] = {
    mi.IntType: "integer",
    mi.FloatType: "number",
    mi.DateTimeType: "any-date-time",
    mi.TimeType: "any-time",
    mi.DateType: "date",
    mi.TimeDeltaType: "duration",
    mi.UUIDType: "uuid",
    mi.DecimalType: "decimal",
    mi.BytesType: "base64",
}
_MEMBERS = (mi.StructType, mi.TypedDictType, mi.DataclassType, mi.NamedTupleType)


def complete(kinds: Sequence[object], schemas: Sequence[Schema], types: Mapping[str, Schema]) -> None:
    """Add to schemas, in place, what they leave out.

    Args:
        kinds: the types the schemas were made of.
        schemas: theirs, in the same order.
        types: what they refer to, by the last part of the reference.
    """
    walk = _Walk(types)
    for schema, info in zip(schemas, mi.multi_type_info(kinds), strict=True):
        walk.see(schema, info)


class _Walk:
    """Side by side through a type and its schema."""

    def __init__(self, types: Mapping[str, Schema]) -> None:
        self._types = types
        self._seen: set[str] = set()

    def see(self, schema: Schema, info: mi.Type) -> None:
        while isinstance(info, mi.Metadata):
            info = info.type
        reference = schema.get("$ref")
        if reference is not None:
            name = str(reference).rsplit("/", 1)[-1]
            if name in self._seen:
                return
            self._seen.add(name)
            schema = self._types[name]
        if isinstance(info, _MEMBERS):
            self._members(schema, info)
        elif isinstance(info, mi.UnionType):
            self._union(schema, info)
        elif isinstance(info, mi.CollectionType):
            if "items" in schema:
                self.see(schema["items"], info.item_type)
        elif isinstance(info, mi.TupleType):
            for each, part in zip(schema.get("prefixItems", ()), info.item_types, strict=True):
                self.see(each, part)
        elif isinstance(info, (mi.DictType, mi.FrozenDictType)):
            if "additionalProperties" in schema:
                self.see(schema["additionalProperties"], info.value_type)
            self._keys(schema, info.key_type)
        else:
            _scalar(schema, info)

    def _members(
        self, schema: Schema, info: mi.StructType | mi.TypedDictType | mi.DataclassType | mi.NamedTupleType
    ) -> None:
        if "properties" in schema:
            for field in info.fields:
                self.see(schema["properties"][field.encode_name], field.type)
            return
        parts = schema.get("prefixItems", ())
        for part, field in zip(parts[len(parts) - len(info.fields) :], info.fields, strict=True):
            self.see(part, field.type)

    def _union(self, schema: Schema, info: mi.UnionType) -> None:
        """In msgspec's order: what is no object first, then the objects (in one, if several), then null."""
        plain = [_bare(each) for each in info.types]
        structs: list[mi.Type] = [each for each in plain if isinstance(each, mi.StructType) and not each.array_like]
        others = [each for each in plain if each not in structs and not isinstance(each, mi.NoneType)]
        found = list(_flat(schema))
        for each, part in zip(found, others + structs, strict=False):
            self.see(each, part)

    def _keys(self, schema: Schema, info: mi.Type) -> None:
        info = _bare(info)
        if (word := _KEYS.get(type(info))) is not None:
            schema["propertyNames"] = {"x-type": word}
        elif isinstance(info, mi.LiteralType):
            schema["propertyNames"] = {"enum": list(info.values)}
        elif isinstance(info, mi.EnumType):
            schema["propertyNames"] = {"enum": sorted(each.value for each in info.cls)}


def _flat(schema: Schema) -> list[Schema]:
    found: list[Schema] = []
    for each in schema["anyOf"]:
        found += _flat(each) if "anyOf" in each else [each]
    return found


def _bare(info: mi.Type) -> mi.Type:
    while isinstance(info, mi.Metadata):
        info = info.type
    return info


def _scalar(schema: Schema, info: mi.Type) -> None:
    if isinstance(info, mi.DateTimeType) and info.tz is not True:
        schema["x-type"] = "any-date-time" if info.tz is None else "local-date-time"
    elif isinstance(info, mi.TimeType) and info.tz is None:
        schema["x-type"] = "any-time"
    elif isinstance(info, mi.BytesType):
        if info.min_length is not None:
            schema["x-minBytes"] = info.min_length
        if info.max_length is not None:
            schema["x-maxBytes"] = info.max_length
