"""From nodes of a file to the values that the Structs declare, with every problem found on the way.

Each value is converted on its own, so that one that is wrong hides no other. What failed is left out of what
is built around it: an entry of a mapping disappears, a list or a Struct fails as a whole, but for Structs that are
tolerated as they are.
"""

import difflib
from collections.abc import Collection
from collections.abc import Mapping as MappingOf
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from hookyard.config.document import Mapping, Node, Scalar, Sequence
from hookyard.config.kinds import base, expected, is_private, members, split, struct_of
from hookyard.config.scalars import FAILED, Failed, Place, Scalars, fits, is_null
from hookyard.config.values import Secret


class Finding(Struct, frozen=True):
    """One problem with its place."""

    place: Place
    message: str


class Converter:
    """Converts nodes; `findings` holds what was wrong.

    Args:
        folder: where relative paths of secret files start.
        environ: where variables are looked up.
        tolerant: Structs of which what failed takes its default, for checks of the rest to go on.
    """

    def __init__(
        self, folder: Path, environ: MappingOf[str, str], tolerant: Collection[type[Struct]] = frozenset()
    ) -> None:
        self.findings: list[Finding] = []
        self._tolerant = tolerant
        self._scalars = Scalars(folder, environ, self._report)
        self.secrets = self._scalars.secrets
        """Where each secret stands, and the file that it was read from; None: it is written there itself."""

    def convert(self, node: Node, kind: object, place: Place) -> object | Failed:
        """The value of a node as a type, written as a Struct's annotation has it; or FAILED."""
        bottom, struct = base(kind), struct_of(kind)
        if bottom is Any:
            return self._anything(node, place)
        if bottom is Secret:
            return self._scalars.secret(node, place)
        if Secret in members(kind):  # one that may be left out, or come with more said about it
            more = next((struct for one in members(kind) if (struct := struct_of(one))), None)
            if more is not None and isinstance(node, Mapping) and "file" not in node.entries:
                return self.struct(node, more, place)
            return None if is_null(node) and NoneType in members(kind) else self._scalars.secret(node, place)
        if len(members(kind)) > 1:
            return self._union(node, kind, place)
        if struct is not None or bottom is dict:
            if is_null(node):  # a section whose every line is commented out
                node = Mapping(node.line, {})
            if isinstance(node, Mapping):
                return self.struct(node, struct, place) if struct else self._dict(node, kind, place)
        elif bottom is tuple and isinstance(node, Sequence):
            return self._tuple(node, kind, place)
        elif bottom is not tuple and isinstance(node, Scalar):
            return self._scalars.convert(node, kind, place)
        return self._unexpected(node, kind, place)

    def struct(self, node: Mapping, struct: type[Struct], place: Place) -> object | Failed:
        """A Struct from a mapping."""
        fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        for key, entry in node.entries.items():
            if key not in fields:
                close = difflib.get_close_matches(key, fields, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(fields)}"
                self._report(place.key(key, entry.line), f"unknown key; {hint}")
        values: dict[str, object] = {}
        failed: list[FieldInfo] = []
        for key, field in fields.items():
            found = node.entries.get(key)
            if found is None:
                if field.required:
                    self._report(place.key(key, place.line), f"missing; expected {expected(field.type)}")
                    failed.append(field)
                continue
            if field.default == () and is_null(found.node):
                continue
            value = self.convert(found.node, field.type, place.key(key, found.line))
            if value is not FAILED:
                values[field.name] = value
            else:
                failed.append(field)
        if failed and struct not in self._tolerant:
            return FAILED
        for field in failed:
            if field.required:
                values[field.name] = () if base(field.type) is tuple else ""
        return struct(**values)

    def _dict(self, node: Mapping, kind: object, place: Place) -> object:
        key_kind, value_kind = get_args(split(kind)[0])
        result: dict[str, object] = {}
        for key, entry in node.entries.items():
            at = place.key(key, entry.line)
            if not fits(key, key_kind):
                self._report(at, f"as a key, expected {expected(key_kind)}")
            value = self.convert(entry.node, value_kind, at)
            if value is not FAILED:
                result[key] = value
        return result

    def _tuple(self, node: Sequence, kind: object, place: Place) -> object | Failed:
        bare, meta = split(kind)
        if len(node.items) < (meta.min_length or 0):
            self._report(place, f"expected at least {meta.min_length} in the list, found none")
            return FAILED
        item_kind = get_args(bare)[0]
        items = [self.convert(item, item_kind, place.item(index, item.line)) for index, item in enumerate(node.items)]
        return FAILED if FAILED in items else tuple(items)

    def _union(self, node: Node, kind: object, place: Place) -> object | Failed:
        """The member that the shape of the node asks for: a mapping, a list, or one of the rest."""
        if isinstance(node, Scalar):
            return self._scalars.convert(node, kind, place)
        for one in sorted(members(kind), key=lambda member: -_shared(node, member)):
            mapping = struct_of(one) is not None or base(one) is dict
            if mapping if isinstance(node, Mapping) else base(one) is tuple:
                return self.convert(node, one, place)
        return self._unexpected(node, kind, place)

    def _anything(self, node: Node, place: Place) -> object | Failed:
        """Plain data, for what a plugin or a route checks by a type of its own."""
        if isinstance(node, Scalar):
            value = self._scalars.expand(node, place)
            return FAILED if isinstance(value, Failed) else value.raw
        if isinstance(node, Sequence):
            items = [self._anything(item, place.item(index, item.line)) for index, item in enumerate(node.items)]
            return FAILED if FAILED in items else items
        entries = {key: self._anything(entry.node, place.key(key, entry.line)) for key, entry in node.entries.items()}
        return FAILED if FAILED in entries.values() else entries

    def _unexpected(self, node: Node, kind: object, place: Place) -> Failed:
        message = f"expected {expected(kind)}"
        if not isinstance(node, Scalar):
            message += f", found {'a mapping' if isinstance(node, Mapping) else 'a list'}"
        elif not is_private(kind):
            value = self._scalars.expand(node, place)
            if isinstance(value, Failed):
                return FAILED
            message += f", found {value.shown}"
        self._report(place, message)
        return FAILED

    def _report(self, place: Place, message: str) -> None:
        self.findings.append(Finding(place, message))


def _shared(node: Node, kind: object) -> int:
    """How many keys of a mapping a Struct knows: of several Structs the one is meant that knows most."""
    struct = struct_of(kind)
    if struct is None or not isinstance(node, Mapping):
        return 0
    return len(node.entries.keys() & {field.encode_name for field in msgspec.structs.fields(struct)})


def line_at(lines: MappingOf[str, int], path: str) -> int | None:
    """The line of a key path, or of the nearest written one around it; None when there is none."""
    at = path
    while at and at not in lines:
        at = at[: max(at.rfind("."), at.rfind("["), 0)]
    return lines.get(at)


def lines_of(node: Node, place: Place | None = None) -> dict[str, int]:
    """The line of every key path in a document."""
    place = place or Place("", 0)
    below: list[tuple[Place, Node]] = []
    if isinstance(node, Mapping):
        below = [(place.key(key, entry.line), entry.node) for key, entry in node.entries.items()]
    elif isinstance(node, Sequence):
        below = [(place.item(index, item.line), item) for index, item in enumerate(node.items)]
    lines: dict[str, int] = {}
    for at, child in below:
        lines[at.path] = at.line
        lines |= lines_of(child, at)
    return lines
