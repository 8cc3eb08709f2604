"""What the tests of endpoints share: all of the room, over a store in memory that may be unavailable."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from hookyard.config import Config, loads
from hookyard.config.scalars import parse_value
from hookyard.errors import StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, Delivery, Endpoint, Event
from hookyard.outbound.endpoints import EndpointHealth, Endpoints, Maker, Manager, Telling
from hookyard.outbound.endpoints.bodies import NewEndpoint
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.outbox import Outbox
from hookyard.store.contract import AuditQuery, EventQuery, Op, Result, Together
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

NOW = 1_700_000_000_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8
URL = "https://receiver.example/hook"
DAY = 86_400_000


class Writer:
    """Applies what it is handed at once, unless it is told not to."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.unavailable = False
        self.written: list[Op] = []
        self.meanwhile: Callable[[], None] | None = None
        """Called once an operation was applied, before its caller hears of it."""

    def submit(self, op: Op) -> asyncio.Future[Result]:
        if self.unavailable:
            raise StoreUnavailable("The disk is full.")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.written.append(op)
        (result,) = self.store.apply([op])
        if self.meanwhile is not None:
            self.meanwhile()
        future.set_result(result)
        return future


class Places:
    """Stands for the courier: there is always a place."""

    lease = 60_000

    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self.reserved = 0
        self.expected: list[int] = []

    def reserve(self, delivery: Delivery, now: int) -> int | None:
        del delivery, now
        self.reserved += 1
        return None

    def unreserve(self, delivery: Delivery) -> None:
        del delivery
        self.reserved -= 1

    def take(self, delivery: Delivery) -> None:
        self.reserved -= 1
        self.taken.append(delivery)

    def expect(self, at: int) -> None:
        self.expected.append(at)


class Room:
    """All of it; made within a running loop."""

    def __init__(self, config: Config | str = "", *, store: MemoryStore | None = None, now: int = NOW) -> None:
        self.config = loads(config, environ={}) if isinstance(config, str) else config
        self.clock = FakeClock(now)
        self.store = store or MemoryStore()
        self.writer = Writer(self.store)
        self.maker = Maker(
            self.config.outbound,
            clock=self.clock,
            resolver=None,
            draw=lambda: 0.5,
            agent="Hookyard/test",
            source="hookyard",
            keyring=Keyring(key.reveal() for key in self.config.encryption.keys),
        )
        self.endpoints = Endpoints(self.config, self.maker, now)
        self.places = Places()
        self.ids = IdSource(self.clock)
        self.outbox = Outbox(
            endpoints=self.endpoints, courier=self.places, ids=self.ids, most=int(self.config.outbound.max_body)
        )
        self.telling = Telling(self.outbox)
        self.health = self.endpoints.health = EndpointHealth(self.endpoints, self.telling, self.writer, self.clock)
        self.changed: list[str] = []
        self.manager = Manager(
            endpoints=self.endpoints,
            maker=self.maker,
            health=self.health,
            telling=self.telling,
            writer=self.writer,
            clock=self.clock,
            changed=self.changed.append,
        )

    async def start(self) -> "Room":
        """Load what the store knows, as a start does."""
        ops = self.endpoints.load(self.config, await self.store.endpoints(), self.clock.now())
        if ops:
            await self.writer.submit(Together(now=self.clock.now(), ops=tuple(ops)))
        await self.health.load(self.store)
        return self

    def audit(self, name: str, action: str = "endpoint.change") -> AuditEntry:
        """An entry for a change."""
        return AuditEntry(id=self.ids(), at=self.clock.now(), principal="token:ops", action=action, target=name)

    async def create(self, name: str = "crm", /, *, of: str = "", **asked: object) -> tuple[str, ...]:
        """Make an endpoint; returns the secrets that were made."""
        return await self.make(name, asked, of)

    async def make(self, name: str, asked: Mapping[str, object], of: str = "") -> tuple[str, ...]:
        """The same."""
        entry = self.audit(name, "endpoint.create")
        made = await self.manager.create(name, new(**asked), principal="token:ops", tenant=of, audit=entry)
        return made.secrets

    async def change(self, name: str, /, **patch: object) -> None:
        """Patch one."""
        await self.manager.change(name, patch, tenant="", audit=self.audit(name))

    async def rows(self) -> dict[str, Endpoint]:
        """The endpoints as they are stored."""
        return {row.name: row for row in await self.store.endpoints()}

    async def told(self) -> list[tuple[str, dict[str, object]]]:
        """The events that were stored: type and payload, the oldest first."""
        events = await self.store.events(EventQuery(limit=1000))
        return [(event.type, msgspec.json.decode(event.payload)) for event in reversed(events)]

    async def audited(self) -> list[str]:
        """The actions of the audit log, the oldest first."""
        found = await self.store.audit(AuditQuery(limit=1000))
        return [entry.action for entry in reversed(found.entries)]

    async def settled(self) -> None:
        """Let everything that is ready run."""
        for _ in range(20):
            await asyncio.sleep(0)


def new(**asked: object) -> NewEndpoint:
    """An endpoint as HTTP asks for it."""
    raw = {"url": URL} | {("if" if key == "if_" else key): value for key, value in asked.items()}
    return msgspec.json.decode(msgspec.json.encode(raw), type=NewEndpoint, dec_hook=parse_value)


def yaml(**endpoints: str) -> str:
    """A configuration with these endpoints, each by what follows its URL and its secret."""
    lines = [f"  {name}: {{url: '{URL}', secrets: [{SECRET}]{more}}}\n" for name, more in endpoints.items()]
    return "endpoints:\n" + "".join(lines)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario."""

    async def main() -> None:
        await scenario()

    asyncio.run(main())


def event(kind: str = "order.paid", tenant: str = "", payload: object = None, **more: object) -> Event:
    """An event that a command emitted."""
    return Event(
        id=str(more.get("id", "018bcfe5-687b-7000-9000-000000000000")),
        type=kind,
        plugin=str(more.get("plugin", "shop")),
        command=str(more.get("command", "pay")),
        job_id=str(more.get("job_id", "018bcfe5-687b-7000-8000-000000000000")),
        tenant=tenant,
        payload=msgspec.json.encode(payload),
        created_at=NOW,
    )


def names(deliveries: Sequence[Delivery]) -> list[str | None]:
    """To whom they go."""
    return [delivery.endpoint for delivery in deliveries]
