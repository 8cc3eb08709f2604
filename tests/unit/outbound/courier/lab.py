"""An outbound room over a store in memory, with a sender that answers as a test says."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Self

from msgspec.structs import replace

from hookyard.clock import Clock
from hookyard.config.model import Config, EndpointSettings, OutboundSettings
from hookyard.config.values import Duration, Secret
from hookyard.egress.guard import Target
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import Delivery, DeliveryAttempt, Job
from hookyard.networks import Address
from hookyard.outbound import Outbound
from hookyard.outbound.sender import Answer, Channel, Sender, SendError
from hookyard.store.coalescer import Waiter
from hookyard.store.contract import DeliveryQuery, Done, Enqueue, Failed, Finish, Lease, Op, Result
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CALLBACK_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OK = Answer(status=200, body=b"ok")
LOOPBACK = OutboundSettings(
    allow_http=True, allow_ports="any", allow_networks=("127.0.0.0/8",), callback_secrets=(Secret(CALLBACK_SECRET),)
)


def endpoint(url: str = "https://example.com/hook", *, enabled: bool = True, commands: str = "*/*") -> EndpointSettings:
    return EndpointSettings(url=url, secrets=(Secret(SECRET),), enabled=enabled, commands=(commands,))


def tell(waiter: Waiter, future: asyncio.Future[Result]) -> None:
    """What became of it."""
    error = future.exception()
    if isinstance(error, Exception):
        waiter.set_exception(error)
    else:
        waiter.set_result(future.result())


class DirectWriter:
    """Applies each operation at once; refuses while `full`, fails while `broken`."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.ops: list[Op] = []
        self.full = False
        self.broken = False
        self.changed = asyncio.Event()

    def submit(self, op: Op) -> asyncio.Future[Result]:
        self.changed.set()
        self.ops.append(op)
        if self.full:
            raise StoreUnavailable("full", code="busy")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if self.broken:
            future.set_exception(StoreUnavailable("the disk is full"))
            return future
        (result,) = self.store.apply([op])
        if isinstance(result, Failed):
            future.set_exception(StoreError(result.detail))
        else:
            future.set_result(result)
        return future

    def submit_for(self, op: Op, waiter: Waiter) -> None:
        """The same; as from a store, the waiter hears of it later."""
        self.submit(op).add_done_callback(lambda future: tell(waiter, future))


class ScriptedSender:
    """Answers as `script` says, and counts what is under way."""

    def __init__(self, script: Callable[[Target], Answer | SendError] = lambda _: OK) -> None:
        self.script = script
        self.sent: list[tuple[Target, Mapping[str, str], bytes]] = []
        self.gates: dict[str, asyncio.Event] = {}
        """Requests to a host with a gate wait until it is open."""
        self.active: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.closed = asyncio.Event()
        self.forgotten: list[str] = []

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes, channel: Channel) -> Answer:
        self.sent.append((target, headers, body))
        for key in ("", target.host):
            self.active[key] += 1
            self.most[key] = max(self.most[key], self.active[key])
        try:
            if target.host in self.gates:
                waits = [asyncio.ensure_future(e.wait()) for e in (self.gates[target.host], self.closed)]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
            if self.closed.is_set():
                raise SendError("connection")
            answer = self.script(target)
        finally:
            self.active[""] -= 1
            self.active[target.host] -= 1
        if isinstance(answer, SendError):
            raise answer
        return answer

    async def forget(self, key: str) -> None:
        self.forgotten.append(key)

    async def aclose(self) -> None:
        self.closed.set()

    def hosts(self) -> list[str]:
        return [target.host for target, *_ in self.sent]


async def public(_host: str, _port: int) -> tuple[Address, ...]:
    return (ip_address("93.184.216.34"),)


class House:
    """An outbound room over a store in memory, and a dispatcher's part of the work."""

    def __init__(
        self,
        config: Config,
        *,
        sender: Sender | None = None,
        clock: Clock | None = None,
        store: MemoryStore | None = None,
        resolver: Callable[[str, int], Coroutine[Any, Any, tuple[Address, ...]]] | None = public,
    ) -> None:
        self.clock = clock or FakeClock()
        self.store = store or MemoryStore()
        self.writer = DirectWriter(self.store)
        self.ids = IdSource(self.clock)
        self.outbound = Outbound(
            config, self.writer, self.ids, self.clock, resolver=resolver, sender=sender, draw=lambda: 0.5
        )
        self.sender = sender
        self.jobs: list[str] = []

    async def __aenter__(self) -> Self:
        await self.outbound.start()
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if kind is not None and self.sender is not None:
            await self.sender.aclose()  # a test that failed has nothing to wait for
        await self.outbound.drain()

    def end_job(self, *, callback_url: str | None = None, command: str = "greet", tell: bool = True) -> str:
        """Store a job and its end, as the dispatcher does."""
        now = self.clock.now()
        job = Job(
            id=self.ids(),
            plugin="hello",
            command=command,
            lane="hello/greet",
            args=b"{}",
            submitted_at=now,
            run_at=now,
            callback_url=callback_url,
        )
        lease = Lease(1, "local", now + 1000)
        done = replace(job, status="succeeded", attempt=1, result=b'"PAYLOAD"', completed_at=now)
        deliveries = self.outbound.outbox.plan(done, now)
        finish = Finish(now=now, job_id=job.id, token=1, status="succeeded", outcome="succeeded", deliveries=deliveries)
        results = self.store.apply([Enqueue(now=now, job=job, lease=lease), finish])
        assert results[1] == Done()
        self.jobs.append(job.id)
        if tell:
            self.outbound.outbox.committed(deliveries)
        return job.id

    async def deliveries(self) -> list[Delivery]:
        return [delivery for job in self.jobs for delivery in await self.store.deliveries(job)]

    async def statuses(self) -> Counter[str]:
        # Asked at every step, so all at once: job by job it takes most of a test with thousands of them.
        jobs = set(self.jobs)
        found = await self.store.find_deliveries(DeliveryQuery(limit=1_000_000))
        return Counter(delivery.status for delivery in found.deliveries if delivery.job_id in jobs)

    async def only(self) -> tuple[Delivery, tuple[DeliveryAttempt, ...]]:
        (delivery,) = await self.deliveries()
        return delivery, await self.store.delivery_attempts(delivery.id)

    async def until(self, what: Callable[[Counter[str]], bool]) -> None:
        """Return when the statuses of all deliveries are as wanted; looked at after every operation."""
        async with asyncio.timeout(60):
            while not what(await self.statuses()):
                self.writer.changed.clear()
                await self.writer.changed.wait()

    async def pass_time(self, millis: int) -> None:
        """Let the clock go on once everything that can happen now has happened."""
        await idle()
        assert isinstance(self.clock, FakeClock)
        self.clock.advance(millis)
        await idle()


async def idle() -> None:
    """Let everything that is ready on the loop run, with nothing to wait for but the loop itself."""
    for _ in range(50):
        await asyncio.sleep(0)


def iterated(answers: list[Answer | SendError]) -> Iterator[Answer | SendError]:
    return iter(answers)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def one(schedule: tuple[int, ...] | None = None, per_endpoint: int = 32) -> Config:
    settings = OutboundSettings(concurrency_per_endpoint=per_endpoint)
    if schedule is not None:
        settings = replace(settings, schedule=tuple(Duration(wait) for wait in schedule))
    return Config(endpoints={"main": endpoint()}, outbound=settings)


def hosts(**names: str) -> dict[str, EndpointSettings]:
    return {name: endpoint(f"https://{name}.example/", commands=f"hello/{command}") for name, command in names.items()}
