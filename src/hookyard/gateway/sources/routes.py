"""`/api/v1/sources`: which there are, and forgetting a delivery so that it is taken again."""

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.auth import SOURCES_READ, SOURCES_WRITE
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import require_no_query
from hookyard.gateway.sources.views import ForgetAsk, Forgot, SourceList, SourceView, source_view
from hookyard.gateway.tables import Live
from hookyard.inbound.source import Source
from hookyard.store.contract import AppendAudit, ForgetKeys, Pruned, Several, Together


class SourceRoutes:
    """The routes."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._deps = deps
        self._live = live

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            get("/api/v1/sources")(self.all),
            get("/api/v1/sources/{name:str}")(self.one),
            post("/api/v1/sources/{name:str}/forget", status_code=200)(self.forget),
        ]

    async def all(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List the sources."""
        allowed(request, self._deps, SOURCES_READ)
        require_no_query(request)
        ways = self._live.tables.sources
        return value_answer(SourceList(sources=[self._view(ways[name].source) for name in sorted(ways)]))

    async def one(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Show a source."""
        allowed(request, self._deps, SOURCES_READ)
        require_no_query(request)
        return value_answer(self._view(self._find(name)))

    async def forget(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Forget a delivery id: when it comes again, it is taken as if it came for the first time."""
        principal = allowed(request, self._deps, SOURCES_WRITE)
        require_no_query(request)
        source = self._find(name)
        asked = await body_of(request, self._deps, ForgetAsk)
        audit = entry(request, principal, self._deps, "source.forget", name, {"delivery": asked.delivery})
        forget = ForgetKeys(now=audit.at, scope=source.principal, key=asked.delivery)
        done = await self._deps.write(Together(now=audit.at, ops=(forget, AppendAudit(now=audit.at, entry=audit))))
        assert isinstance(done, Several)  # noqa: S101  the contract's answer to a Together
        return value_answer(Forgot(forgotten=sum(one.count for one in done.results if isinstance(one, Pruned))))

    def _find(self, name: str) -> Source:
        way = self._live.tables.sources.get(name)
        if way is None:
            raise Refused("not_found", "There is no such source.")
        return way.source

    def _view(self, source: Source) -> SourceView:
        return source_view(source, self._deps.clock.now(), self._live.tables.registry.commands)
