"""The routes of `/api/v1/endpoints` that show endpoints and change them."""

from hashlib import sha256
from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from hookyard.auth import ENDPOINTS_READ, Principal
from hookyard.gateway.answer import Answer, Headers
from hookyard.gateway.body import raw_body, require_nothing
from hookyard.gateway.caller import allowed, entry, seen
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.deliveries.views import host_of
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.access import EndpointAccess, tenant_of
from hookyard.gateway.endpoints.bodies import RotateEndpoint, settings_from, settings_of
from hookyard.gateway.endpoints.views import (
    EndpointListQuery,
    EndpointPage,
    new_view,
    origin_of,
    shown,
    state_of,
)
from hookyard.gateway.paging import ENDPOINTS, page_of, query_of, require_no_query
from hookyard.gateway.request import idempotency_key_of
from hookyard.outbound.endpoints.bodies import NewEndpoint
from hookyard.outbound.endpoints.private import Request as Asked

SECRET: Headers = [(b"cache-control", b"no-store")]


class EndpointRoutes:
    """The routes."""

    def __init__(self, deps: GatewayDeps, access: EndpointAccess) -> None:
        self._deps = deps
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        one = "/api/v1/endpoints/{name:str}"
        return [
            get("/api/v1/endpoints")(self.page),
            post("/api/v1/endpoints", status_code=201)(self.create),
            get(one)(self.show),
            patch(one)(self.change),
            delete(one, status_code=200)(self.delete),
            post(f"{one}/enable", status_code=200)(self.enable),
            post(f"{one}/disable", status_code=200)(self.disable),
            post(f"{one}/rotate", status_code=200)(self.rotate),
        ]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List endpoints, by name."""
        principal = allowed(request, self._deps, ENDPOINTS_READ)
        asked = query_of(request, EndpointListQuery)
        last = ENDPOINTS.row(asked.cursor) or ""
        await self._access.look_for_dead()
        found = [
            one
            for one in self._access.endpoints.entries(principal.tenant)
            if one.row.name > last
            and asked.state in {None, state_of(one)}
            and (not asked.failing or self._access.is_failing(one))
        ]
        some, more = page_of(found, asked.limit, lambda one: ENDPOINTS.after(one.row.name))
        return shown(EndpointPage([self._access.view(one) for one in some], more))

    async def show(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Show an endpoint."""
        principal = allowed(request, self._deps, ENDPOINTS_READ)
        require_no_query(request)
        await self._access.look_for_dead()
        return shown(self._access.view(self._access.endpoints.find(name, principal.tenant)))

    async def create(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Make an endpoint, and show its secrets this once."""
        principal = self._access.settable(request)
        known = seen(request)
        key = idempotency_key_of(known.headers, known.repeated)
        body = await raw_body(request, self._deps)
        asked = settings_from(body, NewEndpoint)
        tenant = tenant_of(principal, asked.tenant)
        name = asked.name or f"endpoint-{self._deps.ids()[-12:]}"
        facts = {"url": host_of(asked.url), "events": asked.events, "tenant": tenant}
        audit = entry(request, principal, self._deps, "endpoint.create", name, facts)
        made = await self._access.endpoints.create(
            name,
            asked,
            principal=principal.name,
            tenant=tenant,
            audit=audit,
            request=None if key is None else _request(principal, key, body),
        )
        location = (b"location", b"/api/v1/endpoints/" + made.entry.row.name.encode())
        view = new_view(self._access.view(made.entry), made.secrets, duplicate=made.again)
        return shown(view, 200 if made.again else 201, [*SECRET, location])

    async def change(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Change some keys of an endpoint (RFC 7396); null takes one away."""
        principal = self._access.settable(request)
        before = self._access.endpoints.find(name, principal.tenant)
        changes = _patch(await raw_body(request, self._deps))
        facts: dict[str, object] = {"keys": sorted(changes), "url": origin_of(before)}
        if isinstance(url := changes.get("url"), str):
            facts["new_url"] = host_of(url)
        audit = entry(request, principal, self._deps, "endpoint.change", name, facts)
        try:
            changed = await self._access.endpoints.change(name, changes, tenant=principal.tenant, audit=audit)
        except RecursionError as error:
            raise refusal(error) from error
        return shown(self._access.view(changed))

    async def delete(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Forget an endpoint; its deliveries stay."""
        principal, before = self._access.writable(request, name)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "endpoint.delete", name, {"url": origin_of(before)})
        await self._access.endpoints.delete(name, tenant=principal.tenant, audit=audit)
        return Answer(204, b"", [])

    async def enable(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Let an endpoint get events again."""
        principal, _ = self._access.writable(request, name)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "endpoint.enable", name)
        return shown(self._access.view(await self._access.endpoints.enable(name, tenant=principal.tenant, audit=audit)))

    async def disable(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Let an endpoint get nothing any more."""
        principal, _ = self._access.writable(request, name)
        await require_nothing(request, self._deps)
        audit = entry(request, principal, self._deps, "endpoint.disable", name)
        disabled = await self._access.endpoints.disable(name, tenant=principal.tenant, audit=audit)
        return shown(self._access.view(disabled))

    async def rotate(self, request: Request[Any, Any, Any], name: FromPath[str]) -> ASGIApp:
        """Replace the secrets of an endpoint, and show the new one this once."""
        principal, _ = self._access.writable(request, name)
        asked = await settings_of(request, self._deps, RotateEndpoint)
        facts = {"kind": asked.kind, "overlap_ms": int(asked.overlap), "given": asked.secret is not None}
        audit = entry(request, principal, self._deps, "endpoint.rotate", name, facts)
        made = await self._access.endpoints.rotate(
            name, kind=asked.kind, overlap=int(asked.overlap), given=asked.secret, tenant=principal.tenant, audit=audit
        )
        return shown(new_view(self._access.view(made.entry), made.secrets), 200, SECRET)


def _request(principal: Principal, key: str, body: bytes) -> Asked:
    # A line break is in no name of a tenant, and the key is the last.
    whose = f"{principal.tenant}\n{len(principal.name)} {principal.name}\n{key}"
    return Asked(key=sha256(whose.encode()).hexdigest(), body=sha256(body).hexdigest())


def _patch(body: bytes) -> dict[str, object]:
    try:
        require_utf8(body)
        return msgspec.json.decode(body or b"{}", type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(error, body=body) from error
