"""Who may look at which job, and who may change it.

The order is the same for every route of one job: who is calling (401), whether the id is one (400, before the store is
asked), whether there is such a job for this caller (404; another principal's is not there, nor another tenant's), and
then whether it may do this (403).
"""

from collections.abc import Callable
from typing import Any

from litestar import Request
from msgspec.structs import replace

from hookyard import ids
from hookyard.auth import JOBS_READ, JOBS_WRITE, Principal
from hookyard.errors import Refused
from hookyard.gateway.caller import authenticate
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import require_no_query
from hookyard.gateway.permission import sees
from hookyard.host.registry import Registry
from hookyard.model import Job


class JobAccess:
    """Finds the job that a request names, for those who may.

    Args:
        deps: what the gateway is built from.
        registry: returns the registry that holds now.
    """

    __slots__ = ("_deps", "_registry")

    def __init__(self, deps: GatewayDeps, registry: Callable[[], Registry]) -> None:
        self._deps = deps
        self._registry = registry

    async def readable(
        self, request: Request[Any, Any, Any], text: str, scope: str = JOBS_READ, *, query: bool = False
    ) -> Job:
        """Return the job to those who may read it; arguments and errors are those of :meth:`read_by`."""
        _, job = await self.read_by(request, text, scope, query=query)
        return job

    async def read_by(
        self, request: Request[Any, Any, Any], text: str, scope: str = JOBS_READ, *, query: bool = False
    ) -> tuple[Principal, Job]:
        """Return the job, and who asks, to those who may read all of their tenant, and to the one who made it.

        Args:
            request: who asks.
            text: the id as it came.
            scope: what allows reading others' jobs; `jobs:read` implies it.
            query: whether the route looks at the query itself; else there may be none.

        Raises:
            Refused: nobody we know, no id, a query that is not understood, or no such job for this caller.
        """
        principal = authenticate(request, self._deps.tokens)
        if not query:
            require_no_query(request)
        return principal, await self._find(principal, text, scope)

    async def changeable(
        self, request: Request[Any, Any, Any], text: str, *, own: bool = False
    ) -> tuple[Principal, Job]:
        """Return the job, and who asks, to those who may change it.

        Args:
            request: who asks.
            text: the id as it came.
            own: whether the one who made the job may do this to it without `jobs:write`.

        Raises:
            Refused: as of :meth:`read_by`; or the caller may not change it.
        """
        principal = authenticate(request, self._deps.tokens)
        require_no_query(request)
        job = await self._find(principal, text, JOBS_READ)
        if not (principal.may(JOBS_WRITE) or (own and job.principal == principal.name)):
            raise Refused("forbidden")
        return principal, job

    def explained(self, job: Job) -> Job:
        """The job, with the reason when it is queued for a command that is not here."""
        if job.status == "queued" and f"{job.plugin}/{job.command}" not in self._registry().commands:
            return replace(job, reason="command_missing")
        return job

    async def _find(self, principal: Principal, text: str, scope: str) -> Job:
        job_id = ids.parse(text)
        if job_id is None:
            raise Refused("invalid_request", "That is not a job id.")
        job = await self._deps.store.job(job_id)
        if job is None or not sees(principal, job, scope):
            raise Refused("not_found", "There is no such job.")
        return self.explained(job)
