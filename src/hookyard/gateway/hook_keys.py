"""Under which keys a delivery is known where each of a source's routes makes a job of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.inbound.routes.route import Route
from hookyard.store.contract import KeyedJob

_DIGITS: Final = 12
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class RouteKey(Struct, frozen=True):
    """What is added to a delivery id so that a route has its own job of it."""

    own: str
    also: tuple[str, ...]
    """Of what else it is a part: of the delivery, and of what its command makes of that."""

    def of(self, delivery: str) -> str:
        """The key of this route's job."""
        return delivery + self.own

    def wholes(self, delivery: str) -> tuple[str, ...]:
        """The keys that it is a part of, the largest first."""
        return tuple(delivery + one for one in self.also)

    def holder(self, delivery: str, kept: Sequence[KeyedJob]) -> str | None:
        """The job that stands for what this route makes of a delivery, if one does.

        Args:
            delivery: its id.
            kept: the live keys of that delivery.
        """
        jobs = {one.key: one.job_id for one in kept}
        alone = (key for key in self.wholes(delivery) if not any(name.startswith(f"{key}\n") for name in jobs))
        return next((jobs[key] for key in (self.of(delivery), *alone) if key in jobs), None)


def keys_of(routes: Iterable[Route]) -> Mapping[int, RouteKey]:
    """The keys of these routes, by their `id()`.

    A command's only route is known by the command, whatever else the route says. Of several each is known by what it
    says, so that one that is put between them, or taken out, does not make the others run again.
    """
    known = list(routes)
    several = Counter(route.command for route in known)
    alike: Counter[str] = Counter()
    found: dict[int, RouteKey] = {}
    for route in known:
        command = f"\n{route.command}"
        if several[route.command] == 1:
            found[id(route)] = RouteKey(command, ("",))
            continue
        own = f"{command}\n{_said(route)}"
        alike[own] += 1
        found[id(route)] = RouteKey(own if alike[own] == 1 else f"{own}\n{alike[own]}", ("", command))
    return found


def _said(route: Route) -> str:
    """A short hash of what a route takes and makes."""
    says = route.settings
    on = (says.on,) if isinstance(says.on, str) else says.on
    return sha256(_encode((on, says.if_, says.with_, says.map))).hexdigest()[:_DIGITS]
