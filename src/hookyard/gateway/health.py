"""`GET /api/v1/health`: how the server and its plugins are, for people and for monitoring."""

from typing import Any, Literal

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import UNSET, Struct, UnsetType

from hookyard.auth import PLUGINS_READ
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.artifact_health import ArtifactHealth, ArtifactState
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import require_no_query
from hookyard.gateway.readiness import check_store
from hookyard.hookspecs import HealthStatus
from hookyard.outbound.overview import EndpointCounts


class PluginHealth(Struct, frozen=True, kw_only=True):
    """How one plugin is; only of those that can tell."""

    plugin: str
    status: HealthStatus
    message: str = ""
    critical: bool = False
    """Whether `/readyz` answers 503 while this is `failing`."""
    details: dict[str, object] | None = None


class HealthView(Struct, frozen=True, kw_only=True):
    """How the server is, as a whole and in its parts."""

    status: HealthStatus
    """`failing` when no work can be taken, `degraded` when a plugin is not `ok` or artifacts are not there."""
    state: Literal["starting", "ready", "draining"]
    store: Literal["ok", "unavailable"]
    """`unavailable` when it does not answer, or took nothing of what was last to be written."""
    store_problem: str | UnsetType = UNSET
    """Why; left out while it is `ok`."""
    artifacts: ArtifactState
    """Whether their object store answers, as of at most half a minute ago."""
    endpoints: EndpointCounts | UnsetType = UNSET
    """Does not count for `status`: a receiver that is away is no fault of the server."""
    plugins: list[PluginHealth]


class Health:
    """The route."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps
        self._artifacts = ArtifactHealth(deps.artifacts, deps.clock)

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/health")(self.show)]

    async def show(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Show how everything is, to those who may see plugins; 200 whatever it is."""
        deps = self._deps
        allowed(request, deps, PLUGINS_READ)
        require_no_query(request)
        problem: str | UnsetType = UNSET
        try:
            await check_store(deps.store, deps.write_probe)
        except Refused as error:
            problem = error.detail
        artifacts = await self._artifacts.state()
        reports = await deps.hooks.health()
        failing = any(report.status == "failing" and report.critical for report in reports.values())
        status: HealthStatus = "ok"
        if problem is not UNSET or deps.readiness.state != "ready" or failing:
            status = "failing"
        elif artifacts != "ok" or any(report.status != "ok" for report in reports.values()):
            status = "degraded"
        plugins = [
            PluginHealth(
                plugin=name,
                status=report.status,
                message=report.message,
                critical=report.critical,
                details=report.details,
            )
            for name, report in reports.items()
        ]
        return value_answer(
            HealthView(
                status=status,
                state=deps.readiness.state,
                store="ok" if problem is UNSET else "unavailable",
                store_problem=problem,
                artifacts=artifacts,
                endpoints=UNSET if deps.count_endpoints is None else await deps.count_endpoints(),
                plugins=plugins,
            )
        )
