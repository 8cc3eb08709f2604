"""The one base of all that hosts send: what is left out, or null, is empty."""

from collections.abc import Callable
from types import GenericAlias
from typing import Any, ClassVar, dataclass_transform, get_args, get_origin

from msgspec import Struct, StructMeta, field
from msgspec.structs import force_setattr

Id = int | str
"""An id: a number at most hosts, text at some."""
Moment = str | int
"""A time as the host writes it: mostly ISO 8601, here and there a number of seconds (GitHub) or milliseconds
(Bitbucket Data Center) since 1970."""


class Also(Struct, frozen=True):
    """In an `Annotated`: another form in which a host is known to send this field, and what is made of it."""

    kind: Any
    make: Callable[[Any], object]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class PartType(StructMeta):
    """Makes `null` a value for every field, and notes what stands for it.

    msgspec reads annotations when a type is first decoded, which is after this: what the source says is what an author
    reads and a checker knows, and what stands in `__annotations__` then is what may come over the wire.
    """

    def __new__(mcls, name: str, bases: tuple[type, ...], members: dict[str, Any], **config: Any) -> "PartType":  # noqa: ANN401  as StructMeta's own
        """Make the type, frozen and by keyword."""
        settings: dict[str, Any] = {"frozen": True, "kw_only": True} | config
        made = super().__new__(mcls, name, bases, members, **settings)
        notes = made.__annotations__ if "__annotations__" in made.__dict__ else {}
        empties: list[tuple[str, object]] = []
        also: list[tuple[str, type[Any], Callable[[Any], object]]] = list(getattr(made, "_also", ()))
        for attribute, default in zip(_fields(made), made.__struct_defaults__, strict=True):
            if default is None:
                continue
            empties.append((attribute, default))
            if attribute not in notes:
                continue
            kind: Any = notes[attribute]
            for other in getattr(kind, "__metadata__", ()):
                if isinstance(other, Also):
                    also.append((attribute, get_origin(other.kind) or other.kind, other.make))
                    kind = kind.__origin__ | other.kind
            notes[attribute] = _nullable(kind)
        type.__setattr__(made, "_empties", tuple(empties))
        type.__setattr__(made, "_also", tuple(also))
        return made


def _fields(made: StructMeta) -> tuple[str, ...]:
    """Every field; each has a default, so that the two line up.

    Raises:
        TypeError: one has none.
    """
    if len(made.__struct_fields__) != len(made.__struct_defaults__):
        msg = f"{made.__name__} has a field without a default, and a host may leave out any"
        raise TypeError(msg)
    return made.__struct_fields__


def _nullable(kind: Any) -> object:  # noqa: ANN401  whatever an annotation is
    if get_origin(kind) is tuple:
        return GenericAlias(tuple, (_nullable(get_args(kind)[0]), ...)) | None
    wide: object = kind | None
    return wide


class Part(Struct, metaclass=PartType):
    """Something that a host sends. Every field has a default: None where it may be missing, else what is empty."""

    _empties: ClassVar[tuple[tuple[str, object], ...]] = ()
    _also: ClassVar[tuple[tuple[str, type[Any], Callable[[Any], object]], ...]] = ()

    def __post_init__(self) -> None:
        """Put what is empty where null was sent, and the usual form where another was."""
        for name, kind, make in self._also:
            other = getattr(self, name)
            if type(other) is kind:
                force_setattr(self, name, make(other))
        for name, empty in self._empties:
            value = getattr(self, name)
            if value is None:
                force_setattr(self, name, empty)
            elif empty == () and None in value:
                force_setattr(self, name, tuple(item for item in value if item is not None))
