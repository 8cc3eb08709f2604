"""`GET /api/v1/endpoints/{name}/stats`: how an endpoint has been lately, and is now."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET, Struct, UnsetType

from hookyard.auth import ENDPOINTS_READ
from hookyard.clock import rfc3339
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.views import DisabledView, EndpointState, disabled_view, state_of
from hookyard.gateway.paging import require_no_query
from hookyard.model import Backlog, EndpointAttempt
from hookyard.outbound.lines import LineState
from hookyard.store.contract import INTERRUPTED

DELIVERIES: Final = 1000
"""Over how many deliveries, the newest, an endpoint's numbers are."""
_NEVER_SENT: Final = frozenset({"endpoint_disabled", "endpoint_removed", "abandoned", INTERRUPTED})
"""What ended without an attempt, or nobody knows how: it says nothing of the receiver, and would hide what does."""
_UNANSWERED: Final = "timeout"
"""Attempts without an answer that show how long a receiver takes all the same."""


class Latency(Struct, frozen=True, kw_only=True):
    """How long attempts took, in milliseconds: those that were answered, or were waited for until their timeout."""

    p50: int
    p90: int
    p99: int
    max: int


class LastError(Struct, frozen=True, kw_only=True):
    """The last attempt that failed."""

    at: str
    status: int | None
    error: str | None
    event: str
    delivery_id: str


class BacklogView(Struct, frozen=True, kw_only=True):
    """How many deliveries are open; 10,000 stands for that many or more."""

    pending: int
    held: int
    """Those that wait for an earlier one of their order."""
    sending: int
    """Those that the courier has taken and holds in memory; only `line.active` requests are under way."""
    failed: int
    """The dead letters, which are not open."""
    oldest_at: str | None
    """When the oldest open one was made."""


class LineView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How its requests go at this moment."""

    active: int
    """Requests under way."""
    waiting: int
    """Deliveries that wait in memory for their turn."""
    paused_until: str | UnsetType = UNSET
    """While its receiver asked for a pause."""
    rate: float | UnsetType = UNSET
    """Requests a second that may be sent now; left out when it is any number."""
    breaker: str
    """`closed`, `open` or `half_open`."""
    breaker_until: str | UnsetType = UNSET
    """When an open one lets a probe through."""


class EndpointStats(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an endpoint has been over its last 1000 deliveries, and is now."""

    name: str
    state: EndpointState
    problem: str | UnsetType = UNSET
    """Why nothing can be sent to it."""
    warning: str | UnsetType = UNSET
    """What is to be mended, though it is sent to: the configuration has another of its name, its `if` fails, or its
    `events` have what is nearly an event that a plugin declares."""
    disabled: DisabledView | UnsetType = UNSET
    failing_since: str | UnsetType = UNSET
    """When the first attempt failed after the last that did not."""
    dead_letter_at: str | UnsetType = UNSET
    """When a delivery to it failed for good the last time, if that is less than a day ago; left out once it is sent
    again or purged."""
    attempts: int
    delivered: int
    """Attempts that arrived."""
    failed: int
    """Attempts that did not."""
    success_rate: float | UnsetType = UNSET
    """The share of attempts that arrived, from 0 to 1; left out while there is none."""
    latency: Latency | UnsetType = UNSET
    """Left out while nothing was answered."""
    last_success_at: str | UnsetType = UNSET
    last_error: LastError | UnsetType = UNSET
    since: str | UnsetType = UNSET
    """The oldest attempt that counts."""
    backlog: BacklogView
    line: LineView | UnsetType = UNSET


class EndpointStatsRoute:
    """The route."""

    def __init__(self, deps: GatewayDeps, access: EndpointAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [get("/api/v1/endpoints/{name:str}/stats")(self.stats)]

    async def stats(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Say how an endpoint has been lately, and is now."""
        principal = allowed(request, self._deps, ENDPOINTS_READ)
        require_no_query(request)
        found = self._access.endpoints.find(name, principal.tenant)
        await self._access.look_for_dead()
        dead = self._access.dead_letter_at(name)
        kept = await self._deps.store.endpoint_attempts(name, epoch=found.row.epoch, limit=DELIVERIES)
        tries = [each for each in kept if each.error not in _NEVER_SENT]
        backlog = await self._deps.store.backlog(name, epoch=found.row.epoch)
        arrived = [each for each in tries if each.error is None]
        # By their time: an old delivery may have been tried after all newer ones.
        lost = max((each for each in tries if each.error is not None), key=_when, default=None)
        row, lines = found.row, self._deps.lines
        return value_answer(
            EndpointStats(
                name=name,
                state=state_of(found),
                problem=found.problem or UNSET,
                warning=self._access.warning(found),
                disabled=disabled_view(row),
                failing_since=UNSET if row.failing_since is None else rfc3339(row.failing_since),
                dead_letter_at=UNSET if dead is None else rfc3339(dead),
                attempts=len(tries),
                delivered=len(arrived),
                failed=len(tries) - len(arrived),
                success_rate=round(len(arrived) / len(tries), 4) if tries else UNSET,
                latency=latency_of(tries),
                last_success_at=rfc3339(max(map(_when, arrived))) if arrived else UNSET,
                last_error=UNSET if lost is None else _error_view(lost),
                since=rfc3339(min(each.started_at for each in tries)) if tries else UNSET,
                backlog=_backlog_view(backlog),
                line=UNSET if lines is None else _line_view(lines(name)),
            )
        )


def _when(tried: EndpointAttempt) -> int:
    return tried.started_at


def latency_of(tries: Sequence[EndpointAttempt]) -> Latency | UnsetType:
    """The percentiles, each of them a time that an attempt really took (nearest rank)."""
    took = sorted(each.duration for each in tries if each.status is not None or each.error == _UNANSWERED)
    if not took:
        return UNSET

    def rank(percent: int) -> int:
        return took[-(-percent * len(took) // 100) - 1]

    return Latency(p50=rank(50), p90=rank(90), p99=rank(99), max=took[-1])


def _error_view(lost: EndpointAttempt) -> LastError:
    return LastError(
        at=rfc3339(lost.started_at),
        status=lost.status,
        error=lost.error,
        event=lost.event,
        delivery_id=lost.delivery_id,
    )


def _backlog_view(backlog: Backlog) -> BacklogView:
    return BacklogView(
        pending=backlog.pending,
        held=backlog.held,
        sending=backlog.sending,
        failed=backlog.failed,
        oldest_at=None if backlog.oldest is None else rfc3339(backlog.oldest),
    )


def _line_view(line: LineState) -> LineView:
    return LineView(
        active=line.active,
        waiting=line.waiting,
        paused_until=UNSET if line.paused_until is None else rfc3339(line.paused_until),
        rate=UNSET if line.rate is None else line.rate,
        breaker=line.breaker,
        breaker_until=UNSET if line.breaker_until is None else rfc3339(line.breaker_until),
    )
