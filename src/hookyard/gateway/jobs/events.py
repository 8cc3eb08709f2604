"""`GET /api/v1/jobs/{id}/events`: the life of a job, as it happens (Server-Sent Events of the HTML standard)."""

from collections import Counter
from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from hookyard.errors import Refused
from hookyard.gateway.answer import Answer
from hookyard.gateway.caller import lapsed, seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.jobs.cursor import Cursor
from hookyard.gateway.jobs.life import life
from hookyard.gateway.jobs.stream import HEADERS, EventStream, Feed
from hookyard.gateway.paging import query_of
from hookyard.model import TERMINAL, Job

MOST: Final = 64
"""How many streams one principal may have open."""
_RETRY_AFTER: Final = 5


class EventsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/jobs/{id}/events` can be asked."""

    log: bool = False
    """Whether the lines of the job's log are events too."""
    items: bool = False
    """Whether its partial results are."""


class JobEvents:
    """The route."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._deps = deps
        self._access = access
        self._open: Counter[str] = Counter()

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/jobs/{job_id:str}/events")(self.events)]

    async def events(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Send the life of a job, from where the reader stands; 204 when it has been told the end already."""
        principal, job = await self._access.read_by(request, job_id, query=True)
        known, asked = seen(request), query_of(request, EventsQuery)
        given = known.headers.get(b"last-event-id")
        cursor = Cursor() if given is None else Cursor.read(given.decode("latin-1"))
        if await self._is_told(job, cursor):
            return Answer(204, b"", [])
        if known.head:
            return Answer(200, b"", list(HEADERS))
        who = principal.name
        if self._open[who] >= MOST:
            raise Refused("rate_limited", f"There are {MOST} streams open already.", retry_after=_RETRY_AFTER)
        feed = Feed(self._deps.store, job.id, cursor, lines=asked.log, items=asked.items)
        stream = EventStream(
            feed, self._deps.dispatcher, job.id, self._draining, lambda: lapsed(request, self._deps.tokens)
        )
        return self._counted(who, stream)

    async def _is_told(self, job: Job, cursor: Cursor) -> bool:
        if job.status not in TERMINAL or cursor.place is None:
            return False
        *_, last = life(job, await self._deps.store.attempts(job.id))
        return cursor.place >= last.place

    def _draining(self) -> bool:
        return self._deps.readiness.state != "ready"

    def _counted(self, who: str, stream: EventStream) -> ASGIApp:
        async def send_it(scope: Scope, receive: Receive, send: Send) -> None:
            self._open[who] += 1
            try:
                await stream(scope, receive, send)
            finally:
                self._open[who] -= 1
                if not self._open[who]:
                    del self._open[who]

        return send_it
