"""Structs made of objects and of arrays whose items have places of their own."""

import copy
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any, Union, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType, defstruct, field

from hookyard.schema.words import Keywords


class Filled:
    """Makes a default, for each Struct anew, once the type of its field is known."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.kind: object = Any

    def __call__(self) -> object:
        """The value as the field's type has it; as it is, when it is of another: JSON Schema allows that."""
        try:
            return msgspec.convert(copy.deepcopy(self.value), self.kind)
        except msgspec.ValidationError:
            return copy.deepcopy(self.value)


class Part:
    """One property, or one item with a place of its own.

    Attributes:
        name: in JSON.
        python: the attribute.
        required: whether it must be there.
        schema: of its value.
        at: where that stands.
    """

    def __init__(self, name: str, schema: object, at: str, *, required: bool) -> None:
        self.name = name
        self.python = name
        self.schema = schema
        self.at = at
        self.required = required
        self.filled: Filled | None = None

    @property
    def default(self) -> object:
        """What msgspec is told of its default: UNSET where the schema has none."""
        given = self.schema
        if not isinstance(given, Mapping) or "default" not in given:
            return UNSET
        value = cast("Keywords", given)["default"]
        self.filled = Filled(value)
        if value == []:
            return field(default_factory=list[object])
        if value == {}:
            return field(default_factory=dict[str, object])
        if value is None or isinstance(value, bool | int | float):
            return value
        return field(default_factory=self.filled)

    def annotate(self, kind: object) -> object:
        """The annotation of its field."""
        if self.filled is not None:
            self.filled.kind = kind
        if self.required or self.filled is not None:
            return kind
        return Union[kind, UnsetType]  # noqa: UP007  kind is a value here


def names(parts: Iterable[Part]) -> None:
    """Give each part a name that Python takes, and that no other has."""
    taken: set[str] = set()
    for part in parts:
        name = re.sub(r"\W", "_", part.name, flags=re.ASCII).strip("_") or "field"
        if name[0].isdigit() or keyword.iskeyword(name):
            name = f"{name}_" if keyword.iskeyword(name) else f"n{name}"
        base, number = name, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        part.python = name


def struct(
    name: str,
    parts: list[Part],
    *,
    module: str,
    doc: str,
    closed: bool,
    array: bool = False,
    tag: tuple[str, str | int] | None = None,
) -> type[Struct]:
    """A Struct whose annotations are yet to be filled in: its parts may refer to it."""
    names(parts)
    # A default of what must be there all the same is only a note.
    return defstruct(
        name,
        [(part.python, object) if part.required else (part.python, object, part.default) for part in parts],
        kw_only=not array,
        array_like=array,
        forbid_unknown_fields=closed,
        rename={part.python: part.name for part in parts if part.python != part.name and not array} or None,
        tag_field=None if tag is None else tag[0],
        tag=None if tag is None else tag[1],
        module=module,
        namespace={"__doc__": doc} if doc else None,
    )


def settle(made: type[Struct], kinds: Mapping[str, object]) -> None:
    """Fill in the annotations, which msgspec reads when the type is first used."""
    made.__annotations__.update(kinds)
