"""`POST /api/v1/endpoints/{name}/test`: a sample, and how its first attempt went."""

import asyncio
from typing import Any, Final

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard.clock import Clock, rfc3339
from hookyard.gateway.answer import Headers, value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import entry, seen
from hookyard.gateway.deliveries.views import AttemptRow, attempt_of
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.bodies import SendSample
from hookyard.gateway.endpoints.warning import Declared
from hookyard.gateway.request import preferences
from hookyard.model import Delivery, DeliveryAttempt, DeliveryStatus
from hookyard.store.contract import Store

_SHORTEST: Final = 10
_LONGEST: Final = 500
"""Milliseconds between two looks at the store: doubled from the one to the other."""


class SampleSent(Struct, frozen=True, kw_only=True):
    """A sample that is on its way."""

    delivery_id: str
    event: str
    status: DeliveryStatus


class SampleTried(SampleSent, frozen=True, kw_only=True):
    """A sample and the first attempt to send it; one that failed is tried again as any delivery is."""

    attempt: AttemptRow
    next_at: str | None
    """When it is tried again; null when it is not, or when nothing is sent to its endpoint now."""


class SampleRoute:
    """The route; `declared` gives the types of events that plugins declare at this moment, with their names."""

    def __init__(self, deps: GatewayDeps, access: EndpointAccess, declared: Declared) -> None:
        self._deps = deps
        self._declared = declared
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [post("/api/v1/endpoints/{name:str}/test", status_code=202)(self.test)]

    async def test(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Send a sample."""
        principal, _ = self._access.writable(request, name)
        asked = await body_of(request, self._deps, SendSample)
        prefer = preferences(seen(request).headers.get(b"prefer"))
        audit = entry(request, principal, self._deps, "endpoint.test", name, {"event": asked.event})
        sent = await self._access.recovery.test(
            name,
            event=asked.event,
            tenant=principal.tenant,
            audit=audit,
            declared=self._declared(),
        )
        headers: Headers = [(b"location", b"/api/v1/deliveries/" + sent.id.encode())]
        if prefer.wait is not None:
            seconds = min(prefer.wait, self._deps.config.server.max_wait.seconds)
            headers.append((b"preference-applied", f"wait={seconds:g}".encode()))
            sent, attempt = await first_attempt(self._deps.store, self._deps.clock, sent, seconds)
            if attempt is not None:
                return value_answer(_tried(sent, attempt), 200, headers)
        return value_answer(SampleSent(delivery_id=sent.id, event=sent.event, status=sent.status), 202, headers)


async def first_attempt(
    store: Store, clock: Clock, sent: Delivery, seconds: float
) -> tuple[Delivery, DeliveryAttempt | None]:
    """Return a delivery as it is once its first attempt is over, and that; None when there is none by then.

    What ends an attempt tells nobody but the store; the pages of those who ask are few and bounded, so it is asked.
    """
    until = clock.now() + round(seconds * 1000)
    never, pause = asyncio.Event(), _SHORTEST
    while True:
        now = clock.now()  # before the look, so that the last one sees all that was over by then
        tries = await store.delivery_attempts(sent.id)
        found = await store.delivery(sent.id) or sent
        if found.completed_at is not None:
            tries = tries or await store.delivery_attempts(sent.id)  # it may have ended between the two looks
        if tries or found.completed_at is not None or now >= until:
            return found, tries[0] if tries else None
        await clock.wait(never, min(until, now + pause))
        pause = min(2 * pause, _LONGEST)


def _tried(sent: Delivery, attempt: DeliveryAttempt) -> SampleTried:
    return SampleTried(
        delivery_id=sent.id,
        event=sent.event,
        status=sent.status,
        attempt=attempt_of(attempt),
        next_at=None if sent.completed_at is not None or sent.next_at is None else rfc3339(sent.next_at),
    )
