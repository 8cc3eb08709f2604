"""Compiles the `with` of a route, and holds it against the command's input type before anything is served.

Paths may lead anywhere, so their values are only seen when an event is there. Of everything else the type is known.
"""

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec
from msgspec import Struct, inspect

from hookyard.cel import CelError
from hookyard.errors import place_of
from hookyard.host.foreign.anything import AnyObject
from hookyard.inbound.problem import Found
from hookyard.inbound.routes.expression import EventExpression
from hookyard.inbound.routes.fit import Kind, fits, kind_of
from hookyard.inbound.routes.mapping import (
    Constant,
    DeliveryId,
    EventName,
    FromBody,
    FromExpression,
    Items,
    Member,
    Members,
    Node,
)
from hookyard.jsonpath import parse_path

_LISTS: tuple[object, ...] = (list, tuple, set, frozenset)
_SCALARS: tuple[object, ...] = (str, int, float, bool, bytes, NoneType)
_STRING = Kind("STRING")


def compile_mapping(
    raw: str | Mapping[str, object], input_type: type[Struct], where: str, problems: list[Found]
) -> Node:
    """Compile a route's `with` and add what is wrong with it to `problems`.

    Args:
        raw: as the configuration has it: a mapping, or a text for the whole input.
        input_type: what the command takes.
        where: the key path of the `with`.
        problems: where to report.

    """
    if isinstance(raw, str):
        return _text(raw, input_type, where, problems)
    return _members(raw, input_type, where, problems)


def expressions_of(node: Node) -> Iterator[EventExpression]:
    """Every expression of a compiled mapping."""
    if isinstance(node, FromExpression):
        yield node.expression
    elif isinstance(node, Members):
        for member in node.members:
            yield from expressions_of(member.node)
    elif isinstance(node, Items):
        for item in node.items:
            yield from expressions_of(item)


def _value(raw: object, kind: object, where: str, problems: list[Found]) -> Node:
    same: object = raw  # under a name that no branch narrows
    if isinstance(raw, str):
        return _text(raw, kind, where, problems)
    if isinstance(raw, dict) and (_is_object(kind) or _is_dynamic(cast("object", raw))):
        return _members(cast("Mapping[str, object]", raw), kind, where, problems)
    if isinstance(raw, list) and _is_dynamic(cast("object", raw)):
        items = cast("list[object]", raw)
        plain = _plain(kind)
        inner: object = get_args(plain)[0] if get_origin(plain) in _LISTS else Any
        _refuse_scalar(plain, "list", where, problems)
        return Items(tuple(_value(item, inner, f"{where}[{at}]", problems) for at, item in enumerate(items)))
    return _constant(same, kind, where, problems)


def _text(raw: str, kind: object, where: str, problems: list[Found]) -> Node:
    if not raw.startswith("$"):
        return _constant(raw, kind, where, problems)
    if raw.startswith("$$"):
        return _constant(raw[1:], kind, where, problems)
    if raw in ("$event", "$delivery"):
        if not fits(_STRING, inspect.type_info(kind)):
            problems.append((where, f"{raw} is text, but the input expects {_name(kind)}"))
        return EventName() if raw == "$event" else DeliveryId()
    if raw.startswith("$("):
        return _expression(raw, kind, where, problems)
    steps = parse_path(raw)
    if steps is None:
        problems.append((where, f"{raw!r} is not a path such as $.a.b[0]; write $${raw[1:]} for the text itself"))
        return Constant(raw)
    return FromBody(raw, steps)


def _expression(raw: str, kind: object, where: str, problems: list[Found]) -> Node:
    if not raw.endswith(")"):
        problems.append((where, f"{raw!r} does not end with its ); the whole text must be one expression"))
        return Constant(raw)
    try:
        expression = EventExpression(raw[2:-1])
    except CelError as error:
        problems.append((where, str(error)))
        return Constant(raw)
    if not fits(kind_of(expression.kind), inspect.type_info(kind)):
        problems.append((where, f"the expression is {expression.kind}, but the input expects {_name(kind)}"))
    return FromExpression(expression, where)


def _members(raw: Mapping[str, object], kind: object, where: str, problems: list[Found]) -> Node:
    plain, struct = _plain(kind), _struct(kind)
    if struct is None:
        value_kind: object = get_args(plain)[1] if get_origin(plain) is dict else Any
        _refuse_scalar(plain, "mapping", where, problems)
        return Members(
            tuple(
                Member(name, _value(value, value_kind, f"{where}.{name}", problems), optional=True)
                for name, value in raw.items()
            )
        )
    fields = {field.encode_name: field for field in msgspec.structs.fields(cast("type[Struct]", plain))}
    tag_field = struct.__struct_config__.tag_field
    compiled: list[Member] = []
    for name, value in raw.items():
        field = fields.get(name)
        if field is None and name != tag_field and struct is not AnyObject:
            known = ", ".join(fields) or "none"
            problems.append((f"{where}.{name}", f"{struct.__name__} has no field {name!r}; it has {known}"))
        field_kind = Any if field is None else field.type
        optional = field is None or not field.required
        compiled.append(Member(name, _value(value, field_kind, f"{where}.{name}", problems), optional))
    problems.extend(
        (where, f"{struct.__name__} needs the field {name!r}")
        for name, field in fields.items()
        if field.required and name not in raw
    )
    return Members(tuple(compiled))


def _constant(raw: object, kind: object, where: str, problems: list[Found]) -> Node:
    """Check a literal as the command's decoder will: over its JSON."""
    value = _unescape(raw)
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        message, path = place_of(error)
        problems.append((where + path[1:], message))
    return Constant(value)


def _unescape(raw: object) -> object:
    """Take the escape from the strings inside a literal; the literal itself has been seen to."""
    if isinstance(raw, dict):
        return {key: _unescape_text(value) for key, value in cast("Mapping[str, object]", raw).items()}
    if isinstance(raw, (list, tuple)):
        return [_unescape_text(value) for value in cast("list[object]", raw)]
    return raw


def _unescape_text(raw: object) -> object:
    return raw[1:] if isinstance(raw, str) and raw.startswith("$$") else _unescape(raw)


def _struct(kind: object) -> type[Struct] | None:
    """Return the Struct class, if the type is one that is written as an object."""
    plain = _plain(kind)
    found = get_origin(plain) or plain
    if isinstance(found, type) and issubclass(found, Struct) and not found.__struct_config__.array_like:
        return found
    return None


def _is_object(kind: object) -> bool:
    return _struct(kind) is not None or get_origin(_plain(kind)) is dict


def _is_dynamic(raw: object) -> bool:
    """Whether anything in it is looked up."""
    if isinstance(raw, str):
        return raw.startswith("$") and not raw.startswith("$$")
    if isinstance(raw, dict):
        return any(_is_dynamic(value) for value in cast("Mapping[str, object]", raw).values())
    return isinstance(raw, list) and any(_is_dynamic(value) for value in cast("list[object]", raw))


def _plain(kind: object) -> object:
    """Take `Annotated` and `| None` away."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
            continue
        if get_origin(kind) in (Union, UnionType):
            rest = [member for member in get_args(kind) if member not in (NoneType, msgspec.UnsetType)]
            if len(rest) == 1:
                kind = rest[0]
                continue
        return kind


def _refuse_scalar(plain: object, what: Literal["list", "mapping"], where: str, problems: list[Found]) -> None:
    refused = _SCALARS + ((dict,) if what == "list" else _LISTS)
    if plain in refused or get_origin(plain) in refused:
        problems.append((where, f"a {what} stands where the input expects {_name(plain)}"))


def _name(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
