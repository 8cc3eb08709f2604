"""`/api/v1/schedules`: rules that create jobs by time.

Fire times are worked out in threads: that of a rule which comes every 28 years takes longer than others may wait.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, cast

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.auth import SCHEDULES_READ, SCHEDULES_WRITE, Principal
from hookyard.clock import rfc3339
from hookyard.config.model import ScheduleSettings
from hookyard.config.schedules.rule import parse_instant, rule_of
from hookyard.config.schedules.spec import decode_spec, spec_of
from hookyard.dispatch.schedules import Entry, Manager, OutOfDate
from hookyard.errors import Refused
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.body import raw_body
from hookyard.gateway.caller import allowed, entry, seen
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import SCHEDULES, page_of, query_of
from hookyard.gateway.permission import may_run
from hookyard.gateway.schedules.views import (
    NextQuery,
    Preview,
    PreviewQuery,
    SchedulePage,
    ScheduleQuery,
    ScheduleRun,
    ScheduleView,
    view_of,
)
from hookyard.gateway.tables import Live
from hookyard.timetable import RuleError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Schedules:
    """The routes."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._deps = deps
        self._live = live

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            get("/api/v1/schedules")(self.page),
            post("/api/v1/schedules/preview", status_code=200)(self.preview),
            get("/api/v1/schedules/{name:str}")(self.show),
            put("/api/v1/schedules/{name:str}")(self.put),
            patch("/api/v1/schedules/{name:str}")(self.change),
            delete("/api/v1/schedules/{name:str}", status_code=200)(self.delete),
            post("/api/v1/schedules/{name:str}/pause", status_code=200)(self.pause),
            post("/api/v1/schedules/{name:str}/resume", status_code=200)(self.resume),
            post("/api/v1/schedules/{name:str}/run", status_code=202)(self.run),
        ]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List schedules, by name."""
        principal = allowed(request, self._deps, SCHEDULES_READ)
        asked = query_of(request, ScheduleQuery)
        last = SCHEDULES.row(asked.cursor) or ""
        found = [one for one in self._manage.entries(principal.tenant) if one.row.name > last]
        shown, more = page_of(found, asked.limit, lambda one: SCHEDULES.after(one.row.name))
        return value_answer(SchedulePage(await self._views(shown, asked.next), more))

    async def show(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Show a schedule."""
        principal = allowed(request, self._deps, SCHEDULES_READ)
        asked = query_of(request, NextQuery)
        return value_answer(await self._view(self._manage.find(name, principal.tenant), asked.next))

    async def preview(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Say when a rule fires, and keep nothing."""
        allowed(request, self._deps, SCHEDULES_READ)
        asked = query_of(request, PreviewQuery)
        settings = _decoded(await raw_body(request, self._deps))
        try:
            since = self._deps.clock.now() if asked.since is None else parse_instant(asked.since, "since")
        except RuleError as error:
            raise Refused("invalid_request", str(error)) from error
        try:
            return value_answer(await asyncio.to_thread(_previewed, settings, since, asked.next))
        except RuleError as error:
            raise _refused(error) from error

    async def put(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Make a schedule, or replace it."""
        principal = allowed(request, self._deps, SCHEDULES_WRITE)
        if not _NAME.fullmatch(name):
            raise Refused("invalid_request", "A name has at most 64 letters, digits, `_`, `.` and `-`.")
        settings = _decoded(await raw_body(request, self._deps))
        return await self._put(request, principal, name, settings)

    async def change(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Change some keys of a schedule (RFC 7396); null takes one away."""
        principal = allowed(request, self._deps, SCHEDULES_WRITE)
        found = self._manage.find(name, principal.tenant)
        await self._require_run(request, principal, found)
        body = await raw_body(request, self._deps)
        while True:
            settings = _changed(found, body)
            with suppress(OutOfDate):
                return await self._put(request, principal, name, settings, found)
            found = self._manage.find(name, principal.tenant)  # change what somebody faster has left
            await self._require_run(request, principal, found)

    async def delete(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Forget a schedule."""
        principal = allowed(request, self._deps, SCHEDULES_WRITE)
        audit = entry(request, principal, self._deps, "schedule.delete", name)
        await self._manage.delete(name, tenant=principal.tenant, audit=audit)
        return Answer(204, b"", [])

    async def pause(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Let a schedule fire no more."""
        principal = allowed(request, self._deps, SCHEDULES_WRITE)
        audit = entry(request, principal, self._deps, "schedule.pause", name)
        return value_answer(await self._view(await self._manage.pause(name, tenant=principal.tenant, audit=audit), 1))

    async def resume(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Let a schedule fire again."""
        principal = allowed(request, self._deps, SCHEDULES_WRITE)
        await self._require_run(request, principal, self._manage.find(name, principal.tenant))
        audit = entry(request, principal, self._deps, "schedule.resume", name)
        return value_answer(await self._view(await self._manage.resume(name, tenant=principal.tenant, audit=audit), 1))

    async def run(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Make a job of a schedule now."""
        principal = allowed(request, self._deps, SCHEDULES_WRITE)
        await self._require_run(request, principal, self._manage.find(name, principal.tenant))
        audit = entry(request, principal, self._deps, "schedule.run", name)
        ran = await self._manage.run(
            name, tenant=principal.tenant, request_id=seen(request).given_id or "", audit=audit
        )
        location = (b"location", b"/api/v1/jobs/" + ran.job_id.encode())
        return value_answer(ScheduleRun(ran.job_id, ran.duplicate), 202, [location])

    @property
    def _manage(self) -> Manager:
        if self._deps.schedules is None:
            raise Refused("not_found", "There are no schedules here.")
        return self._deps.schedules

    async def _put(
        self,
        request: Request[Any, Any, Any],
        principal: Principal,
        name: str,
        settings: ScheduleSettings,
        instead_of: Entry | None = None,
    ) -> ASGIApp:
        await self._require(request, principal, settings.run)
        try:
            await asyncio.to_thread(self._manage.check, name, settings, principal.tenant)
        except RuleError as error:
            raise _refused(error) from error
        audit = entry(request, principal, self._deps, "schedule.put", name, {"rule": spec_of(settings)})
        kept, new = await self._manage.put(
            name, settings, principal=principal.name, tenant=principal.tenant, audit=audit, instead_of=instead_of
        )
        headers = [(b"location", b"/api/v1/schedules/" + name.encode())] if new else []
        return value_answer(await self._view(kept, 5), 201 if new else 200, headers)

    async def _require_run(self, request: Request[Any, Any, Any], principal: Principal, found: Entry) -> None:
        if found.settings is not None:
            await self._require(request, principal, found.settings.run)

    async def _require(self, request: Request[Any, Any, Any], principal: Principal, run: str) -> None:
        """Whoever has a schedule make jobs of a command may run that command."""
        command = self._live.tables.registry.commands.get(run)
        plugin, _, name = run.partition("/")
        if not await may_run(self._deps.hooks, principal, plugin, name, command, peer=seen(request).peer):
            raise Refused("forbidden", f"That needs the scope trigger:{run} too.")

    async def _view(self, found: Entry, count: int) -> ScheduleView:
        (view,) = await self._views([found], count)
        return view

    async def _views(self, found: Sequence[Entry], count: int) -> list[ScheduleView]:
        why = self._manage.missing
        return await asyncio.to_thread(lambda: [view_of(one, why(one), count) for one in found])


def _previewed(settings: ScheduleSettings, since: int, count: int) -> Preview:
    rule = rule_of(settings)
    times = rule.next(since, count)
    # The draw depends on the name, which a preview does not have yet.
    return Preview([rfc3339(at) for at in times], [rfc3339(rule.due("preview", at)) for at in times])


def _decoded(body: bytes) -> ScheduleSettings:
    try:
        require_utf8(body)
        return decode_spec(body or b"{}")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(error, body=body) from error


def _changed(found: Entry, body: bytes) -> ScheduleSettings:
    before = {} if found.settings is None else spec_of(found.settings)
    try:
        require_utf8(body)
        wanted = _merged(before, msgspec.json.decode(body or b"{}", type=dict[str, Any]))
    except (msgspec.DecodeError, RecursionError) as error:
        raise refusal(error, body=body) from error
    return _decoded(msgspec.json.encode(wanted))


def _refused(error: RuleError) -> Refused:
    return Refused("invalid_input", error.problem, path=f"$.{error.path}" if error.path else "$")


def _merged(before: object, changes: dict[str, Any]) -> dict[str, object]:
    merged: dict[str, object] = dict(cast("dict[str, object]", before)) if isinstance(before, dict) else {}
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merged(merged.get(key), cast("dict[str, Any]", value))
        else:
            merged[key] = value
    return merged
