"""Whether every value of one schema is a value of another, and where not.

It is the inclusion that a compatible change needs: what callers send must be taken by the new input, and what the new
output gives must be understood by those who know the old one. Where that cannot be told (two different patterns), the
answer is no. What a Struct checks in its own `__post_init__` is in no schema and seen by nobody.

Recursive types are compared as equations: a pair of types under comparison is taken to fit until something says
otherwise (R. Amadio, L. Cardelli: Subtyping recursive types, 1993).
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from math import inf
from typing import Final

from msgspec import Struct

from hookyard.schema.change import Side
from hookyard.schema.scalars import numbers, sizes, takes_number, takes_text, texts
from hookyard.schema.shape import Schema, Shape, shapes

Finding = tuple[str, str]
"""A JSON pointer and what is said of that place."""
_Pair = tuple[str, str] | tuple[int, int]
_MANY: Final = 8
"""No more values of an enum are named in one sentence."""
_MOST: Final = 200_000
"""Comparisons of one alternative with another: two lists of a thousand alternatives come to a million."""


class Sides(Struct, frozen=True):
    """Which of two versions of what is compared with which."""

    side: Side
    forward: bool
    """Looks for what breaks; otherwise for what is taken or given beyond that."""
    old: Mapping[str, Schema]
    """What the old schemas refer to, by the last part of the reference."""
    new: Mapping[str, Schema]

    @property
    def source_is_old(self) -> bool:
        """Whether the values come from the old type: what callers send does, what a command gives does not."""
        return (self.side == "input") is self.forward


_LOOKED_AT: Final = 64
"""So many alternatives that are only looked at cost as much as one that is compared."""


class _TooLargeError(Exception):
    """There is more to compare than is compared."""


class Fit:
    """One comparison of all values of a source with what a target takes."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._source_is_old = sides.source_is_old
        self._source_types = sides.old if self._source_is_old else sides.new
        self._target_types = sides.new if self._source_is_old else sides.old
        self._assumed: dict[_Pair, None] = {}
        self._failed: dict[_Pair, str] = {}
        self._steps = 0

    def find(self, source: Schema, target: Schema, at: str = "") -> list[Finding]:
        """Everything in the source that the target does not take; empty when it fits.

        Where there is too much to compare, that is what is found.
        """
        try:
            return self._find(source, target, at)
        except _TooLargeError:
            return [(at, "the types are too large to tell what has changed")]

    def _find(self, source: Schema, target: Schema, at: str) -> list[Finding]:
        given = list(shapes(source, self._source_types))
        taken = list(shapes(target, self._target_types))
        if any(each.kind == "any" for each in taken):
            return []
        found: list[Finding] = []
        missing: list[str] = []
        values, others = _by_value(taken)
        alone = len(_solid(given)) == 1
        for each in given:
            if each.kind == "value":
                if (type(each.value), each.value) in values:
                    continue
                problems = self._best(each, others, at, alone=alone)
            else:
                problems = self._best(each, taken, at, alone=alone)
            if problems is None:
                missing.append(str(each))
            else:
                found += problems
        if missing:
            found.append((at, self._absent(missing)))
        return found

    def _best(self, one: Shape, taken: list[Shape], at: str, *, alone: bool) -> list[Finding] | None:
        """What the alternative that comes closest does not take of this one; None when none comes close."""
        self._step(len(taken) // _LOOKED_AT)
        if one.kind == "number" and (whole := [each for each in taken if each.is_integer]):
            # msgspec decodes an integer as the union's integer, never as its number.
            problems = self._best(Shape("integer", one.schema), whole, at, alone=alone)
            if problems != []:
                return problems
        candidates = _candidates(one, taken)
        attempts = [(each, self._one(one, each, at)) for each in candidates]
        if any(not problems for _, problems in attempts):
            return []
        if one.kind in {"value", "null"}:
            return None
        close = [(each, problems) for each, problems in attempts if each.kind == one.kind]
        tag = _tag(one)
        named = [each for each in close if each[0].name == one.name or (tag is not None and _tag(each[0]) == tag)]
        for several in (close, named):
            if len(several) == 1:
                return several[0][1]
        rest = _solid(taken)
        if alone and len(rest) == 1:
            return [(at, f"the type {self._told(one, rest[0])}")]
        return None

    def _one(self, source: Shape, target: Shape, at: str) -> list[Finding]:
        """Compare two alternatives of kinds that may fit."""
        self._step(1)
        if source.kind not in {"array", "object"}:
            return self._inner(source, target, at)
        names = (source.name, target.name)
        # What has no name is known by where it stands: the schemas are here as long as this is.
        pair: _Pair = names if all(names) else (id(source.schema), id(target.schema))
        if pair in self._assumed:
            return []
        if pair in self._failed:
            return [(at, f"its type has changed, as said of {self._failed[pair] or 'the whole'}")]
        mark = len(self._assumed)
        self._assumed[pair] = None
        found = self._inner(source, target, at)
        if found:
            for each in list(islice(self._assumed, mark, None)):
                del self._assumed[each]  # what was concluded from it is worth nothing any more
            self._failed[pair] = at
        return found

    def _step(self, count: int) -> None:
        self._steps += count
        if self._steps > _MOST:
            raise _TooLargeError

    def _inner(self, source: Shape, target: Shape, at: str) -> list[Finding]:
        had, wanted = source.schema, target.schema
        match source.kind, target.kind:
            case "value", _:
                return [] if _takes(target, source.value) else [(at, self._absent([str(source)]))]
            case "object", _:
                return list(self._objects(had, wanted, at))
            case "array", _:
                return list(self._arrays(had, wanted, at))
            case "string", _:
                found = texts(had, wanted, self._told)
            case (("integer" | "number"), _):
                found = numbers(had, wanted, self._told, whole=source.kind == "integer")
            case _:
                return []
        return [(at + (f"/{keyword}" if keyword else ""), said) for keyword, said in found]

    # --- objects --------------------------------------------------------------------------------------------------

    def _objects(self, source: Schema, target: Schema, at: str) -> Iterator[Finding]:
        if "properties" in source and "properties" in target:
            yield from self._records(source, target, at)
        elif "properties" in target:
            yield at, f"the type {self._told('a map', 'an object with fields of its own')}"
        elif "properties" in source:
            yield from self._record_as_map(source, target, at)
        else:
            inner = f"{at}/additionalProperties"
            yield from self._find(source.get("additionalProperties", {}), target.get("additionalProperties", {}), inner)
            if "propertyNames" in target:
                names = [{"type": "string", **each.get("propertyNames", {})} for each in (source, target)]
                yield from self._find(_keys(names[0]), _keys(names[1]), f"{at}/propertyNames")
            yield from ((f"{at}/{keyword}", said) for keyword, said in sizes(source, target, self._told))

    def _records(self, source: Schema, target: Schema, at: str) -> Iterator[Finding]:
        given, taken = source["properties"], target["properties"]
        needed = set(target.get("required", ()))
        closed = target.get("additionalProperties") is False
        for name, schema in given.items():
            place = f"{at}/properties/{_escape(name)}"
            if name in taken:
                yield from self._find(schema, taken[name], place)
                if name in needed and name not in source.get("required", ()):
                    yield place, self._now_required(schema, taken[name])
            elif self._source_is_old:
                yield place, "the field is gone"
            elif closed:
                yield place, "the field is new, and the old type takes no fields it does not know"
            elif not self._sides.forward:
                yield place, "the field is new"
        for name in taken.keys() - given.keys():
            place = f"{at}/properties/{_escape(name)}"
            if not self._source_is_old:
                yield place, "the field is gone"
            elif name in needed and self._sides.forward:
                yield place, "the field is new and required"
            elif not self._sides.forward:
                yield place, "the field is new"
        yield from self._unnamed(source, target, f"{at}/additionalProperties")

    def _unnamed(self, source: Schema, target: Schema, at: str) -> Iterator[Finding]:
        """What becomes of fields that neither names."""
        given, taken = (each.get("additionalProperties") is not False for each in (source, target))
        if self._sides.side == "input":
            if given and not taken:
                yield at, f"what it has no field for {self._told('ignored', 'refused')}"
        elif given is not taken and not self._sides.forward:
            words = ["allowed" if each else "forbidden" for each in (given, taken)]
            yield at, f"a field that is not named {self._told(*words)}"

    def _now_required(self, source: Schema, target: Schema) -> str:
        if not self._source_is_old:
            return "the field was required and is optional"
        lost = ", since it has lost its default" if "default" in source and "default" not in target else ""
        return f"the field was optional and is required{lost}"

    def _record_as_map(self, source: Schema, target: Schema, at: str) -> Iterator[Finding]:
        names = _keys({"type": "string", **target.get("propertyNames", {})})
        for name, schema in source["properties"].items():
            place = f"{at}/properties/{_escape(name)}"
            yield from self._find(schema, target.get("additionalProperties", {}), place)
            if not takes_text(names, name):
                yield place, "a map with such keys does not take this name"
        least, most = len(source.get("required", ())), len(source["properties"])
        if least < target.get("minProperties", 0) or most > target.get("maxProperties", inf):
            yield at, "a map of such a size does not take all fields"

    # --- arrays ---------------------------------------------------------------------------------------------------

    def _arrays(self, source: Schema, target: Schema, at: str) -> Iterator[Finding]:
        given, taken = source.get("prefixItems", ()), target.get("prefixItems", ())
        longest = source.get("maxItems", inf)
        if "items" not in source and given:
            longest = min(longest, len(given))  # a command gives no more than it declares
        for index in range(min(max(len(given), len(taken)), int(min(longest, 1 << 20)))):
            had = given[index] if index < len(given) else source.get("items", {})
            wanted = taken[index] if index < len(taken) else target.get("items", {})
            if wanted is not False and had is not False:
                yield from self._find(had, wanted, f"{at}/prefixItems/{index}")
        had, wanted = source.get("items", {}), target.get("items", {})
        if longest > max(len(given), len(taken)) and had is not False and wanted is not False:
            yield from self._find(had, wanted, f"{at}/items")
        if not self._sides.forward:
            yield from self._optional_items(source, target, at)
        if target.get("uniqueItems") and not source.get("uniqueItems"):
            yield f"{at}/uniqueItems", f"the same item twice {self._told('allowed', 'not allowed')}"
        bounded = source if longest == inf else {**source, "maxItems": int(longest)}
        yield from ((f"{at}/{keyword}", said) for keyword, said in sizes(bounded, target, self._told))

    def _optional_items(self, source: Schema, target: Schema, at: str) -> Iterator[Finding]:
        """Places that only one of two lists has and that may be left out; of others the least length tells."""
        had, has = (source, target) if self._source_is_old else (target, source)
        before, after = len(had.get("prefixItems", ())), len(has.get("prefixItems", ()))
        longer, said = (has, "the item is new") if after > before else (had, "the item is gone")
        first = max(min(before, after), longer.get("minItems", 0))
        if "items" not in had and "items" not in has:
            yield from ((f"{at}/prefixItems/{index}", said) for index in range(first, max(before, after)))

    # --- sentences ------------------------------------------------------------------------------------------------

    def _told(self, source: object, target: object) -> str:
        old, new = (source, target) if self._source_is_old else (target, source)
        return f"was {_shown(old)} and is {_shown(new)}"

    def _absent(self, what: list[str]) -> str:
        named = ", ".join(what[:_MANY]) + (f" and {len(what) - _MANY} more" if len(what) > _MANY else "")
        verb = "is" if len(what) == 1 else "are"
        if self._sides.side == "input":
            return f"{named} {verb} no longer taken" if self._source_is_old else f"{named} {verb} taken now"
        return f"{named} {verb} no longer given" if self._source_is_old else f"{named} may be given now"


def _shown(value: object) -> str:
    return "not limited" if value is None else str(value)


def _keys(schema: Schema) -> Schema:
    """The schema of a map's keys, which are text, whatever they are read as."""
    return {"enum": schema["enum"]} if "enum" in schema else schema


def _solid(found: list[Shape]) -> list[Shape]:
    return [each for each in found if each.kind != "null"]


def _by_value(taken: list[Shape]) -> tuple[set[tuple[type, object]], list[Shape]]:
    """The values that are listed, with their types; and all alternatives, of those values one of each type.

    For a value that is not listed, one that is listed stands for all: what it says is of which types there are any.
    """
    values: set[tuple[type, object]] = set()
    others: list[Shape] = []
    types: set[type] = set()
    for each in taken:
        if each.kind == "value":
            kind = type(each.value)
            values.add((kind, each.value))
            if kind in types:
                continue
            types.add(kind)
        others.append(each)
    return values, others


def _candidates(one: Shape, taken: list[Shape]) -> list[Shape]:
    """The alternatives that a value of this one may be decoded as."""
    if one.is_integer:
        if whole := [each for each in taken if each.is_integer]:
            return [each for each in whole if one.kind == "value" or each.kind == "integer"]
        return [each for each in taken if each.kind == "number"]
    if one.kind == "value":
        text = isinstance(one.value, str)
        return [each for each in taken if each.kind in {"value", "string" if text else "number"}]
    return [each for each in taken if each.kind == one.kind]


def _takes(target: Shape, value: object) -> bool:
    if target.kind == "value":
        return type(target.value) is type(value) and target.value == value
    if isinstance(value, str):
        return target.kind == "string" and takes_text(target.schema, value)
    if isinstance(value, int | float):
        return target.kind in {"integer", "number"} and takes_number(target.schema, value)
    return False


def _tag(shape: Shape) -> object:
    """What tells an object from the others of its union: the one value of its first field that has but one."""
    properties: Mapping[str, Schema] = shape.schema.get("properties", {})
    return next((each["enum"][0] for each in properties.values() if len(each.get("enum", ())) == 1), None)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
