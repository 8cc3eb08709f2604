"""Sending again what an endpoint did not get: `recover`, `replay`, and `purge` of what nobody wants any more.

Each call is one page: it looks at a bounded number of rows, and answers where to go on.
"""

from collections.abc import Callable
from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard import ids
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import entry
from hookyard.gateway.deliveries.finding import find
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess
from hookyard.gateway.endpoints.bodies import Moved, Purge, Recover, Replay, ReplayedView, Window, window_of
from hookyard.gateway.paging import DELIVERIES, OLDEST_FIRST, REPLAYS
from hookyard.model import Delivery, DeliveryStatus
from hookyard.store.contract import DeliveryQuery
from hookyard.store.rules import is_recovered


class RecoveryRoutes:
    """The routes."""

    def __init__(self, deps: GatewayDeps, access: EndpointAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        one = "/api/v1/endpoints/{name:str}"
        return [
            post(f"{one}/recover", status_code=200)(self.recover),
            post(f"{one}/replay", status_code=200)(self.replay),
            post(f"{one}/purge", status_code=200)(self.purge),
        ]

    async def recover(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Send again what failed for good, and now what waits, if that is wanted too."""
        principal, _ = self._access.writable(request, name)
        asked = await body_of(request, self._deps, Recover)
        since, until = window_of(asked)
        if asked.dry_run:
            now = self._deps.clock.now()
            statuses: tuple[DeliveryStatus, ...] = ("failed", "pending") if asked.waiting else ("failed",)
            return value_answer(await self._count(name, asked, statuses, _recovered(now)))
        after = OLDEST_FIRST.row(asked.cursor)
        facts = {**_facts(asked, since, until), "waiting": asked.waiting}
        audit = entry(request, principal, self._deps, "endpoint.recover", name, facts)
        moved = await self._access.recovery.recover(
            name, since=since, until=until, after=after, limit=asked.limit, audit=audit, waiting=asked.waiting
        )
        return value_answer(Moved(count=moved.count, next=_oldest_first(moved.next), dry_run=False))

    async def purge(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Delete deliveries."""
        principal, _ = self._access.writable(request, name)
        asked = await body_of(request, self._deps, Purge)
        since, until = window_of(asked)
        statuses = tuple(dict.fromkeys(asked.statuses))
        if asked.dry_run:
            return value_answer(await self._count(name, asked, statuses))
        after = OLDEST_FIRST.row(asked.cursor) or ids.last_before(since)
        facts = {**_facts(asked, since, until), "statuses": statuses}
        audit = entry(request, principal, self._deps, "endpoint.purge", name, facts)
        moved = await self._access.recovery.purge(
            name, statuses=statuses, until=until, after=after, limit=asked.limit, audit=audit
        )
        return value_answer(Moved(count=moved.count, next=_oldest_first(moved.next), dry_run=False))

    async def replay(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Send what an endpoint would have been told, and was not."""
        principal, _ = self._access.writable(request, name)
        asked = await body_of(request, self._deps, Replay)
        since, until = window_of(asked)
        after = REPLAYS.row(asked.cursor)
        audit = entry(request, principal, self._deps, "endpoint.replay", name, _facts(asked, since, until))
        done = await self._access.recovery.replay(
            name, since=since, until=until, after=after, limit=asked.limit, audit=audit, dry_run=asked.dry_run
        )
        more = None if done.next is None else REPLAYS.after(done.next)
        return value_answer(
            ReplayedView(planned=done.planned, looked_at=done.looked_at, next=more, dry_run=asked.dry_run)
        )

    async def _count(
        self,
        name: str,
        asked: Recover | Purge,
        statuses: tuple[DeliveryStatus, ...],
        counts: Callable[[Delivery], bool] = lambda _: True,
    ) -> Moved:
        """How many there are, page by page as their list is: newest first."""
        since, until = window_of(asked)
        query = DeliveryQuery(
            endpoint=name,
            created_since=since,
            created_until=until,
            before=DELIVERIES.row(asked.cursor),
            limit=asked.limit,
        )
        found = await find(self._deps.store, query, statuses)
        count = sum(map(counts, found.deliveries))
        return Moved(count=count, next=None if found.next is None else DELIVERIES.after(found.next), dry_run=True)


def _recovered(now: int) -> Callable[[Delivery], bool]:
    return lambda one: is_recovered(one.status, one.last_error, one.next_at, now)


def _oldest_first(row: str | None) -> str | None:
    return None if row is None else OLDEST_FIRST.after(row)


def _facts(asked: Window, since: int, until: int | None) -> dict[str, object]:
    return {"since": since, "until": until, "limit": asked.limit, "first": asked.cursor is None}
