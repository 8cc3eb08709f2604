"""One attempt at one delivery: look up where it goes, sign, pass the guard, send, judge the answer."""

from functools import lru_cache
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.egress.guard import EgressError, Guard
from hookyard.egress.resolver import ResolveError
from hookyard.egress.urls import UrlError, parse
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.endpoints import Endpoints, Route
from hookyard.outbound.policy import Policy, Verdict
from hookyard.outbound.sender import Answer, Channel, Sender, SendError

_log = log.get("outbound")
HELD: Final = 300_000
"""Milliseconds after which a delivery is looked at again whose endpoint the configuration disables."""


class Attempts:
    """Carries out attempts.

    Args:
        agent: the `user-agent` of every request.
    """

    def __init__(
        self, *, endpoints: Endpoints, guard: Guard, sender: Sender, policy: Policy, clock: Clock, agent: str
    ) -> None:
        self._endpoints = endpoints
        self._guard = guard
        self._sender = sender
        self._policy = policy
        self._clock = clock
        self._agent = agent

    def line_key(self, delivery: Delivery) -> str:
        """What a delivery's requests are counted under: its endpoint, or the place its callback URL names."""
        if delivery.endpoint is not None:
            return delivery.endpoint
        return _place(delivery.url or "")

    def route(self, delivery: Delivery) -> Route | Verdict | None:
        """Where a delivery goes; a verdict if it never can, None if it cannot as things stand."""
        if delivery.endpoint is None:
            signer = self._endpoints.callback_signer
            return None if signer is None or delivery.url is None else Route(delivery.url, signer)
        endpoint = self._endpoints.get(delivery.endpoint)
        if endpoint is None:
            return self._policy.refused("endpoint_removed")
        if endpoint.gone:
            return self._policy.refused("endpoint_disabled")
        return endpoint.route if endpoint.enabled else None

    def unsent(self, delivery: Delivery, verdict: Verdict) -> DeliveryAttempt:
        """The record of a delivery that ends without being sent."""
        return self._record(delivery, self._clock.now(), None, verdict)

    async def run(self, delivery: Delivery, route: Route) -> tuple[Verdict, DeliveryAttempt]:
        """Send a delivery once. Raises nothing of its own: whatever goes wrong is in the verdict."""
        started = self._clock.now()
        answer: Answer | None = None
        try:
            answer = await self._send(delivery, route, started)
        except SendError as error:
            verdict = self._policy.unanswered(str(error), delivery.attempt - delivery.round_start, self._clock.now())
        except ResolveError as error:
            _log.warning("delivery.unresolved", **named(delivery), detail=str(error))
            verdict = self._policy.unanswered("dns", delivery.attempt - delivery.round_start, self._clock.now())
        except EgressError as error:
            _log.warning("delivery.refused", **named(delivery), detail=f"the URL {error}")
            verdict = self._policy.refused("egress_refused")
        except Exception:  # noqa: BLE001  one delivery's misfortune must not end the courier
            _log.exception("delivery.broken", **named(delivery))
            verdict = self._policy.unanswered("internal", delivery.attempt - delivery.round_start, self._clock.now())
        else:
            now = self._clock.now()
            verdict = self._policy.answered(answer, delivery.attempt - delivery.round_start, now)
        return verdict, self._record(delivery, started, answer, verdict)

    async def _send(self, delivery: Delivery, route: Route, started: int) -> Answer:
        target = self._guard.known(route.url) or await self._guard.target(route.url)
        seconds = str(started // 1000)
        headers = {
            "webhook-id": delivery.id,
            "webhook-timestamp": seconds,
            "webhook-signature": route.signer.sign(delivery.id, seconds, delivery.body),
            "content-type": "application/json",
            "user-agent": self._agent,
        }
        channel = Channel(key=self.line_key(delivery), timeout=15, connect_timeout=5)
        return await self._sender.send(target, headers, delivery.body, channel)

    def _record(self, delivery: Delivery, started: int, answer: Answer | None, verdict: Verdict) -> DeliveryAttempt:
        return DeliveryAttempt(
            delivery_id=delivery.id,
            number=delivery.attempt,
            started_at=started,
            duration=max(0, self._clock.now() - started),
            status=None if answer is None else answer.status,
            error=verdict.error,
            response=None if answer is None else answer.body,
        )


@lru_cache(maxsize=4096)
def _place(url: str) -> str:
    try:
        parsed = parse(url)
    except UrlError:
        return "@"
    return f"@{parsed.host}:{parsed.port}"


def named(delivery: Delivery) -> dict[str, str | None]:
    """Which delivery a line of the log is about."""
    return {"delivery_id": delivery.id, "job_id": delivery.job_id, "request_id": delivery.request_id}
