"""The `with` of a route: how an event becomes a command's input.

Strings that begin with `$` are looked up, everything else stands for itself:

=====================  ==========================================================
`$.head_commit.id`     the value at this path of the body (:mod:`hookyard.inbound.paths`)
`$event`, `$delivery`  the event's name, the delivery's id
`$$text`               the literal `$text`
=====================  ==========================================================

A value that the body does not have is left out where the input has a default, and refused where it has none.
A mapping is compiled once, by :mod:`hookyard.inbound.check`, against the input's type.
"""

from typing import Protocol

import msgspec
from msgspec import Struct

from hookyard.errors import Refused
from hookyard.inbound.paths import Missing, Steps, look_up


class Inputs(Struct, frozen=True):
    """What a mapping can draw from."""

    body: object
    event: str
    delivery: str


class Node(Protocol):
    """One compiled value of a mapping."""

    def render(self, inputs: Inputs) -> object:
        """Return the value for this event.

        Raises:
            Missing: the body does not have it.

        """
        ...


class Constant(Struct, frozen=True):
    """A value that stands for itself."""

    value: object

    def render(self, inputs: Inputs) -> object:
        """Return the value."""
        del inputs
        return self.value


class FromBody(Struct, frozen=True):
    """A value at a path of the body."""

    text: str
    steps: Steps

    def render(self, inputs: Inputs) -> object:
        """Look it up."""
        return look_up(inputs.body, self.steps, self.text)


class EventName(Struct, frozen=True):
    """The event's name."""

    def render(self, inputs: Inputs) -> object:
        """Return it."""
        return inputs.event


class DeliveryId(Struct, frozen=True):
    """The delivery's id."""

    def render(self, inputs: Inputs) -> object:
        """Return it."""
        return inputs.delivery


class Member(Struct, frozen=True):
    """One member of an object."""

    name: str
    node: Node
    optional: bool
    """Whether it may be left out."""


class Members(Struct, frozen=True):
    """An object."""

    members: tuple[Member, ...]

    def render(self, inputs: Inputs) -> object:
        """Render every member that can be, and leave out the optional ones that cannot."""
        rendered: dict[str, object] = {}
        for member in self.members:
            try:
                rendered[member.name] = member.node.render(inputs)
            except Missing:
                if not member.optional:
                    raise
        return rendered


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]

    def render(self, inputs: Inputs) -> object:
        """Render every item."""
        return [item.render(inputs) for item in self.items]


def render(node: Node, body: bytes, event: str, delivery: str) -> bytes:
    """Make a command's input, as JSON, from an event.

    Raises:
        Refused: the body is not JSON, or does not have what the input needs.

    """
    try:
        inputs = Inputs(msgspec.json.decode(body), event, delivery)
        return msgspec.json.encode(node.render(inputs))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("invalid_json") from error
    except Missing as error:
        raise Refused("invalid_input", "The event does not have what the route needs.", path=error.path) from error
