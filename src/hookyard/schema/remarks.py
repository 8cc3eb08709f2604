"""Differences of two schemas that are no matter of which values there are: defaults and descriptions."""

from collections.abc import Iterator, Mapping

import msgspec

from hookyard.schema.shape import Schema, Shape, shapes

Types = Mapping[str, Schema]


def remarks(old: Schema, new: Schema, types: tuple[Types, Types], at: str = "") -> Iterator[tuple[str, str]]:
    """Pointers and sentences, for the parts that both have."""
    yield from _remarks(old, new, types, at, set())


def _remarks(
    old: Schema, new: Schema, types: tuple[Types, Types], at: str, seen: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for was, now in _pairs(list(shapes(old, types[0])), list(shapes(new, types[1]))):
        if was.name or now.name:
            if (was.name, now.name) in seen:
                continue
            seen.add((was.name, now.name))
            if was.schema.get("description") != now.schema.get("description"):
                yield at, "the description has changed"
        for name, before in was.schema.get("properties", {}).items():
            after = now.schema.get("properties", {}).get(name)
            if after is None:
                continue
            place = f"{at}/properties/{name.replace('~', '~0').replace('/', '~1')}"
            yield from ((place, message) for message in _field(before, after))
            yield from _remarks(before, after, types, place, seen)
        for keyword in ("items", "additionalProperties"):
            before, after = was.schema.get(keyword), now.schema.get(keyword)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from _remarks(before, after, types, f"{at}/{keyword}", seen)  # pyright: ignore[reportUnknownArgumentType]  JSON


def _pairs(old: list[Shape], new: list[Shape]) -> Iterator[tuple[Shape, Shape]]:
    """Alternatives that stand for each other: of one name, or the only ones of their kind."""
    for was in old:
        alike = [now for now in new if now.kind == was.kind and was.kind in {"object", "array"}]
        named = [now for now in alike if now.name == was.name]
        for several in (named, alike):
            if len(several) == 1:
                yield was, several[0]
                break


def _field(old: Schema, new: Schema) -> Iterator[str]:
    if old.get("description") != new.get("description"):
        yield "the description has changed"
    if "default" in old and "default" in new and old["default"] != new["default"]:
        was, now = (msgspec.json.encode(each["default"]).decode() for each in (old, new))
        yield f"the default was {was} and is {now}"
