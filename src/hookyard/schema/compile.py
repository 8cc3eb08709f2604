"""From JSON Schema (draft 2020-12) to types that msgspec decodes: one validator for all plugins.

The subset, keyword by keyword, is in `docs/reference/exec-protocol.md`. It holds every schema that
:func:`hookyard.schema.of_type` writes. What is outside is refused, with its place: a schema that is only partly
checked would promise what it does not keep.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple, Union, cast
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct

from hookyard.command import as_struct
from hookyard.crashing import crashing
from hookyard.errors import SchemaError
from hookyard.schema.leaves import limits, literal, scalar, whole
from hookyard.schema.objects import Part, settle, struct
from hookyard.schema.words import BY_TYPE, KNOWN, NOTES, TYPE_OF, Keywords, escape, fixed, listed, noted, properties_of

Tag = tuple[str, str | int]
_MAPS: Final = frozenset({"additionalProperties", "propertyNames", "minProperties", "maxProperties"})
"""With one of them, and without properties, an object is a mapping."""
MOST: Final = 50_000
"""Types and alternatives that a schema may come to: a few definitions that refer to each other twice are millions."""


def compile_type(schema: Mapping[str, object], name: str) -> Any:  # noqa: ANN401  a type form
    """The type whose values the schema describes.

    Args:
        schema: draft 2020-12; references stay inside it.
        name: of the type, where the schema has no title; also the module of all types made of it, so that two of the
            same title stay apart.

    Returns:
        A Struct for an object, or whatever else msgspec takes.

    Raises:
        SchemaError: the schema is outside the subset, or contradicts itself.
    """
    maker = _Compiler(schema, name)
    try:
        made = maker.type_of(schema, "", top=True)
        msgspec.json.Decoder(made)
    except RecursionError as error:
        raise SchemaError("", "it is nested too deeply") from error
    except (TypeError, ValueError, NotImplementedError) as error:
        raise SchemaError("", str(error).strip().splitlines()[0]) from error
    return made


class _Leaf(NamedTuple):
    """A schema without alternatives: of one `type`, of listed values, or of anything."""

    kind: str
    """A `type`, `listed` or `any`."""
    schema: Keywords
    at: str


def _told_apart(leaves: Iterable[_Leaf]) -> tuple[_Leaf, ...]:
    """Each once, by whatever references it was come to."""
    return tuple({(leaf.kind, leaf.at): leaf for leaf in leaves}.values())


class _Compiler:
    def __init__(self, root: Keywords, name: str) -> None:
        self._root = root
        self._name = name
        self._structs: dict[tuple[str, Tag | None], type[Struct]] = {}
        self._names: set[str] = set()
        self._open: list[str] = []
        self._expanded: dict[str, tuple[_Leaf, ...]] = {}
        self._steps = 0

    def type_of(self, schema: object, at: str, *, top: bool = False) -> object:
        """The type of a schema, its notes with it."""
        self._step(at)
        leaves = _told_apart(self._leaves(schema, at, ()))
        kind = self._one(leaves[0], top=top) if len(leaves) == 1 else self._union(leaves, at)
        if not isinstance(schema, Mapping):
            return kind
        found = cast("Keywords", schema)
        # What a Struct says of itself is in its docstring; these are the notes of who refers to it.
        return kind if as_struct(kind) and "$ref" not in found else noted(kind, found)

    # --- alternatives -------------------------------------------------------------------------------------------

    def _leaves(self, schema: object, at: str, seen: tuple[str, ...]) -> Iterator[_Leaf]:
        if schema is True:
            schema = {}
        if not isinstance(schema, Mapping):
            raise SchemaError(at, "no value is allowed here" if schema is False else "a schema is an object")
        found = cast("Keywords", schema)
        for word in found:
            if word not in KNOWN and word not in NOTES:
                raise SchemaError(f"{at}/{escape(word)}", f"the keyword {word!r} is outside the subset")
        if "$ref" in found:
            self._only(found, {"$ref"}, at)
            target, place = self._resolve(found["$ref"], f"{at}/$ref")
            if place in seen:
                raise SchemaError(f"{at}/$ref", "it refers to itself, and to nothing else")
            if place not in self._expanded:
                self._expanded[place] = _told_apart(self._leaves(target, place, (*seen, place)))
            yield from self._expanded[place]
        elif "anyOf" in found or "oneOf" in found:
            word = "anyOf" if "anyOf" in found else "oneOf"
            self._only(found, {word, "discriminator"}, at)
            yield from self._options(found[word], f"{at}/{word}", word, seen)
        elif "enum" in found or "const" in found:
            self._only(found, {"enum", "const", "type"}, at)
            yield _Leaf("listed", {**found, "enum": listed(found, at)}, at)
        elif "type" in found:
            yield from self._types(found, at)
        else:
            self._only(found, set(), at)
            yield _Leaf("any", found, at)

    def _options(self, options: object, at: str, word: str, seen: tuple[str, ...]) -> Iterator[_Leaf]:
        if not isinstance(options, list) or not options:
            raise SchemaError(at, "a list of schemas is expected")
        kinds: set[str] = set()
        all_ = cast("list[object]", options)
        for number, option in enumerate(all_):
            for leaf in self._leaves(option, f"{at}/{number}", seen):
                self._step(at)
                kinds.add(leaf.kind)
                if word == "oneOf" and ({"integer", "number"} <= kinds or (leaf.kind == "any" and len(all_) > 1)):
                    raise SchemaError(f"{at}/{number}", "what it allows, another option allows too; use anyOf")
                yield leaf

    def _step(self, at: str) -> None:
        self._steps += 1
        if self._steps > MOST:
            raise SchemaError(
                at, f"with what it refers to, the schema comes to more than {MOST} types and alternatives"
            )

    def _types(self, schema: Keywords, at: str) -> Iterator[_Leaf]:
        given = schema["type"]
        kinds = cast("list[object]", given if isinstance(given, list) else [given])
        if not kinds:
            raise SchemaError(f"{at}/type", "no type is listed")
        texts: list[str] = []
        for kind in kinds:
            if not isinstance(kind, str) or kind not in BY_TYPE:
                raise SchemaError(f"{at}/type", f"{kind!r} is no type; there are {', '.join(BY_TYPE)}")
            texts.append(kind)
        self._only(schema, {"type"}.union(*(BY_TYPE[kind] for kind in texts)), at)
        if "number" in texts:
            texts = [kind for kind in texts if kind != "integer"]
        for kind in dict.fromkeys(texts):
            yield _Leaf(kind, schema, at)

    @staticmethod
    def _only(schema: Keywords, words: set[str], at: str) -> None:
        """Refuse keywords that would be checked by JSON Schema, and would not be here."""
        for word in schema:
            if word not in words and word not in NOTES:
                beside = " and ".join(sorted(words & schema.keys())) or "no type"
                raise SchemaError(f"{at}/{escape(word)}", f"{word} does not stand beside {beside}")

    # --- types --------------------------------------------------------------------------------------------------

    def _union(self, leaves: Sequence[_Leaf], at: str) -> object:
        if any(leaf.kind == "any" for leaf in leaves):
            return Any
        objects = [leaf for leaf in leaves if leaf.kind == "object"]
        places = {leaf.at for leaf in objects}
        tags = self._tags(objects, at) if len(places) > 1 else {}
        values = [
            value for leaf in leaves if leaf.kind == "listed" for value in cast("list[object]", leaf.schema["enum"])
        ]
        made: list[object] = []
        taken: dict[str, str] = {}
        for leaf in leaves:
            if leaf.kind == "listed":
                continue
            key = leaf.at if leaf.kind == "object" else leaf.kind
            if taken.setdefault(key, leaf.at) != leaf.at and leaf.kind != "null":
                raise SchemaError(at, f"two options are of type {leaf.kind}, and cannot be told apart")
            made.append(self._one(leaf, tags.get(leaf.at)))
        for value in values:
            kind = TYPE_OF.get(type(value), "")
            if value is not None and (kind in taken or (kind == "integer" and "number" in taken)):
                raise SchemaError(at, f"one option lists values of type {kind}, another allows any of them")
        if values:
            made.append(literal(values, at))
        union: Any = Union[tuple(made)]  # noqa: UP007  a tuple of values
        if crashing(union):
            raise SchemaError(at, "a text with a pattern cannot stand beside a list or a mapping")
        return union

    def _tags(self, objects: list[_Leaf], at: str) -> dict[str, Tag]:
        """For each of several objects the property and the value that tell it from the others."""
        candidates = [fixed(leaf.schema) for leaf in objects]
        for name in candidates[0]:
            values = [found.get(name) for found in candidates]
            same = len({type(value) for value in values}) == 1 and None not in values
            if same and len(set(values)) == len({leaf.at for leaf in objects}):
                return {leaf.at: (name, found[name]) for leaf, found in zip(objects, candidates, strict=True)}
        raise SchemaError(at, "its objects cannot be told apart; give each a required property with a const of its own")

    def _one(self, leaf: _Leaf, tag: Tag | None = None, *, top: bool = False) -> object:
        kind, schema, at = leaf
        if kind == "any":
            return Any
        closed = schema.get("additionalProperties") is False
        if kind == "object" and ("properties" in schema or closed or (top and not _MAPS & schema.keys())):
            return self._object(schema, at, tag)
        if at in self._open:
            raise SchemaError(at, "it refers to itself without an object with properties between")
        self._open.append(at)
        try:
            if kind == "listed":
                made = literal(cast("list[object]", schema["enum"]), f"{at}/enum")
            elif kind == "array":
                made = self._array(schema, at)
            elif kind == "object":
                made = self._map(schema, at)
            else:
                made = scalar(kind, schema, at)
        finally:
            self._open.pop()
        return made

    def _object(self, schema: Keywords, at: str, tag: Tag | None) -> object:
        if (at, tag) in self._structs:
            return self._structs[at, tag]
        for word in ("propertyNames", "minProperties", "maxProperties"):
            if word in schema:
                raise SchemaError(f"{at}/{word}", "it does not stand beside properties")
        rest = schema.get("additionalProperties", True)
        if rest not in (True, False) and rest != {}:
            raise SchemaError(f"{at}/additionalProperties", "beside properties it is true or false")
        properties, required = properties_of(schema, at)
        parts = [
            Part(name, properties.get(name, {}), f"{at}/properties/{escape(name)}", required=name in required)
            for name in dict.fromkeys([*properties, *required])
            if tag is None or name != tag[0]
        ]
        return self._struct(schema, at, parts, closed=rest is False, tag=tag)

    def _struct(
        self, schema: Keywords, at: str, parts: list[Part], *, closed: bool, tag: Tag | None = None, array: bool = False
    ) -> type[Struct]:
        doc = schema.get("description")
        made = struct(
            self._title(schema, at),
            parts,
            module=self._name,
            doc=doc if isinstance(doc, str) else "",
            closed=closed,
            array=array,
            tag=tag,
        )
        self._structs[at, tag] = made
        settle(made, {part.python: part.annotate(self.type_of(part.schema, part.at)) for part in parts})
        return made

    def _array(self, schema: Keywords, at: str) -> object:
        unique = schema.get("uniqueItems", False)
        if not isinstance(unique, bool):
            raise SchemaError(f"{at}/uniqueItems", "true or false is expected")
        if "prefixItems" in schema:
            return self._places(schema, at)
        told = limits(schema, "minItems", "maxItems", at)
        if unique:
            told["extra_json_schema"] = {"uniqueItems": True}
        if schema.get("items") is False:
            told["max_length"] = 0
            item: object = Any
        else:
            item = self.type_of(schema.get("items", True), f"{at}/items")
        made: object = list.__class_getitem__(item)
        return Annotated[made, Meta(**told)] if told else made

    def _places(self, schema: Keywords, at: str) -> object:
        """An array whose first items have types of their own; what comes after them is anything, or nothing."""
        first = schema["prefixItems"]
        if not isinstance(first, list) or not first:
            raise SchemaError(f"{at}/prefixItems", "a list of schemas is expected")
        if schema.get("uniqueItems") or schema.get("items", True) not in (True, False):
            word = "uniqueItems" if schema.get("uniqueItems") else "items"
            raise SchemaError(f"{at}/{word}", "beside prefixItems, items is true or false and nothing is unique")
        count = len(cast("list[object]", first))
        least, most = whole(schema, "minItems", at) or 0, whole(schema, "maxItems", at)
        closed = schema.get("items") is False or most == count
        if least > count or (most is not None and most != count):
            raise SchemaError(at, f"it has {count} places; minItems may be at most that, and maxItems exactly that")
        if (at, None) in self._structs:
            return self._structs[at, None]
        parts = [
            Part(f"item{number}", each, f"{at}/prefixItems/{number}", required=number < least)
            for number, each in enumerate(cast("list[object]", first))
        ]
        if closed and least == count:
            return tuple.__class_getitem__(tuple(self.type_of(part.schema, part.at) for part in parts))
        return self._struct(schema, at, parts, closed=closed, array=True)

    def _map(self, schema: Keywords, at: str) -> object:
        """An object whose properties have no names of their own."""
        if schema.get("required"):
            return self._object(schema, at, None)
        rest = schema.get("additionalProperties", True)
        value = self.type_of(rest, f"{at}/additionalProperties")
        key: object = str
        if "propertyNames" in schema:
            named = schema["propertyNames"]
            if not isinstance(named, Mapping):
                raise SchemaError(f"{at}/propertyNames", "a schema is expected")
            key = self.type_of({"type": "string", **cast("Keywords", named)}, f"{at}/propertyNames")
        told = limits(schema, "minProperties", "maxProperties", at)
        made: object = dict.__class_getitem__((key, value))
        return Annotated[made, Meta(**told)] if told else made

    # --- names and places ---------------------------------------------------------------------------------------

    def _title(self, schema: Keywords, at: str) -> str:
        given = schema.get("title")
        last = at.rpartition("/")[2] or self._name.rpartition(".")[2]
        name = re.sub(r"\W+", "_", given if isinstance(given, str) and given else last).strip("_") or "Data"
        base, number = name, 1
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._names.add(name)
        return name

    def _resolve(self, ref: object, at: str) -> tuple[object, str]:
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/$defs/")):
            raise SchemaError(at, f"{ref!r} leads outside; a reference is # or #/$defs/NAME")
        found: object = self._root
        for step in unquote(ref[1:]).split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            inside = cast("dict[str, object]", found) if isinstance(found, Mapping) else {}
            if name not in inside:
                raise SchemaError(at, f"there is nothing at {ref}")
            found = inside[name]
        return found, unquote(ref[1:])
