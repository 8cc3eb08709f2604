"""A dotted path into a command's input, such as `payload.repo.id` or `payload.items[0]`, and the text found there.

It is checked against the input's type where it is declared, and looked up in the decoded input, so that a field the
caller left out has its default here too.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final, cast

import msgspec
from msgspec import Struct, inspect

ROOT: Final = "payload"
LONGEST: Final = 200
"""Characters of a key; of a longer one, and of what is no single value, the digest stands for it."""
_STEP: Final = re.compile(r"\.([A-Za-z_$][A-Za-z0-9_$-]*)|\[(0|[1-9][0-9]{0,5})\]")
_OPEN: Final = (inspect.AnyType, inspect.RawType, inspect.CustomType)
"""Whatever is below these is not known before it is there."""


class KeyPath:
    """One compiled path.

    Args:
        text: `payload`, then `.name` for members by their JSON names and `[n]` for places in a list.

    Raises:
        ValueError: it is no path; the message says what one is.
    """

    __slots__ = ("steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps: tuple[str | int, ...] = tuple(_steps(text))

    def find(self, data: object) -> str | None:
        """The key in a decoded input; None when nothing, or null, is there."""
        for step in self.steps:
            data = _below(data, step)
            if data is None or data is msgspec.UNSET:  # a member that a JSON Schema lets out is unset
                return None
        return text_of(data)

    def problem(self, kind: type[Struct]) -> str | None:
        """Why an input of this type has nothing there, as a clause; None if it may have."""
        found: list[inspect.Type] = [inspect.type_info(kind)]
        done = ROOT
        for step in self.steps:
            found = [below for each in found for below in _types_below(each, step)]
            if not found:
                return f"{self.text!r} leads nowhere: {done} of {kind.__name__} has no {_shown(step)}"
            done += f"[{step}]" if isinstance(step, int) else f".{step}"
        return None


def text_of(value: object) -> str:
    """A value as a key: text as it is, else its JSON; a digest where that is long."""
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="deterministic").decode()
    return text if len(text) <= LONGEST else digest(text.encode(errors="replace"))


def digest(body: bytes) -> str:
    """What stands for a body as a key."""
    return sha256(body).hexdigest()[:32]


def _steps(text: str) -> Iterator[str | int]:
    at = len(ROOT)
    if not text.startswith(ROOT):
        at = -1
    while 0 <= at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            at = -1
            break
        yield found[1] if found[2] is None else int(found[2])
        at = found.end()
    if at < 0:
        msg = f"{text!r} is no path into the input, such as payload.repo or payload.items[0].id"
        raise ValueError(msg)


def _below(data: object, step: str | int) -> object:
    if isinstance(step, int):
        if isinstance(data, (list, tuple)):
            items = cast("list[object]", data)
            return items[step] if step < len(items) else None
        return None
    if isinstance(data, Mapping):
        return cast("Mapping[object, object]", data).get(step)
    if isinstance(data, Struct):
        name = _names(type(data)).get(step)
        return None if name is None else cast("object", getattr(data, name))
    if isinstance(data, msgspec.Raw):
        return _below(cast("object", msgspec.json.decode(data)), step)
    return None


@lru_cache(maxsize=1024)
def _names(kind: type[Struct]) -> Mapping[str, str]:
    return {field.encode_name: field.name for field in msgspec.structs.fields(kind)}


def _types_below(kind: inspect.Type, step: str | int) -> Iterator[inspect.Type]:
    match kind:
        case inspect.Metadata(type=inner):
            yield from _types_below(inner, step)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _types_below(each, step)
        case inspect.StructType(fields=fields, array_like=False):
            yield from (field.type for field in fields if field.encode_name == step)
        case inspect.TypedDictType(fields=fields) | inspect.DataclassType(fields=fields):
            yield from (field.type for field in fields if field.encode_name == step)
        case inspect.DictType(value_type=value) if isinstance(step, str):
            yield value
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item) if isinstance(step, int):
            yield item
        case inspect.TupleType(item_types=items) if isinstance(step, int) and step < len(items):
            yield items[step]
        case _ if isinstance(kind, _OPEN):
            yield kind
        case _:
            return


def _shown(step: str | int) -> str:
    return f"place {step}" if isinstance(step, int) else f"member {step!r}"
