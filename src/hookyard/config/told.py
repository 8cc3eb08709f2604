"""What a decoder's error says to a person: a form in words instead of its regular expression, and the very key."""

import re
from collections.abc import Mapping
from typing import Final, cast, get_args

import msgspec
from msgspec import Struct

from hookyard.config.kinds import base, members, split, struct_of
from hookyard.config.scalars import parse_value
from hookyard.errors import member_place_of
from hookyard.jsonpath import Missing, look_up, parse_path

_REGEX: Final = re.compile(r"Expected `str` matching regex .*", re.DOTALL)
_SOME_KEY: Final = "[...]"
_A_KEY: Final = " (a key)"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")


def told(error: msgspec.ValidationError, raw: object, kind: type[Struct]) -> tuple[str, str]:
    """The problem and the JSON path of an error.

    Args:
        error: from converting `raw` to `kind`.
        raw: plain data.
        kind: what it was to be.
    """
    problem, path = member_place_of(error)
    of_a_key = problem.endswith(_A_KEY)
    here, some_key, below = path.partition(_SOME_KEY)
    there = _type_at(kind, here)
    mapping = next((one for one in members(there) if base(one) is dict), None)
    if mapping is not None and (some_key or of_a_key):
        there = get_args(split(mapping)[0])[0 if of_a_key else 1]
        if (name := _first_wrong(raw, here, mapping)) is not None:
            step = f".{name}" if _PLAIN.fullmatch(name) else f"[{msgspec.json.encode(name).decode()}]"
            path = f"{here}{step}{below}"
    if not below and _REGEX.fullmatch(problem) and (words := _words_of(there)) is not None:
        problem = f"Expected {words}{_A_KEY if of_a_key else ''}"
    return problem, path


def _type_at(kind: object, path: str) -> object:
    """The type that is asked for at a path through Structs; None beyond them."""
    here = kind
    for step in parse_path(path) or ():
        struct = next(filter(None, map(struct_of, members(here))), None)
        fields = () if struct is None else msgspec.structs.fields(struct)
        here = next((field.type for field in fields if field.encode_name == step), None)
    return here


def _first_wrong(raw: object, path: str, mapping: object) -> str | None:
    """The first key of an object at which it is not of a type."""
    try:
        found = look_up(raw, parse_path(path) or (), path)
    except Missing:
        return None
    for key, value in cast("Mapping[str, object]", found).items() if isinstance(found, Mapping) else ():
        try:
            msgspec.convert({key: value}, mapping, dec_hook=parse_value)
        except msgspec.ValidationError:
            return key
    return None


def _words_of(kind: object) -> str | None:
    """How a type describes itself."""
    return next((meta.description for one in members(kind) if (meta := split(one)[1]).description), None)
