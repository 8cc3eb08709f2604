"""Differences of two schemas that are no matter of which values there are: defaults and descriptions."""

from collections.abc import Iterator, Mapping

import msgspec

from hookyard.schema.shape import Schema, Shape, shapes

Types = Mapping[str, Schema]


def remarks(old: Schema, new: Schema, types: tuple[Types, Types]) -> Iterator[tuple[str, str]]:
    """Pointers and sentences, for the parts that both have."""
    yield from _Remarks(types).of(old, new, "")


class _Remarks:
    def __init__(self, types: tuple[Types, Types]) -> None:
        self._types = types
        self._seen: set[tuple[int, int]] = set()

    def of(self, old: Schema, new: Schema, at: str) -> Iterator[tuple[str, str]]:
        for was, now in _pairs(shapes(old, self._types[0]), shapes(new, self._types[1])):
            pair = (id(was.schema), id(now.schema))
            if pair in self._seen:
                continue
            self._seen.add(pair)
            if (was.name or now.name) and was.schema.get("description") != now.schema.get("description"):
                yield at, "the description has changed"
            for name, before in was.schema.get("properties", {}).items():
                after = now.schema.get("properties", {}).get(name)
                if after is None:
                    continue
                place = f"{at}/properties/{name.replace('~', '~0').replace('/', '~1')}"
                yield from ((place, message) for message in _field(before, after))
                yield from self.of(before, after, place)
            for keyword in ("items", "additionalProperties"):
                before, after = was.schema.get(keyword), now.schema.get(keyword)
                if isinstance(before, dict) and isinstance(after, dict):
                    yield from self.of(before, after, f"{at}/{keyword}")  # pyright: ignore[reportUnknownArgumentType]  JSON


def _pairs(old: Iterator[Shape], new: Iterator[Shape]) -> Iterator[tuple[Shape, Shape]]:
    """Alternatives that stand for each other: of one name, or the only ones of their kind."""
    by_kind: dict[str, list[Shape]] = {"object": [], "array": []}
    by_name: dict[tuple[str, str], list[Shape]] = {}
    for now in new:
        if now.kind in by_kind:
            by_kind[now.kind].append(now)
            by_name.setdefault((now.kind, now.name), []).append(now)
    for was in old:
        for several in (by_name.get((was.kind, was.name), ()), by_kind.get(was.kind, ())):
            if len(several) == 1:
                yield was, several[0]
                break


def _field(old: Schema, new: Schema) -> Iterator[str]:
    if old.get("description") != new.get("description"):
        yield "the description has changed"
    if "default" in old and "default" in new and old["default"] != new["default"]:
        was, now = (msgspec.json.encode(each["default"]).decode() for each in (old, new))
        yield f"the default was {was} and is {now}"
