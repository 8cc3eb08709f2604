"""Who is calling, at the ordinary handlers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from litestar import Request
from msgspec import Struct

from hookyard.auth import Principal, Tokens
from hookyard.errors import Refused
from hookyard.gateway.answer import Headers
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.limits import Exceeded, Kind, Limits
from hookyard.gateway.memory import Hold
from hookyard.hookspecs import AccessQuestion, Credentials
from hookyard.host.hooks import Hooks
from hookyard.model import AuditEntry

KEY = "hookyard"
"""Where in the ASGI state a request's :class:`Seen` lies."""

_OPEN: Final = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})
_ANYBODYS: Final = ("/hooks/", "/keys/")
_TRIGGER_PARTS: Final = 3
_NO_DETAILS: Final[Mapping[str, object]] = MappingProxyType({})


class Seen(Struct):
    """What is known of a request before a handler runs."""

    headers: Mapping[bytes, bytes]
    """By name; one that came several times is joined with commas."""
    repeated: frozenset[bytes]
    """The names of those."""
    given_id: str | None
    """The caller's own request id."""
    request_id: str
    peer: str | None
    head: bool = False
    """Whether only the head of the answer is wanted."""
    limits: Limits | None = None
    kind: Kind | None = "reads"
    """As which it counts; None: not at all."""
    counted: bool = False
    fields: Headers = []
    """Of its answer: how its principal stands with the limits."""
    hold: Hold | None = None
    """What its body takes of the memory for bodies, until it is answered."""
    principal: str | None = None
    """Set as soon as it is known."""
    caller: Principal | None = None
    """Who it is, when plugins were asked about the request."""
    by_plugin: bool = False
    """Whether it was a plugin that knew."""
    refusal: Refused | None = None
    """What a handler that needs a caller has to answer, when plugins were asked."""


class Callers:
    """Asks the plugins about callers, where any plugin has a say in that.

    It is done before a handler runs, for every route but those that are open to all, `/hooks/` and `/keys/`; a handler
    that needs no caller never looks at what came of it.
    """

    def __init__(self, tokens: Tokens, hooks: Hooks) -> None:
        self._tokens = tokens
        self._hooks = hooks

    async def ask(self, known: Seen, method: str, path: str) -> None:
        """Find out who is calling and whether it may, as far as that is for plugins to say."""
        hooks = self._hooks
        if not (hooks.has_authenticate or hooks.has_authorize) or path in _OPEN or path.startswith(_ANYBODYS):
            return
        try:
            known.caller = _by_token(known, self._tokens)
            if known.caller is None and hooks.has_authenticate:
                known.by_plugin = True
                known.caller = await hooks.authenticate(
                    Credentials(headers=_texts(known.headers), method=method, path=path, peer=known.peer)
                )
            if known.caller is not None and hooks.has_authorize:
                await self._authorize(known, known.caller, method, path)
        except Refused as error:
            known.refusal = error

    async def _authorize(self, known: Seen, caller: Principal, method: str, path: str) -> None:
        known.principal = caller.name
        parts = [part for part in path.split("/") if part]
        triggers = len(parts) == _TRIGGER_PARTS and parts[0] == "trigger"
        question = AccessQuestion(
            principal=caller.name,
            scopes=caller.scopes,
            tenant=caller.tenant,
            method=method,
            path=path,
            plugin=parts[1] if triggers else None,
            command=parts[2] if triggers else None,
            peer=known.peer,
        )
        if not await self._hooks.authorize(question):
            raise Refused("forbidden")


def seen(request: Request[Any, Any, Any]) -> Seen:
    """Return what is known of a request."""
    found: Seen = request.scope["state"][KEY]
    return found


def authenticate(request: Request[Any, Any, Any], tokens: Tokens) -> Principal:
    """Return who is calling, by `Authorization: Bearer` or else `X-API-Key`, or by what a plugin made of the request.

    Raises:
        Refused: nobody we know, or a plugin has something against it.
    """
    known = seen(request)
    if known.refusal is not None:
        raise known.refusal
    principal = known.caller or _by_token(known, tokens)
    if principal is None:
        if known.limits is not None:
            try:
                known.limits.failed(known.peer)
            except Exceeded as error:
                known.fields = error.fields
                raise
        raise Refused("unauthenticated")
    known.principal = principal.name
    if known.limits is not None and known.kind is not None and not known.counted:
        known.counted = True
        try:
            known.fields = known.limits.count(principal.name, known.kind)
        except Exceeded as error:
            known.fields = error.fields
            raise
    return principal


def count_jobs(request: Request[Any, Any, Any], principal: Principal, jobs: int) -> None:
    """Count the request of a known caller as one trigger for each job that it is to make.

    Raises:
        Refused: these are more than may come, now (`rate_limited`) or ever (`invalid_input`).
    """
    known = seen(request)
    if known.limits is None:
        return
    try:
        known.fields = known.limits.count_jobs(principal.name, jobs)
    except Exceeded as error:
        known.fields = error.fields
        raise


def lapsed(request: Request[Any, Any, Any], tokens: Tokens) -> bool:
    """Whether the credential of a known caller has been revoked or has expired while the caller waited.

    What a plugin knows callers by is asked for once for every request, and never again.
    """
    known = seen(request)
    if known.by_plugin:
        return False
    principal = _by_token(known, tokens)
    if principal is None:
        return True
    tokens.uncount(principal)  # it is still the same request
    return False


def allowed(request: Request[Any, Any, Any], deps: GatewayDeps, scope: str) -> Principal:
    """Return who is calling when it may do this; see :meth:`hookyard.auth.Principal.may` for what can be asked.

    Raises:
        Refused: nobody we know (`unauthenticated`), or somebody who may not (`forbidden`).
    """
    principal = authenticate(request, deps.tokens)
    if not principal.may(scope):
        raise Refused("forbidden")
    return principal


def entry(  # noqa: PLR0917  what every route that changes something gives, in the order of who, what, to what
    request: Request[Any, Any, Any],
    principal: Principal,
    deps: GatewayDeps,
    action: str,
    target: str,
    details: Mapping[str, object] = _NO_DETAILS,
) -> AuditEntry:
    """Make the entry of the audit log for what a request changes; it is written in the same transaction.

    Args:
        request: where it came from.
        principal: who asks.
        deps: for the id and the time.
        action: a noun and a verb, such as `job.cancel`.
        target: an id, a name, a lane.
        details: what else belongs to it, as JSON; never a secret.
    """
    known = seen(request)
    return AuditEntry(
        id=deps.ids(),
        at=deps.clock.now(),
        principal=principal.name,
        action=action,
        target=target,
        tenant=principal.tenant,
        peer=known.peer,
        request_id=known.request_id,
        details=msgspec.json.encode(dict(details)),
    )


def _by_token(known: Seen, tokens: Tokens) -> Principal | None:
    authorization = known.headers.get(b"authorization", b"")
    api_key = known.headers.get(b"x-api-key")
    if api_key is not None and authorization[:7].lower() != b"bearer ":
        return tokens.authenticate(api_key)
    return tokens.bearer(authorization)


def _texts(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
