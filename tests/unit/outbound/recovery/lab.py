"""A store with jobs that end, events, and endpoints that are told of them, none of which is sent anywhere."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from msgspec.structs import replace

from hookyard.config.model import Config
from hookyard.egress.guard import Target
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, Delivery, DeliveryAttempt, Event, Job
from hookyard.outbound import Outbound
from hookyard.outbound.endpoints.bodies import NewEndpoint
from hookyard.outbound.recovery import Recovery, Replayed, Stretch
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.store.audited import Write
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    AppendEvents,
    Claim,
    ClaimDeliveries,
    Claimed,
    DeliveriesClaimed,
    DeliveryFilter,
    DeliveryQuery,
    Enqueue,
    Finish,
    FinishDelivery,
    LaneAsk,
    Lease,
)
from hookyard.store.memory import MemoryStore
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock

Kind = Literal["memory", "sqlite"]
KINDS: tuple[Kind, ...] = ("memory", "sqlite")
SECOND, HOUR = 1000, 3_600_000
LANE = "shop/buy"


class NoSender:
    """Nothing is sent."""

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes, channel: Channel) -> Answer:
        await asyncio.sleep(0)
        raise SendError("connect")

    async def forget(self, key: str) -> None: ...

    async def aclose(self) -> None: ...


class Lab:
    """What there is."""

    def __init__(self, store: MemoryStore | SqliteStore, writer: Coalescer, clock: FakeClock) -> None:
        self.store, self.writer, self.clock = store, writer, clock
        self.ids = IdSource(clock)
        self.out = Outbound(Config(), writer, self.ids, clock, sender=NoSender())
        self.manager = self.out.manager
        self.expected: list[int] = []
        self.probed: list[str] = []
        self.recovery = self.recovering(writer.submit)
        self.began = clock.now()

    def recovering(self, write: Write) -> Recovery:
        """One that writes otherwise."""
        return Recovery(
            store=self.store,
            write=write,
            endpoints=self.manager,
            plans=self.out.outbox,
            expect=self.expected.append,
            probe=self.probed.append,
            ids=self.ids,
            clock=self.clock,
        )

    def audit(self, action: str = "endpoint.replay", target: str = "a") -> AuditEntry:
        return AuditEntry(id=self.ids(), at=self.clock.now(), principal="token:t", action=action, target=target)

    # --- endpoints ---

    async def endpoint(self, name: str = "a", *, tenant: str = "", **rules: Any) -> None:  # noqa: ANN401  any setting
        asked = NewEndpoint(url="https://example.com/hook", tenant=tenant, **rules)
        await self.manager.create(
            name, asked, principal="token:t", tenant="", audit=self.audit("endpoint.create", name)
        )

    async def disable(self, name: str = "a") -> None:
        await self.manager.disable(name, tenant="", audit=self.audit("endpoint.disable", name))

    async def enable(self, name: str = "a") -> None:
        await self.manager.enable(name, tenant="", audit=self.audit("endpoint.enable", name))

    async def change(self, patch: Mapping[str, object], name: str = "a") -> None:
        await self.manager.change(name, patch, tenant="", audit=self.audit("endpoint.change", name))

    # --- what happens ---

    async def job(
        self, *emitted: str, tenant: str = "", command: str = "buy", result: bytes = b"{}", took: int = SECOND
    ) -> Job:
        """A job is made, and ends so much later, with what it emits."""
        return await self.end(await self.begin(tenant=tenant, command=command), *emitted, result=result, took=took)

    async def begin(self, *, tenant: str = "", command: str = "buy") -> Job:
        now = self.clock.now()
        made = Job(
            id=self.ids(),
            plugin="shop",
            command=command,
            lane=LANE,
            args=b"{}",
            tenant=tenant,
            submitted_at=now,
            run_at=now,
        )
        await self.writer.submit(Enqueue(now=now, job=made))
        lease = Lease(1, "local", now + 24 * HOUR)
        claimed = await self.writer.submit(Claim(now=now, lanes=(LaneAsk(LANE, 1),), lease=lease))
        assert isinstance(claimed, Claimed)
        (job,) = claimed.jobs
        return job

    async def end(self, job: Job, *emitted: str, result: bytes = b"{}", took: int = SECOND) -> Job:
        self.clock.advance(took)
        now = self.clock.now()
        events = tuple(
            Event(
                id=self.ids(),
                type=kind,
                plugin="shop",
                command=job.command,
                job_id=job.id,
                tenant=job.tenant,
                payload=b'{"n":1}',
                created_at=now,
            )
            for kind in emitted
        )
        ended = replace(job, status="succeeded", result=result, completed_at=now)
        planned = self._kept(self.out.outbox.plan(ended, now, events))
        await self.writer.submit(
            Finish(
                now=now,
                job_id=job.id,
                token=1,
                status="succeeded",
                outcome="succeeded",
                result=result,
                events=events,
                deliveries=planned,
            )
        )
        return ended

    async def house(self, kind: str, data: Mapping[str, object], tenant: str = "") -> Event:
        """Hookyard itself has something to say."""
        self.clock.advance(SECOND)
        event, planned = self.out.outbox.announce(kind, data, self.clock.now(), tenant=tenant)
        op = AppendEvents(now=self.clock.now(), events=(event,), deliveries=self._kept(planned))
        await self.writer.submit(op)
        return event

    def _kept(self, planned: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        """As they would be if there was no place in memory."""
        self.out.outbox.dropped(planned)
        return tuple(
            replace(each, status="pending", attempt=0, lease_token=None, lease_expires_at=None)
            if each.status == "sending"
            else each
            for each in planned
        )

    # --- what is sent ---

    async def deliveries(self, name: str = "a") -> list[Delivery]:
        """All for an endpoint, oldest first."""
        found: list[Delivery] = []
        query = DeliveryQuery(endpoint=name, limit=200)
        while True:
            page = await self.store.find_deliveries(query)
            found += page.deliveries
            if page.next is None:
                return found[::-1]
            query = replace(query, before=page.next)

    async def told(self, name: str = "a") -> list[tuple[str, str | None]]:
        """What it is told, in the order of ids: the event, and which job or event it is of."""
        return [(each.event, each.event_id or each.job_id) for each in await self.deliveries(name)]

    async def body(self, delivery: Delivery) -> bytes:
        found = await self.store.delivery(delivery.id)
        assert found is not None
        return found.body

    async def settle(self, status: Literal["delivered", "failed"]) -> list[Delivery]:
        """Everything that is pending ends."""
        now = self.clock.now()
        claimed = await self.writer.submit(ClaimDeliveries(now=now, limit=1000, lease=Lease(7, "local", now + HOUR)))
        assert isinstance(claimed, DeliveriesClaimed)
        for each in claimed.deliveries:
            error = None if status == "delivered" else "http_503"
            tried = DeliveryAttempt(
                delivery_id=each.id,
                number=each.attempt,
                started_at=now,
                duration=1,
                status=200 if error is None else 503,
                error=error,
                response=None,
            )
            await self.writer.submit(
                FinishDelivery(now=now, delivery_id=each.id, token=7, status=status, attempt=tried)
            )
        return list(claimed.deliveries)

    # --- replaying ---

    async def replay(
        self,
        name: str = "a",
        *,
        since: int | None = None,
        until: int | None = None,
        limit: int = 500,
        dry_run: bool = False,
        event: str | None = None,
    ) -> list[Replayed]:
        """All calls of a replay, to its end."""
        calls: list[Replayed] = []
        after: str | None = None
        while True:
            done = await self.recovery.replay(
                name,
                Stretch(
                    since=self.began if since is None else since,
                    until=until,
                    after=after,
                    limit=limit,
                    dry_run=dry_run,
                ),
                audit=self.audit(target=name),
                only=DeliveryFilter(event=event),
            )
            calls.append(done)
            if done.next is None:
                return calls
            assert after is None or done.next > after
            after = done.next


@asynccontextmanager
async def lab(kind: Kind) -> AsyncGenerator[Lab]:
    with TemporaryDirectory() as folder:
        store = MemoryStore() if kind == "memory" else await SqliteStore.open(Path(folder) / "h.db")
        writer = Coalescer(store, queue=10_000, batch=64)
        await writer.start()
        made = Lab(store, writer, FakeClock())
        try:
            yield made
        finally:
            await made.out.drain()
            await writer.aclose()
            await store.aclose()


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)
