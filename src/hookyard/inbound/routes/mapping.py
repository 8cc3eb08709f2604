"""The `with` of a route: how an event becomes a command's input.

Strings that begin with `$` are looked up, everything else stands for itself:

=====================  ==========================================================
`$.head_commit.id`     the value at this path of the body (:mod:`hookyard.jsonpath`)
`$(size(event.a))`     the value of this expression (:mod:`hookyard.inbound.routes.expression`)
`$event`, `$delivery`  the event's name, the delivery's id
`$$text`               the literal `$text`
=====================  ==========================================================

Values keep their types. One that the event does not have is left out where the input has a default, and refused where
it has none. A mapping is compiled once, by :mod:`hookyard.inbound.routes.check`, against the input's type.
"""

from typing import Protocol

import msgspec
from msgspec import Struct

from hookyard.cel import Failed
from hookyard.errors import Refused
from hookyard.inbound.received import Received
from hookyard.inbound.routes.expression import EventExpression
from hookyard.jsonpath import STEP, Missing, Steps, look_up

_LACKING = "The event does not have what the route needs."


class Node(Protocol):
    """One compiled value of a mapping."""

    def render(self, received: Received) -> object:
        """Return the value for this event.

        Raises:
            Missing: the event does not have it.
            Refused: it has none that is one (`invalid_input`), or the event is no JSON (`invalid_json`).

        """
        ...


class Constant(Struct, frozen=True):
    """A value that stands for itself."""

    value: object

    def render(self, received: Received) -> object:
        """Return the value."""
        del received
        return self.value


class FromBody(Struct, frozen=True):
    """A value at a path of the body."""

    text: str
    steps: Steps

    def render(self, received: Received) -> object:
        """Look it up."""
        return look_up(received.tree, self.steps, self.text)


class FromExpression(Struct, frozen=True):
    """The value of an expression."""

    expression: EventExpression
    where: str
    """Its key path in the configuration."""

    def render(self, received: Received) -> object:
        """Evaluate it."""
        try:
            return self.expression.evaluate(received)
        except Failed as error:
            if error.absent:
                raise Missing(self.where, error.why) from error
            raise Refused("invalid_input", f"The event has no such value: {error.why}.", path=self.where) from error


class EventName(Struct, frozen=True):
    """The event's name."""

    def render(self, received: Received) -> object:
        """Return it."""
        return received.event


class DeliveryId(Struct, frozen=True):
    """The delivery's id."""

    def render(self, received: Received) -> object:
        """Return it."""
        return received.delivery


class Member(Struct, frozen=True):
    """One member of an object."""

    name: str
    node: Node
    optional: bool
    """Whether it may be left out."""


class Members(Struct, frozen=True):
    """An object."""

    members: tuple[Member, ...]

    def render(self, received: Received) -> object:
        """Render every member that can be, and leave out the optional ones that cannot."""
        rendered: dict[str, object] = {}
        for member in self.members:
            try:
                rendered[member.name] = member.node.render(received)
            except Missing:
                if not member.optional:
                    raise
        return rendered


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]

    def render(self, received: Received) -> object:
        """Render every item."""
        return [item.render(received) for item in self.items]


def render(node: Node, received: Received) -> bytes:
    """Make a command's input, as JSON, from an event.

    Raises:
        Refused: the body is not JSON (`invalid_json`), or does not have what the input needs (`invalid_input`; `path`
            is the path in the body, or the key path of an expression).

    """
    try:
        return msgspec.json.encode(node.render(received))
    except Missing as error:
        detail = f"{_LACKING[:-1]}: {error.why}." if error.why else _LACKING
        raise Refused("invalid_input", detail, path=error.path) from error
    except (RecursionError, UnicodeError, TypeError, ValueError) as error:
        raise Refused("invalid_input", "What the route makes of the event is no JSON.") from error


def origin(node: Node, path: str) -> str:
    """Where what a mapping makes has a value from: a path in the body, or the key of an expression.

    Args:
        node: the mapping.
        path: in the input, such as `$.author.name`; returned as it is when what stands there is of neither.

    """
    here, at = node, 1
    while isinstance(here, Members | Items):
        found = STEP.match(path, at)
        if found is None:
            return path
        name, index = found[1] or found[3] or found[4], found[2]
        if isinstance(here, Members):
            below = next((member.node for member in here.members if member.name == name), None)
        else:
            below = here.items[int(index)] if index is not None and int(index) < len(here.items) else None
        if below is None:
            return path
        here, at = below, found.end()
    if isinstance(here, FromBody):
        return here.text + path[at:]
    return here.where if isinstance(here, FromExpression) else path
