"""One attempt at one delivery: pass the guard, render and sign, send, judge the answer."""

from hookyard import log
from hookyard.clock import Clock
from hookyard.egress.guard import EgressError
from hookyard.egress.resolver import ResolveError
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.destination import Destination
from hookyard.outbound.policy import Verdict
from hookyard.outbound.sender import Answer, Sender, SendError

_log = log.get("outbound")


class Attempts:
    """Carries out attempts."""

    def __init__(self, *, sender: Sender, clock: Clock) -> None:
        self._send = sender.send
        self._now = clock.now

    def unsent(self, delivery: Delivery, verdict: Verdict) -> DeliveryAttempt:
        """The record of a delivery that ends without being sent."""
        return _record(delivery, now := self._now(), now, None, verdict)

    async def run(self, delivery: Delivery, destination: Destination, started: int) -> tuple[Verdict, DeliveryAttempt]:
        """Send a delivery once. Raises nothing of its own: whatever goes wrong is in the verdict.

        Args:
            delivery: what is sent.
            destination: where it goes.
            started: now, in milliseconds.
        """
        answer: Answer | None = None
        try:
            target = destination.guard.known(destination.url) or await destination.guard.target(destination.url)
            rendered = destination.form.render(delivery.id, delivery.event, delivery.body, started)
            answer = await self._send(target, rendered.headers, rendered.body, destination.channel)
        except Exception as error:  # noqa: BLE001  one delivery's misfortune must not end the courier
            ended = self._now()
            verdict = _unanswered(delivery, destination, error, ended)
        else:
            ended = self._now()
            verdict = destination.policy.answered(answer, delivery.attempt - delivery.round_start, ended)
        return verdict, _record(delivery, started, ended, answer, verdict)


def _unanswered(delivery: Delivery, destination: Destination, error: Exception, now: int) -> Verdict:
    policy, attempt = destination.policy, delivery.attempt - delivery.round_start
    if isinstance(error, SendError):
        return policy.unanswered(str(error), attempt, now)
    if isinstance(error, ResolveError):
        _log.warning("delivery.unresolved", **named(delivery), detail=str(error))
        return policy.unanswered("dns", attempt, now)
    if isinstance(error, EgressError):
        _log.warning("delivery.refused", **named(delivery), detail=f"the URL {error}")
        return policy.refused("egress_refused")
    _log.error("delivery.broken", **named(delivery), exc_info=error)
    return policy.unanswered("internal", attempt, now)


def _record(delivery: Delivery, started: int, ended: int, answer: Answer | None, verdict: Verdict) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=delivery.id,
        number=delivery.attempt,
        started_at=started,
        duration=max(0, ended - started),
        status=None if answer is None else answer.status,
        error=verdict.error,
        response=None if answer is None else answer.body,
    )


def named(delivery: Delivery) -> dict[str, str | None]:
    """Which delivery a line of the log is about."""
    return {"delivery_id": delivery.id, "job_id": delivery.job_id, "request_id": delivery.request_id}
