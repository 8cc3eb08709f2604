"""What an attempt says of its receiver: the line learns it, and whoever keeps the endpoints is told."""

from collections.abc import Callable
from typing import Final

from hookyard import log
from hookyard.model import DeliveryAttempt
from hookyard.outbound.destination import Destination, Destinations
from hookyard.outbound.lines import Line
from hookyard.outbound.policy import Verdict

_log = log.get("outbound")
_HUNG: Final = frozenset({"timeout", "connect_timeout"})
_TOLD: Final = {"closed": "closed", "open": "opened", "half_open": "half_open"}


class Outcome:
    """Draws the conclusions.

    Args:
        destinations: told how receivers are.
        spill: gives back what waits for a line that nothing is sent to for a while.
    """

    def __init__(self, destinations: Destinations, spill: Callable[[Line, int], None]) -> None:
        self._destinations = destinations
        self._spill = spill

    def learn(
        self, line: Line, destination: Destination, verdict: Verdict, attempt: DeliveryAttempt, epoch: int
    ) -> None:
        """An attempt was made.

        Args:
            line: of its receiver.
            destination: where it went.
            verdict: what becomes of the delivery.
            attempt: its record.
            epoch: of the line's breaker, when it began.
        """
        began, took = attempt.started_at, attempt.duration
        now = began + took
        line.ended(now, took, answered=attempt.status is not None, hung=attempt.error in _HUNG)
        name = destination.endpoint
        if verdict.status == "delivered":
            if line.gated:
                line.throttle.succeeded(began, now)
            if name is not None:
                self._destinations.succeeded(name, now)
        elif name is not None and verdict.alive is not None:
            self._destinations.failed(name, now, verdict.error or "")
        if verdict.disable is not None and name is not None:
            self._destinations.disable(name, verdict.disable, now, verdict.error or "")
        if verdict.pause_until is not None:
            line.pause(verdict.pause_until, began, now)
        turned = line.circuit.ended(verdict.alive, epoch, now)
        if line.gated or turned:
            line.regate(now)
        if turned:
            self.tell(line, destination, now)
        if line.gated and line.opens_at(now) > now:
            self._spill(line, now)

    def tell(self, line: Line, destination: Destination, now: int) -> None:
        """The breaker of a line has turned."""
        circuit = line.circuit
        until = circuit.until if circuit.state == "open" else None
        _log.warning(
            "endpoint.breaker",
            endpoint=destination.endpoint or line.key,
            state=circuit.state,
            failures=circuit.failures,
        )
        if destination.endpoint is not None:
            state = _TOLD[circuit.state]
            self._destinations.breaker(destination.endpoint, state, circuit.failures, now, until)
