"""The plugin routes: what is loaded, and loading it again."""

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec.structs import asdict

from hookyard import log
from hookyard.auth import ADMIN, PLUGINS_READ
from hookyard.errors import ConfigError, HookyardError, Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import require_no_query
from hookyard.gateway.tables import Live
from hookyard.host.views import HookView, PluginList, full_plugin, hook_view, plugin_row
from hookyard.inbound import own
from hookyard.store.contract import AppendAudit

_log = log.get("gateway")


class Plugins:
    """The plugin routes."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._live = live
        self._deps = deps
        self._hooks = deps.hooks
        self._reload = deps.reload

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/api/v1/plugins")(self.page),
            get("/api/v1/plugins/{name:str}")(self.full),
            post("/api/v1/reload", status_code=200)(self.reload),
        ]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List every plugin that was found, and last Hookyard's own provider of hooks."""
        allowed(request, self._deps, PLUGINS_READ)
        require_no_query(request)
        registry = self._live.tables.registry
        hooks: dict[str, list[HookView]] = {}
        for each in self._hooks.records():
            hooks.setdefault(each.plugin, []).append(hook_view(each))
        # Hooks are of the active one: another may have its name, and was left out for it.
        rows = [
            plugin_row(registry, record, hooks.get(record.name, ()) if record.state == "active" else ())
            for record in (*registry.plugins, own.record)
        ]
        return value_answer(PluginList(rows))

    async def full(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Show all of a plugin."""
        allowed(request, self._deps, PLUGINS_READ)
        require_no_query(request)
        registry = self._live.tables.registry
        # One that was left out because its name was taken is in the list only.
        record = next((one for one in (own.record, *registry.plugins) if one.name == name), None)
        if record is None:
            raise Refused("not_found", "There is no such plugin.")
        return value_answer(full_plugin(registry, record, map(hook_view, self._hooks.records(name))))

    async def reload(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Read the configuration and the plugins again."""
        principal = allowed(request, self._deps, ADMIN)
        if self._reload is None:
            raise Refused("not_found")
        try:
            changes = await self._reload()
        except ConfigError as error:
            problems = [asdict(problem) for problem in error.problems]
            raise Refused("reload_refused", extra={"problems": problems}) from error
        audit = entry(request, principal, self._deps, "server.reload", "server", changes.told)
        try:
            await self._deps.write(AppendAudit(now=audit.at, entry=audit))
        except HookyardError as error:
            # What is done is done, and is not a row that could be written in the same transaction.
            _log.warning("audit.lost", action=audit.action, principal=audit.principal, reason=str(error))
        return value_answer(changes)
