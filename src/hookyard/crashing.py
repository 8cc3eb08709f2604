"""Types that end the process: msgspec 0.22 corrupts memory when it forgets them.

A decoder keeps a text's `pattern` and the items of a list or a mapping in one and the same place. Where a union has
both of them, freeing the decoder frees the one as if it were the other; to ask `msgspec.inspect` of the type is enough,
or a reload that forgets a Struct. So such a union is refused before msgspec sees it.
"""

import collections.abc
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, NewType

from msgspec import Meta

_HELD: Final = frozenset(
    {
        list,
        set,
        frozenset,
        dict,
        collections.abc.Collection,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Set,
        collections.abc.MutableSet,
        collections.abc.Mapping,
        collections.abc.MutableMapping,
    }
)
"""What is decoded item by item; a tuple of any length too, one of a given length is not."""


def crashing(hint: object) -> str | None:
    """Where a type has a text with a pattern beside a list or a mapping.

    Args:
        hint: an annotation, resolved.

    Returns:
        A field (`Order.code`), or `itself`; None where it has none.
    """
    return _look(hint, "itself", set())


def why_crashing(place: str) -> str:
    """What is wrong there, for whoever declared it."""
    return (
        f"{place} allows a text with a pattern beside a list or a mapping, and msgspec corrupts memory when it forgets "
        "such a type; take one of them out of the union, or check the pattern in the code"
    )


def _look(hint: object, place: str, seen: set[object]) -> str | None:
    hint = _bare(hint)
    members = tuple(_members(hint)) if typing.get_origin(hint) in {typing.Union, UnionType} else ()
    if any(map(_has_pattern, members)) and any(map(_is_held, members)):
        return place
    for inner in members or typing.get_args(hint):
        if found := _look(inner, place, seen):
            return found
    of = typing.get_origin(hint) or hint
    if not _has_fields(of) or of in seen:
        return None
    seen.add(of)
    try:
        fields = typing.get_type_hints(of, include_extras=True)
    except Exception:  # noqa: BLE001  an annotation is any expression; whoever decodes it says what is wrong with it
        return None
    for name, field in fields.items():
        if found := _look(field, f"{of.__name__}.{name}", seen):
            return found
    return None


def _has_fields(kind: object) -> typing.TypeGuard[type[Any]]:
    if not isinstance(kind, type):
        return False
    marks = ("__struct_fields__", "__dataclass_fields__", "__attrs_attrs__", "_fields")
    return typing.is_typeddict(kind) or any(hasattr(kind, mark) for mark in marks)


def _bare(hint: object) -> object:
    """Without what is said of it, and by no other name."""
    while True:
        if typing.get_origin(hint) is Annotated:
            hint = typing.get_args(hint)[0]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        else:
            return hint


def _members(union: object) -> Iterator[object]:
    for member in typing.get_args(union):
        bare = _bare(member)
        if typing.get_origin(bare) in {typing.Union, UnionType}:
            yield from _members(bare)
        else:
            yield member


def _has_pattern(member: object) -> bool:
    while isinstance(member, NewType):
        member = member.__supertype__
    if typing.get_origin(member) is not Annotated:
        return False
    first, *notes = typing.get_args(member)
    return any(isinstance(note, Meta) and note.pattern is not None for note in notes) or _has_pattern(first)


def _is_held(member: object) -> bool:
    bare = _bare(member)
    of = typing.get_origin(bare) or bare
    if of is tuple:
        inner = typing.get_args(bare)
        return not inner or inner[-1] is ...
    return of in _HELD
