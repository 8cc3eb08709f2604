"""Whether the static type of a CEL expression can be what a field of a command's input takes.

A value of an expression becomes JSON, and the command's decoder reads it strictly: an integer may stand for a float,
and nothing else for what it is not. What is only known when an event is there (`DYN`) fits anything here.
"""

import re
from typing import Final

from msgspec import Struct, inspect

_NAME: Final = re.compile(r"([A-Za-z_.]+)(?:<(.*)>)?", re.DOTALL)
_TEXT: Final = (
    inspect.StrType,
    inspect.BytesType,
    inspect.ByteArrayType,
    inspect.MemoryViewType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.TimeType,
    inspect.TimeDeltaType,
    inspect.UUIDType,
    inspect.DecimalType,
)
_LIST: Final = (
    inspect.ListType,
    inspect.VarTupleType,
    inspect.TupleType,
    inspect.SetType,
    inspect.FrozenSetType,
)
_OBJECT: Final = (inspect.DictType, inspect.TypedDictType, inspect.DataclassType)
_NUMBER: Final = (inspect.FloatType, inspect.DecimalType)
_TAKEN: Final[dict[str, tuple[type[inspect.Type], ...]]] = {
    "BOOL": (inspect.BoolType,),
    "INT": (inspect.IntType, *_NUMBER),
    "UINT": (inspect.IntType, *_NUMBER),
    "DOUBLE": _NUMBER,
    "STRING": _TEXT,
    "NULL": (inspect.NoneType,),
    "BYTES": (inspect.StrType, inspect.BytesType, inspect.ByteArrayType, inspect.MemoryViewType),
    "TIMESTAMP": (inspect.StrType, inspect.DateTimeType),
    "DURATION": (inspect.StrType, inspect.TimeDeltaType),
    "LIST": _LIST,
    "MAP": _OBJECT,
}
"""By the type of CEL what of msgspec's takes its JSON, but for Structs, enumerations and literals."""
_OF_PYTHON: Final[dict[str, type]] = {"STRING": str, "INT": int, "UINT": int, "NULL": type(None)}


class Kind(Struct, frozen=True):
    """A type of CEL, such as `MAP<STRING, DYN>`."""

    name: str
    of: "tuple[Kind, ...]" = ()


def kind_of(text: str) -> Kind:
    """Read a type as the library writes it."""
    found = _NAME.fullmatch(text.strip())
    if found is None:
        return Kind("DYN")
    return Kind(found[1], tuple(map(kind_of, _split(found[2] or ""))))


def fits(kind: Kind, info: inspect.Type) -> bool:
    """Whether a value of this type can be what the field takes."""
    if kind.name == "DYN" or isinstance(info, inspect.AnyType | inspect.RawType | inspect.CustomType):
        return True
    if isinstance(info, inspect.Metadata):
        return fits(kind, info.type)
    if isinstance(info, inspect.UnionType):
        return any(fits(kind, member) for member in info.types)
    if isinstance(info, inspect.LiteralType):
        return any(isinstance(value, _OF_PYTHON.get(kind.name, _Nothing)) for value in info.values)
    if isinstance(info, inspect.EnumType):
        wanted = _OF_PYTHON.get(kind.name, _Nothing)
        return any(isinstance(member.value, wanted) for member in info.cls)
    if isinstance(info, inspect.StructType | inspect.NamedTupleType):
        return kind.name == ("LIST" if isinstance(info, inspect.NamedTupleType) or info.array_like else "MAP")
    return isinstance(info, _TAKEN.get(kind.name, ())) and _inner_fits(kind, info)


def _inner_fits(kind: Kind, info: inspect.Type) -> bool:
    if isinstance(info, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType):
        return not kind.of or fits(kind.of[0], info.item_type)
    if isinstance(info, inspect.DictType):
        return not kind.of or fits(kind.of[-1], info.value_type)
    return True


class _Nothing:
    """Of this nothing is an instance."""


def _split(text: str) -> list[str]:
    """The parameters of a type: at the commas that are in no brackets of their own."""
    parts, depth, begun = list[str](), 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "<") - (letter == ">")
        if letter == "," and depth == 0:
            parts.append(text[begun:at])
            begun = at + 1
    return [*parts, text[begun:]] if text else []
