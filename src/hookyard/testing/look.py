"""What a test may look at of its host."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from msgspec import Struct

from hookyard.context.messages import ProgressNote
from hookyard.model import Delivery, Event, Job, LogLine
from hookyard.plugin import Plugin
from hookyard.store.contract import EventQuery, PutState
from hookyard.testing.port import FakeArtifact

if TYPE_CHECKING:
    # With it comes the whole server, which a test of one function alone does not need.
    from hookyard.testing.house import House

T = TypeVar("T")
S = TypeVar("S", bound=Struct)
MOST: Final = 1_000_000
"""Rows: as many as no test makes."""


class Look(ABC):
    """Everything that happened in a host, the oldest first."""

    @abstractmethod
    def _ask(self, question: "Callable[[House], Coroutine[Any, Any, T]]") -> T:
        """Ask the rooms, where they live."""

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, those that commands called for among them."""
        return tuple(self._ask(lambda house: house.all_jobs()))

    @property
    def events(self) -> tuple[Event, ...]:
        """What commands emitted, and was published with the end of their jobs; `payload` is JSON."""
        return self._ask(lambda house: house.store.events(EventQuery(limit=MOST)))[::-1]

    def emitted(self, type: str, data: type[S]) -> tuple[S, ...]:  # noqa: A002  as in `ctx.emit`
        """What published events of a type said, the oldest first.

        Args:
            type: as it was emitted, such as `order.placed`.
            data: the Struct that their data is read as.

        Raises:
            msgspec.ValidationError: one of them says something else.
        """
        return tuple(msgspec.json.decode(event.payload, type=data) for event in self.events if event.type == type)

    @property
    def progress(self) -> tuple[ProgressNote, ...]:
        """All that commands said of their progress; `job.progress` is the last of it."""

        async def said(house: "House") -> tuple[ProgressNote, ...]:
            return tuple(house.progress)

        return self._ask(said)

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """What was logged, job by job; `values` is JSON."""

        async def logged(house: "House") -> tuple[LogLine, ...]:
            jobs = await house.all_jobs()
            return tuple([line for job in jobs for line in await house.store.log_lines(job.id, limit=MOST)])

        return self._ask(logged)

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The webhooks that a subscriber of everything would be sent; none of them is."""

        async def planned(house: "House") -> tuple[Delivery, ...]:
            return tuple([one for job in await house.all_jobs() for one in await house.store.deliveries(job.id)])

        return self._ask(planned)

    @property
    def artifacts(self) -> Mapping[str, FakeArtifact]:
        """The complete artifacts of all jobs, by name; of two with the same name the later job's."""

        async def kept(house: "House") -> dict[str, FakeArtifact]:
            found: dict[str, FakeArtifact] = {}
            for job in await house.all_jobs():
                for one in await house.store.artifacts(job.id):
                    content = await house.objects.read(one.location, 0, one.size)
                    found[one.name] = FakeArtifact(one.media_type, content)
            return found

        return self._ask(kept)

    def state(self, plugin: Plugin[Any] | str) -> dict[str, object]:
        """What a plugin keeps between jobs, by key, decoded from JSON."""
        name = plugin if isinstance(plugin, str) else plugin.name
        found = self._ask(lambda house: house.store.states(name, limit=MOST))
        return {entry.key: msgspec.json.decode(entry.value) for entry in found}

    def put_state(self, plugin: Plugin[Any] | str, key: str, value: object) -> None:
        """Have a plugin find something in its state."""
        name = plugin if isinstance(plugin, str) else plugin.name
        op = PutState(now=0, plugin=name, key=key, value=msgspec.json.encode(value))
        self._ask(lambda house: house.change(op))
