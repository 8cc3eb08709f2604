"""What a sender sent that a job came of: showing it, and making jobs of it anew."""

from typing import Any, Final

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import require_nothing
from hookyard.gateway.caller import entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.sources.views import ReplayAnswer, Replayed, inbound_view
from hookyard.gateway.tables import Live
from hookyard.inbound.received import Received
from hookyard.model import Inbound, Job

_NONE: Final = "The job came of no webhook."
_NOT_KEPT: Final = "What the sender sent was not kept: the job is older than the version of Hookyard that does so."


class KeptEvents:
    """The routes."""

    def __init__(self, deps: GatewayDeps, live: Live, access: JobAccess) -> None:
        self._deps = deps
        self._live = live
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            get("/api/v1/jobs/{job_id:str}/inbound")(self.show),
            post("/api/v1/jobs/{job_id:str}/replay", status_code=202)(self.replay),
        ]

    async def show(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Show what a sender sent that the job came of."""
        job = await self._access.readable(request, job_id)
        return value_answer(inbound_view(await self._inbound(job), job))

    async def replay(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """Make jobs anew of the event that a job came of, by the routes that the source has now.

        It counts as no duplicate of the delivery: whoever replays an event wants it to run again. From then on the
        delivery is known by what the replay made. Of the jobs that other routes have made of the same event none is
        made again.
        """
        principal, job = await self._access.changeable(request, job_id)
        await require_nothing(request, self._deps)
        inbound = await self._inbound(job)
        way = self._live.tables.sources.get(inbound.source)
        if way is None:
            raise Refused("not_found", f"The source {inbound.source!r} is not there any more.")
        audit = entry(request, principal, self._deps, "job.replay", job.id, {"source": inbound.source})
        received = Received(
            source=inbound.source,
            event=inbound.event,
            delivery=inbound.delivery,
            digest=b"",
            body=job.args if inbound.body is None else inbound.body,
            headers=inbound.headers or {},
        )
        stored = await way.replay(received, job, audit)
        jobs = [Replayed(job_id=one.job_id, plugin=command.plugin, command=command.name) for one, command in stored]
        return value_answer(ReplayAnswer(event=inbound.event, jobs=jobs), 202)

    async def _inbound(self, job: Job) -> Inbound:
        found = None if job.source is None else await self._deps.store.inbound(job.id)
        if found is None:
            raise Refused("not_found", _NONE if job.source is None else _NOT_KEPT)
        return found
