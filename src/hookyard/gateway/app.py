"""The gateway: Litestar, with the two hot paths answered before it."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Final, cast

from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.types.asgi_types import LifeSpanReceive, LifeSpanScope, LifeSpanSend

from hookyard.bound import Bound
from hookyard.errors import Refused
from hookyard.gateway.answer import Answer, json_answer, problem, value_answer
from hookyard.gateway.audit import Audit
from hookyard.gateway.caller import KEY, Callers, Seen, seen
from hookyard.gateway.deliveries.routes import DeliveryRoutes
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.all_routes import endpoint_handlers
from hookyard.gateway.event_types import EventTypeRoutes
from hookyard.gateway.events import Events
from hookyard.gateway.health import Health
from hookyard.gateway.jobs.routes import job_handlers
from hookyard.gateway.keys import Keys
from hookyard.gateway.lanes.routes import LaneRoutes
from hookyard.gateway.lean import Lean, peer_of
from hookyard.gateway.limits import Exceeded, kind_of
from hookyard.gateway.plugins import Plugins
from hookyard.gateway.proxies import Proxies
from hookyard.gateway.readiness import check_ready
from hookyard.gateway.refusals import crashed, refuse
from hookyard.gateway.request import joined
from hookyard.gateway.request import request_id as given_id
from hookyard.gateway.schedules.routes import Schedules
from hookyard.gateway.sources.routes import SourceRoutes
from hookyard.gateway.tables import Live, Tables
from hookyard.gateway.tokens.routes import TokenRoutes
from hookyard.gateway.trigger import Ways
from hookyard.gateway.unread import Unread
from hookyard.gateway.unsigned import Unsigned
from hookyard.gateway.work import work_handlers

_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


_HOOK: Final = re.compile(r"/hooks/[^/]+")
_PARAMETER: Final = re.compile(r"\{[^}]*\}")


class Gateway(Litestar):
    """The ASGI application.

    Args:
        deps: what it is built from.
        lean: False sends the hot requests through the ordinary handlers too, which a test compares it with.
    """

    def __init__(self, deps: GatewayDeps, *, lean: bool = True) -> None:
        tables = Tables.build(deps, lean=lean)
        self._live = Live(tables)
        self._unsigned = Unsigned(deps, self._live)
        self._lean = tables.lean
        self._ids = deps.ids
        self._callers = Callers(deps.tokens, deps.hooks)
        self._limits = deps.limits
        self._bodies = deps.bodies
        self._proxies = Proxies(deps.config.server.trusted_proxies)
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  Litestar leaves generics open
            route_handlers=[
                *Health(deps).handlers(),
                *Ways(deps, self._live).handlers(),
                *job_handlers(deps, self._live),
                *Events(deps).handlers(),
                *EventTypeRoutes(deps, self._live).handlers(),
                *Plugins(deps, self._live).handlers(),
                *([] if deps.lanes is None else LaneRoutes(deps, deps.lanes).handlers()),
                *TokenRoutes(deps).handlers(),
                *Audit(deps).handlers(),
                *work_handlers(deps),
                *Schedules(deps, self._live).handlers(),
                *SourceRoutes(deps, self._live).handlers(),
                *endpoint_handlers(
                    deps,
                    lambda: self._live.tables.registry.events,
                    lambda: self._live.tables.registry.commands,
                ),
                *DeliveryRoutes(deps).handlers(),
                *Keys(deps).handlers(),
                *_plain_routes(deps, self._live),
            ],
            exception_handlers={Exception: _Refusing(deps.limits.lines)},
            openapi_config=None,
            logging_config=None,
            request_max_body_size=None,  # the handlers hold bodies to the configured size themselves
            debug=False,
        )

        self._methods = _methods(self.routes)

    def use(self, tables: Tables) -> None:
        """Answer by these from now on; a request that has begun ends by those it began with."""
        self._live.tables = tables
        self._lean = tables.lean

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """Answer the hot request here, and everything else with the framework."""
        kind: str = scope["type"]
        if kind != "http":
            await super().__call__(scope, receive, send)
            return
        request = cast("tuple[HTTPScope, Receive, Send]", (scope, receive, send))
        if self._guarded and not await self._admits(*request):
            return
        if request[0]["method"] == "POST":
            lean = self._lean.get(request[0]["path"]) or self._lean_stranger(request[0]["path"])
            if lean is not None and await lean(*request):
                return
        await self._ordinary(*request)

    def _lean_stranger(self, path: str) -> Lean | None:
        """The hot path of a source that is not there: it must not be known by how long its answer takes."""
        return self._live.tables.lean_stranger if _HOOK.fullmatch(path) else None

    @property
    def _guarded(self) -> bool:
        """Whether who comes has to be looked at before what it asks for."""
        return self._limits.peer is not None or bool(self._proxies)

    async def _admits(self, scope: HTTPScope, receive: Receive, send: Send) -> bool:
        """Find out who calls, and turn away those who come too often."""
        self._proxies.reveal(scope)
        peer = peer_of(scope)
        try:
            self._limits.admit(peer)
        except Exceeded as error:
            request_id = self._ids()
            answer = refuse(error, request_id, principal=None, peer=peer, bound=self._limits.lines)
            answer.headers += [*error.fields, (b"x-request-id", request_id.encode())]
            await answer(scope, receive, send)
            return False
        return True

    async def _ordinary(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Let Litestar answer; see to the request id and to HEAD around it."""
        headers = joined(scope["headers"])
        own, peer = given_id(headers), peer_of(scope)
        counts = Counter(name for name, _ in scope["headers"])
        hold = self._bodies.hold(peer)
        known = Seen(
            headers=headers,
            repeated=frozenset(name for name, times in counts.items() if times > 1),
            given_id=own,
            request_id=own or self._ids(),
            peer=peer,
            head=scope["method"] == "HEAD",
            kind=kind_of(scope["method"], scope["path"]),
            limits=self._limits,
            hold=hold,
        )
        await self._callers.ask(known, scope["method"], scope["path"])
        body = Unread(receive, headers)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                if inner["method"] == "OPTIONS" and message["status"] == 204:  # noqa: PLR2004  what Litestar answers
                    path = _PARAMETER.sub("{}", inner["path_template"])
                    message["headers"] = [(b"allow", self._methods[path])]
                named = [
                    *map(_with_head, message["headers"]),
                    *known.fields,
                    (b"x-request-id", known.request_id.encode()),
                ]
                message["headers"] = named
            elif known.head and message["type"] == "http.response.body":
                message["body"] = b""
            await body.send(message, send)

        inner = cast("HTTPScope", {**scope, "state": {KEY: known}})
        # Hookyard never looks at Host; Litestar would refuse what the lean path takes.
        inner["headers"] = [pair for pair in scope["headers"] if pair[0] != b"host"]
        if known.head:
            inner["method"] = "GET"
        try:
            if (answer := self._unsigned.answer(scope, known)) is not None:
                await answer(inner, body.receive, send_with_id)
            else:
                await super().__call__(inner, body.receive, send_with_id)
        finally:
            hold.free()


