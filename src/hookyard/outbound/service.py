"""The room as the rest of the house sees it: one object, built from the configuration."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Final

from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.egress.resolver import Resolver
from hookyard.errors import StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import Delivery
from hookyard.outbound.courier import Courier, OutcomeWriter
from hookyard.outbound.endpoints import (
    BringForward,
    DeadLetters,
    Encryption,
    EndpointHealth,
    Endpoints,
    EndpointStore,
    Maker,
    Manager,
    RecentDead,
    Telling,
)
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.http import HttpSender
from hookyard.outbound.lines import LineState
from hookyard.outbound.outbox import Outbox
from hookyard.outbound.overview import EndpointCounts, log_overview, overview
from hookyard.outbound.problems import problems, url_problem
from hookyard.outbound.recovery import Recovery
from hookyard.outbound.sender import Sender
from hookyard.store.contract import FinishDelivery, Op, ReclaimDeliveries, Store, Together
from hookyard.webhook_secret import PublicKey

_AT_ONCE: Final = 200
_FEWEST_RECALLED: Final = 100
_MOST_RECALLED: Final = 1_000
"""Deliveries of an endpoint whose tries are looked at, to know what of its rate is used up."""


class Outbound:
    """Outgoing webhooks. Made and used on one event loop, of a configuration without :meth:`problems`.

    Args:
        config: endpoints and settings.
        writer: the coalescer, or whatever takes operations as it does.
        ids: where the ids of deliveries come from.
        clock: where time comes from.
        resolver: from names to addresses; the machine's own if left out.
        sender: the HTTP client; the house's own if left out.
        draw: random numbers in [0, 1) for the jitter of the schedule.
        ended: told of every delivery that is over, with what is stored of it.
    """

    def __init__(
        self,
        config: Config,
        writer: OutcomeWriter,
        ids: IdSource,
        clock: Clock,
        *,
        resolver: Resolver | None = None,
        sender: Sender | None = None,
        draw: Callable[[], float] = random.random,
        ended: Callable[[Delivery, FinishDelivery], None] | None = None,
    ) -> None:
        self._writer = writer
        self._ids = ids
        self._clock = clock
        self._config = config
        self._unsaved: list[Op] = []
        settings = config.outbound
        agent = f"Hookyard/{version('hookyard')}"
        source = config.server.public_url or "hookyard"
        maker = self._maker = Maker(
            settings,
            clock=clock,
            resolver=resolver,
            draw=draw,
            agent=agent,
            source=source,
            keyring=_keyring(config),
        )
        endpoints = self._endpoints = Endpoints(config, maker, clock.now())
        sender = sender or HttpSender()
        self._guard = maker.guard
        self._grace = int(settings.timeout)
        self._courier = Courier(
            writer=writer, destinations=endpoints, sender=sender, settings=settings, clock=clock, ended=ended
        )
        self.outbox = Outbox(endpoints=endpoints, courier=self._courier, ids=ids, most=int(settings.max_body))
        self.telling = Telling(self.outbox)
        self.recent_dead = RecentDead(endpoints, clock)
        self._dead = DeadLetters(endpoints, self.telling, writer, self.recent_dead, clock)
        self._courier.tell_of_dead(self._dead)
        self.outbox.unsendable = self._dead.unsendable
        self._health = endpoints.health = EndpointHealth(endpoints, self.telling, writer, clock)
        self._forward = BringForward(endpoints=endpoints, writer=writer, expect=self._courier.expect, clock=clock)
        endpoints.resumed = self._forward.begin
        self.manager = Manager(
            endpoints=endpoints,
            maker=maker,
            health=self._health,
            telling=self.telling,
            writer=writer,
            clock=clock,
            changed=self._courier.forget,
        )
        self._encryption = Encryption(
            endpoints=endpoints, maker=maker, lock=self.manager.lock, writer=writer, clock=clock
        )

    async def start(self, store: EndpointStore | None = None) -> None:
        """Begin to send what an earlier process left to be sent, first of all what it was about to send.

        Args:
            store: what knows of endpoints besides those of the configuration, and how all of them were.
        """
        if store is not None:
            await self._write(self._endpoints.load(self._config, await store.endpoints(), self._clock.now()))
            await self._health.load(store)
        await self._writer.submit(ReclaimDeliveries(now=self._clock.now()))
        if store is not None:
            await self._recall(store)
        self._encryption.begin()
        self._courier.start()

    async def _recall(self, store: EndpointStore) -> None:
        """What of their rates endpoints had used up when the last process ended.

        It is known of the tries of their newest deliveries. With more than those waiting, or a store that does not say,
        all of it was used up.
        """
        for entry in list(self._endpoints):
            if entry.destination is None or (rate := entry.destination.rate) is None:
                continue
            now, name = self._clock.now(), entry.row.name
            limit = max(_FEWEST_RECALLED, min(2 * rate.count, _MOST_RECALLED))
            starts = [now] * rate.count
            with suppress(StoreUnavailable):
                backlog = await store.backlog(name)
                if 2 * (backlog.pending + backlog.held) <= limit:
                    starts = [tried.started_at for tried in await store.endpoint_attempts(name, limit=limit)]
            self._courier.recall(name, entry.destination, starts)

    async def drain(self) -> None:
        """Wait for the requests under way, for as long as one may take, and give the rest back to the store."""
        await self._encryption.drain()
        await self._forward.drain()
        await self._courier.drain(self._grace)
        await self._dead.drain()
        await self._health.drain()

    async def claim(self, config: Config) -> tuple[tuple[str, str], ...]:
        """What keeps :meth:`use` from using it, as (key path, message): names of endpoints that HTTP has given."""
        return await self.manager.claim(config)

    def use(self, config: Config) -> None:
        """Go on with these endpoints at once; the settings of `outbound` stay as they are. :meth:`save` must follow."""
        self._config = config
        self._maker.keyring = _keyring(config)
        changed, ops = self._endpoints.use(config, self._clock.now())
        self._unsaved += ops
        for name in changed:
            self._health.forget(name)
            self._courier.forget(name)

    async def save(self) -> None:
        """Write down what :meth:`use` changed.

        Raises:
            StoreUnavailable: the store cannot take it now; the next call, or the next start, makes up for it.
        """
        async with self.manager.lock:
            await self._write(self._unsaved)
            self._unsaved.clear()
        self._encryption.begin()

    async def _write(self, ops: Sequence[Op]) -> None:
        now = self._clock.now()
        for begin in range(0, len(ops), _AT_ONCE):
            await self._writer.submit(Together(now=now, ops=tuple(ops[begin : begin + _AT_ONCE])))

    def recovery(self, store: Store) -> Recovery:
        """What sends again out of this store."""
        return Recovery(
            store=store,
            write=self._writer.submit,
            endpoints=self.manager,
            plans=self.outbox,
            expect=self._courier.expect,
            probe=self._courier.probe,
            ids=self._ids,
            clock=self._clock,
        )

    def state(self, name: str) -> LineState:
        """How the requests to an endpoint go at this moment."""
        return self._courier.state(name)

    async def overview(self) -> EndpointCounts:
        """How all endpoints are together."""
        dead = await self.recent_dead.names()
        return overview(list(self._endpoints), self.state, dead)

    async def log_overview(self, store: Store) -> None:
        """Learn which have dead letters, then write one line on how they are, and how much waits for them."""
        await self.recent_dead.load(store)
        await log_overview(await self.overview(), list(self._endpoints), store)

    def public_key(self, kid: str) -> PublicKey | None:
        """The public key of an endpoint, by its thumbprint."""
        return self._endpoints.public_key(kid)

    def check_callback(self, url: str) -> str | None:
        """Why this callback URL can never be sent to, as a sentence for its caller; None if it may be."""
        why = url_problem(self._guard, url)
        return None if why is None else f"{why[0].upper()}{why[1:]}."

    @staticmethod
    def problems(config: Config) -> tuple[tuple[str, str], ...]:
        """Everything that is wrong with endpoints and outbound settings, as (key path, message)."""
        return tuple(problems(config))


def _keyring(config: Config) -> Keyring:
    return Keyring(key.reveal() for key in config.encryption.keys)
