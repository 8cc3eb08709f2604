"""All routes of jobs together."""

from litestar.handlers import HTTPRouteHandler

from hookyard.gateway.artifacts import Artifacts
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.jobs.bulk import Bulk
from hookyard.gateway.jobs.change import Changes
from hookyard.gateway.jobs.create import Creation
from hookyard.gateway.jobs.events import JobEvents
from hookyard.gateway.jobs.log import JobLogs
from hookyard.gateway.jobs.one import OneJob
from hookyard.gateway.jobs.page import Listing
from hookyard.gateway.jobs.parts import Parts
from hookyard.gateway.jobs.result import Results
from hookyard.gateway.jobs.sweep import Sweeps
from hookyard.gateway.jobs.tree import Trees
from hookyard.gateway.sources.kept import KeptEvents
from hookyard.gateway.tables import Live


def job_handlers(deps: GatewayDeps, live: Live) -> list[HTTPRouteHandler]:
    """Return all of them; `live` has the tables that hold now."""
    access = JobAccess(deps, lambda: live.tables.registry)
    return [
        *Creation(deps, live).handlers(),
        *Bulk(deps, live).handlers(),
        *Sweeps(deps).handlers(),
        *Changes(deps, access).handlers(),
        *OneJob(deps, access).handlers(),
        *Listing(deps, access).handlers(),
        *Parts(deps, access).handlers(),
        *Results(deps, access).handlers(),
        *Trees(deps, access).handlers(),
        *JobEvents(deps, access).handlers(),
        *JobLogs(deps, access).handlers(),
        *Artifacts(deps, access).handlers(),
        *KeptEvents(deps, live, access).handlers(),
    ]
