"""Routes without `with` to commands that take a type of `hookyard.inbound.events`.

Such a command says by its type which events it is for. A route gives it those, and no others: one that names another
event is refused at start, and one with `*` takes only what fits. A command that takes a type of `events.git` is given
what is made of the host's own event.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from hookyard.errors import Refused, place_of
from hookyard.inbound.decoding import NO_JSON
from hookyard.inbound.preset import Host
from hookyard.inbound.problem import Found
from hookyard.inbound.received import Received
from hookyard.inbound.routes.on import Events

_OURS = "hookyard.inbound.events."
_GIT = "hookyard.inbound.events.git"


class Known(Struct, frozen=True, kw_only=True):
    """What is known of who sends."""

    host: Host | None = None
    """None: no Git host."""
    sender: str | None = None
    """The preset; None: nobody that is known, so that bodies may be anything."""
    pings: frozenset[str] = frozenset()
    """Events that run only where a route has them by name."""


class Typed(Struct, frozen=True):
    """The events of one host that are of the type a command takes."""

    events: frozenset[str]
    normalise: Callable[[bytes, str], bytes | None] | None
    """Makes the type of `events.git` of a host's body; None: the body is of the type as it is."""

    def takes(self, received: Received) -> bool:
        """Whether the event is of the type, by its name."""
        return received.event in self.events

    def args(self, received: Received) -> bytes:
        """Make the command's input.

        Raises:
            Refused: the body is not what the host sends for this event (`invalid_input`, and `path` says where it is
                not), or no JSON (`invalid_json`).
        """
        if self.normalise is None:
            return received.body
        try:
            made = self.normalise(received.body, received.event)
        except msgspec.ValidationError as error:
            problem, path = place_of(error)
            raise Refused("invalid_input", problem, path=path) from error
        except NO_JSON as error:
            raise Refused("invalid_json") from error
        if made is None:
            raise Refused("invalid_input", f"This {received.event} is none that the command takes.", path="$")
        return made


def compile_typed(kind: type[Struct], known: Known, events: Events, where: str, problems: list[Found]) -> Typed | None:
    """Hold a route against the type its command takes, and add what is wrong to `problems`.

    Args:
        kind: the command's input.
        known: of who sends.
        events: those of the route.
        where: the key path of the route.
        problems: where to report.

    Returns:
        None: it is no type of ours, or nothing is known of who sends, so that the body is taken as it is.
    """
    if not kind.__module__.startswith(_OURS):
        return None
    # Here, so that the types of all hosts are loaded only where a command takes one.
    from hookyard.inbound.events import hosts

    by_host = hosts.events_of(kind)
    if by_host is None:
        return None
    host = known.host
    name = f"{kind.__module__.removeprefix(_OURS).partition('.')[0]}.{kind.__qualname__}"
    if host is None and known.sender is None:
        if kind.__module__ == _GIT:  # which is no host's own body, but made of it
            why = f"the command takes {name}, and of which host the source's bodies are is not known"
            problems.append((f"{where}.run", f"{why}; use a preset, or write a with"))
        return None
    if host is None or host not in by_host:
        who = host or known.sender
        problems.append((f"{where}.run", f"the command takes {name}, which {who} does not send; write a with"))
        return None
    fitting = by_host[host]
    problems.extend(
        (f"{where}.on", f"the command takes {name}, and the body of {event} is none; write a with")
        for event in sorted(events.names - fitting)
    )
    if not events.names and not events.among(fitting - known.pings):
        why = f"the command takes {name}, but none of its events: {', '.join(sorted(fitting))}"
        by_glob = events.among(fitting)  # pings
        problems.append((f"{where}.on", f"{why}; a ping is taken by its name, not by a glob" if by_glob else why))
    return Typed(fitting, hosts.normaliser(host, kind) if kind.__module__ == _GIT else None)
