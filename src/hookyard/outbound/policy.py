"""What becomes of a delivery after an attempt: pure functions of the answer, the schedule and a random number.

| answer | the delivery | its endpoint | its breaker |
|---|---|---|---|
| 2xx | delivered | | an answer |
| 410 | failed for good as `gone` | disabled, reason `gone` | an answer |
| `webhook-delivery: disable` | failed as `aborted`; delivered with 2xx | disabled, reason `receiver` | by its status |
| `webhook-delivery: abort` or `abort-message` | failed for good as `aborted`; with 2xx it arrived | | by its status |
| 429 | again by the schedule | pauses, then is sent less | an answer |
| 502, 504 | again by the schedule | pauses, then is sent less | a failure |
| other 4xx, 5xx with `Retry-After` | again, not before that | pauses, then is sent less | as without |
| other 4xx | again by the schedule | | an answer: somebody is there, it may be the event's fault |
| 3xx, which is never followed | again, not before a `Retry-After` | | a failure |
| any other, none, or no address | again by the schedule | | a failure |
| refused by the egress guard | failed for good as `egress_refused` | | a failure |
| an error of our own (`internal`) | again by the schedule | | says nothing |

`Retry-After` makes the wait longer, never shorter, up to a bound: a receiver that asks for a second would
otherwise use up the schedule in seconds. Whatever the last entry of the schedule was used up for has failed for good.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

from hookyard.model import DisabledReason
from hookyard.outbound.retry_after import wait_asked
from hookyard.outbound.sender import Answer

SLOW_DOWN: Final = frozenset({429, 502, 504})
GONE: Final = 410
LONGEST_PAUSE: Final = 60_000
"""Milliseconds an endpoint pauses when its receiver does not say how long: old deliveries wait for hours, and what is
new should not wait with them."""
_REDIRECTS: Final = 300
_REFUSED: Final = 400
_BROKEN: Final = 500
_MOST_WISH: Final = 64
_ENDING: Final = frozenset({"abort", "abort-message", "disable"})
"""Wishes that end a delivery; `abort-message` is how receivers that were written for Svix say `abort`."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What to store of an attempt, and what to do about its endpoint."""

    status: Literal["delivered", "failed", "pending"]
    error: str | None = None
    """One word; None when it was delivered."""
    next_at: int | None = None
    """When to try again; only with `pending`."""
    pause_until: int | None = None
    """Until when the endpoint gets nothing; it is also sent less from then on."""
    disable: DisabledReason | None = None
    """Why the endpoint gets nothing any more."""
    alive: bool | None = False
    """Whether somebody is there, as the breaker counts it; None: this says nothing of that."""


DELIVERED: Final = Verdict(status="delivered", alive=True)


def refused(error: str) -> Verdict:
    """The verdict on what can never be sent."""
    return Verdict(status="failed", error=error)


class Policy:
    """The rules above for one endpoint. Attempts count from 1 within a round, which a resend begins anew.

    Args:
        schedule: milliseconds to wait before each attempt, at least one.
        jitter: the share of a wait by which it is drawn longer or shorter.
        bound: the longest `Retry-After` that is honoured, in milliseconds.
        draw: random numbers in [0, 1).
    """

    __slots__ = ("_bound", "_draw", "_jitter", "_schedule")

    def __init__(self, schedule: Sequence[int], jitter: float, bound: int, draw: Callable[[], float]) -> None:
        self._schedule = tuple(int(wait) for wait in schedule)
        self._jitter = jitter
        self._bound = bound
        self._draw = draw

    def first_wait(self) -> int:
        """Milliseconds before the first attempt."""
        return self._wait(0)

    def answered(self, answer: Answer, attempt: int, now: int) -> Verdict:
        """The verdict on an answer.

        Args:
            answer: what the receiver said.
            attempt: the attempt's number within its round, from 1.
            now: milliseconds since 1970-01-01 UTC.
        """
        status = answer.status
        wish = None if answer.wish is None else answer.wish[:_MOST_WISH].strip().lower()
        disable: DisabledReason | None = "receiver" if wish == "disable" else None
        if 200 <= status < _REDIRECTS:  # noqa: PLR2004  what success means in HTTP
            return DELIVERED if disable is None else Verdict(status="delivered", disable=disable, alive=True)
        alive = _REFUSED <= status < _BROKEN
        if status == GONE:
            return Verdict(status="failed", error="gone", disable="gone", alive=True)
        if wish in _ENDING:
            return Verdict(status="failed", error="aborted", disable=disable, alive=alive)
        asked = 0 if answer.retry_after is None else min(self._bound, wait_asked(answer.retry_after, now))
        slow_down = status in SLOW_DOWN or (asked > 0 and status >= _REFUSED)
        return self._again(f"http_{status}", attempt, now, asked, slow_down=slow_down, alive=alive)

    def unanswered(self, error: str, attempt: int, now: int) -> Verdict:
        """The verdict on an attempt that got no answer, which `error` names in one word."""
        return self._again(error, attempt, now, 0, alive=None if error == "internal" else False)

    def refused(self, error: str) -> Verdict:
        """The verdict on what can never be sent."""
        return refused(error)

    def _again(
        self, error: str, attempt: int, now: int, asked: int, *, alive: bool | None, slow_down: bool = False
    ) -> Verdict:
        pause = None
        if attempt >= len(self._schedule):
            if slow_down:
                pause = now + (asked or LONGEST_PAUSE)
            return Verdict(status="failed", error=error, pause_until=pause, alive=alive)
        wait = max(asked, self._wait(attempt))
        if slow_down:
            pause = now + (asked or min(wait, LONGEST_PAUSE))
        return Verdict(status="pending", error=error, next_at=now + wait, pause_until=pause, alive=alive)

    def _wait(self, index: int) -> int:
        wait = self._schedule[index]
        return round(wait * (1 + self._jitter * (2 * self._draw() - 1))) if wait else 0