def _methods(routes: Iterable[BaseRoute]) -> dict[str, bytes]:
    """What is allowed at each path; Litestar's own answer to OPTIONS knows the handler that was added first only."""
    found: dict[str, set[str]] = {}
    for route in routes:
        found.setdefault(_PARAMETER.sub("{}", route.path_format), set()).update(getattr(route, "methods", ()))
    return {path: ", ".join(sorted(methods)).encode() for path, methods in found.items()}


def _with_head(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Name HEAD beside GET, since this application answers it."""
    name, value = header
    return (name, value.replace(b"GET", b"GET, HEAD")) if name == b"allow" else header


def _plain_routes(deps: GatewayDeps, live: Live) -> list[HTTPRouteHandler]:
    @get("/healthz")
    async def healthz() -> ASGIApp:
        await asyncio.sleep(0)  # the loop turns
        return value_answer({"status": "ok"})

    @get("/readyz")
    async def readyz(request: Request[Any, Any, Any]) -> ASGIApp:
        try:
            await check_ready(deps.readiness, deps.store, deps.hooks, deps.write_probe)
        except Refused as error:
            # Asked every few seconds, so it is no line in the log.
            return problem(error, seen(request).request_id)
        return value_answer({"status": "ready"})

    @get("/openapi.json")
    async def openapi() -> ASGIApp:
        return json_answer(live.tables.document)

    @get("/")
    async def root() -> ASGIApp:
        links = {"openapi": "/openapi.json", "jobs": "/api/v1/jobs", "health": "/healthz", "ready": "/readyz"}
        return value_answer({"name": "hookyard", "version": version("hookyard"), "links": links})

    return [healthz, readyz, openapi, root]


class _Problem(Response[bytes]):
    """Lets Litestar send a prepared answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(
            answer.body,
            status_code=answer.status,
            headers={name.decode(): value.decode() for name, value in answer.headers},
        )


class _Refusing:
    """Answers what a handler raised."""

    def __init__(self, bound: Bound) -> None:
        self._bound = bound

    def __call__(self, request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Make the answer."""
        known = seen(request)
        who, peer = known.principal, known.peer
        if not isinstance(error, (Refused, HTTPException)) or (
            isinstance(error, HTTPException) and error.status_code >= 500  # noqa: PLR2004  where HTTP draws the line
        ):
            return _Problem(crashed(error, known.request_id, principal=who, peer=peer))
        refused = error if isinstance(error, Refused) else Refused(_CODES.get(error.status_code, "invalid_request"))
        answer = refuse(refused, known.request_id, principal=who, peer=peer, bound=self._bound)
        if isinstance(error, HTTPException) and error.headers and "allow" in error.headers:
            answer.headers.append((b"allow", error.headers["allow"].encode()))
        return _Problem(answer)


def build(deps: GatewayDeps) -> Gateway:
    """Build the gateway."""
    return Gateway(deps)
