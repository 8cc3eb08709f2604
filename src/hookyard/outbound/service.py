"""The room as the rest of the house sees it: one object, built from the configuration."""

import random
from collections.abc import Callable
from importlib.metadata import version

from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.egress.guard import Guard
from hookyard.egress.resolver import Resolver
from hookyard.egress.rules import outbound_rules
from hookyard.ids import IdSource
from hookyard.model import Delivery
from hookyard.outbound.attempt import Attempts
from hookyard.outbound.client import ReqwestSender
from hookyard.outbound.courier import Courier
from hookyard.outbound.endpoints import Endpoints
from hookyard.outbound.ledger import Writer
from hookyard.outbound.outbox import Outbox
from hookyard.outbound.policy import Policy
from hookyard.outbound.problems import problems, url_problem
from hookyard.outbound.sender import Sender
from hookyard.store.contract import FinishDelivery, ReclaimDeliveries


class Outbound:
    """Outgoing webhooks. Made and used on one event loop, of a configuration without :meth:`problems`.

    Args:
        config: endpoints and settings.
        writer: the coalescer, or whatever takes operations as it does.
        ids: where the ids of deliveries come from.
        clock: where time comes from.
        resolver: from names to addresses; the machine's own if left out.
        sender: the HTTP client; pyreqwest if left out.
        draw: random numbers in [0, 1) for the jitter of the schedule.
        ended: told of every delivery that is over, with what is stored of it.
    """

    def __init__(
        self,
        config: Config,
        writer: Writer,
        ids: IdSource,
        clock: Clock,
        *,
        resolver: Resolver | None = None,
        sender: Sender | None = None,
        draw: Callable[[], float] = random.random,
        ended: Callable[[Delivery, FinishDelivery], None] | None = None,
    ) -> None:
        self._writer = writer
        self._clock = clock
        settings = config.outbound
        endpoints = self._endpoints = Endpoints(config)
        policy = Policy(settings.schedule, settings.jitter, int(settings.max_retry_after), draw)
        sender = sender or ReqwestSender(
            timeout=settings.timeout.seconds,
            connect_timeout=settings.connect_timeout.seconds,
            idle=settings.concurrency_per_endpoint,
        )
        self._guard = Guard(outbound_rules(settings), clock, resolver)
        self._grace = int(settings.timeout)
        attempts = Attempts(
            endpoints=endpoints,
            guard=self._guard,
            sender=sender,
            policy=policy,
            clock=clock,
            agent=f"Hookyard/{version('hookyard')}",
        )
        self._courier = Courier(
            writer=writer,
            endpoints=endpoints,
            attempts=attempts,
            settings=settings,
            clock=clock,
            sender=sender,
            ended=ended,
        )
        self.outbox = Outbox(endpoints=endpoints, courier=self._courier, policy=policy, ids=ids)

    async def start(self) -> None:
        """Begin to send what an earlier process left to be sent, first of all what it was about to send."""
        await self._writer.submit(ReclaimDeliveries(now=self._clock.now()))
        self._courier.start()

    async def drain(self) -> None:
        """Wait for the requests under way, for as long as one may take, and give the rest back to the store."""
        await self._courier.drain(self._grace)

    def use(self, config: Config) -> None:
        """Go on with these endpoints; the settings of `outbound` stay as they are."""
        self._endpoints.use(config)

    def check_callback(self, url: str) -> str | None:
        """Why this callback URL can never be sent to, as a sentence for its caller; None if it may be."""
        why = url_problem(self._guard, url)
        return None if why is None else f"{why[0].upper()}{why[1:]}."

    @staticmethod
    def problems(config: Config) -> tuple[tuple[str, str], ...]:
        """Everything that is wrong with endpoints and outbound settings, as (key path, message)."""
        return tuple(problems(config))
