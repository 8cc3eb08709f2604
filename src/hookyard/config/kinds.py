"""What the loader must know of a field's type: its parts, and how to say them to a person."""

from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from hookyard.config.values import PRIVATE, Duration, Rate, Secret, Size

_WORDS: Final[dict[object, str]] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    dict: "a mapping",
    tuple: "a list",
    NoneType: "nothing",
    Secret: "a secret, as text or as {file: path}",
    Duration: "a duration such as 250ms, 30s, 5m, 1h30m, 1d, or a number of seconds",
    Rate: "a rate such as 100/1m, 5/1s or 1/250ms: a count, a slash and a duration",
    Size: "a size such as 64KiB, 25MiB, 1GiB, or a number of bytes",
}


def split(kind: object) -> tuple[object, Meta]:
    """A type without its `Annotated`, and the constraints that it carried."""
    if get_origin(kind) is not Annotated:
        return kind, Meta()
    bare, *notes = get_args(kind)
    return bare, next((note for note in notes if isinstance(note, Meta)), Meta())


def members(kind: object) -> tuple[object, ...]:
    """The members of a union; of any other type itself alone."""
    bare, _ = split(kind)
    return get_args(bare) if get_origin(bare) in (Union, UnionType) else (kind,)


def base(kind: object) -> object:
    """What a type is at bottom: `dict`, `tuple`, `Literal`, a Struct, `int`, ..."""
    bare, _ = split(kind)
    return get_origin(bare) or bare


def struct_of(kind: object) -> type[Struct] | None:
    """The Struct that a type is, if it is one."""
    bare, _ = split(kind)
    return bare if isinstance(bare, type) and issubclass(bare, Struct) else None


def choices(kind: object) -> tuple[str, ...]:
    """The words of every `Literal` in a type."""
    return tuple(
        str(word) for member in members(kind) if base(member) is Literal for word in get_args(split(member)[0])
    )


def is_private(kind: object) -> bool:
    """Whether what a file says here may be secret, so that no message repeats it."""
    bare, meta = split(kind)
    if bare is Secret or bare is Any or (meta.extra or {}).get(PRIVATE):
        return True
    if (struct := struct_of(bare)) is not None:
        return any(is_private(field.type) for field in msgspec.structs.fields(struct))
    return base(bare) is not Literal and any(is_private(part) for part in get_args(bare) if part is not ...)


def expected(kind: object) -> str:
    """How to say what a type asks for, after the word "expected"."""
    bare, meta = split(kind)
    if meta.description:
        return meta.description
    if len(parts := members(kind)) > 1:
        return one_of([expected(part) for part in parts if part is not NoneType])
    if base(bare) is Literal:
        return one_of(choices(kind))
    if (struct := struct_of(bare)) is not None:
        needed = [field.encode_name for field in msgspec.structs.fields(struct) if field.required]
        return f"a mapping with {', '.join(needed)}" if needed else "a mapping"
    if bare is str and meta.min_length:
        return "text that is not empty"
    return _WORDS[base(bare)] + _bounds(meta)


def one_of(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _bounds(meta: Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge} to {meta.le}"
    if meta.ge is not None:
        return f" of at least {meta.ge}"
    return f" of at most {meta.le}" if meta.le is not None else ""
