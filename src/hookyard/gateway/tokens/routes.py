"""The routes of `/api/v1/tokens`."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, Final

from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from hookyard import ids
from hookyard.auth import ADMIN, JOBS_READ, TOKENS_READ, TOKENS_WRITE, Principal, check_scope, new_token
from hookyard.auth.grant import could_make, grant, grant_expiry, grant_tenant
from hookyard.config.model import Name, Tenant
from hookyard.credentials import facts
from hookyard.errors import Refused
from hookyard.gateway.answer import Answer, Headers, value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.moment import Moment, at
from hookyard.gateway.paging import TOKENS, page_of, query_of, require_no_query
from hookyard.gateway.tokens.views import NewTokenView, RotatedView, TokenPage, TokenView, view_of
from hookyard.model import YEAR, Token

_SECRET: Final[Headers] = [(b"cache-control", b"no-store")]
Seconds = Annotated[float, Meta(ge=0, le=YEAR)]


class Lifetime(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Until when a token is good; without either as long as the one that makes it."""

    expires_at: Moment | None = None
    """RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    expires_in: Annotated[float, Meta(gt=0, le=10 * YEAR)] | None = None
    """Seconds; not together with `expires_at`."""

    def end(self, now: int) -> int | None:
        """The time in milliseconds, or None.

        Raises:
            Refused: it is given twice, or over.
        """
        if self.expires_at is not None and self.expires_in is not None:
            raise Refused("invalid_input", "expires_at and expires_in are the same; give one.", path="$.expires_in")
        if self.expires_in is not None:
            return now + round(self.expires_in * 1000)
        if self.expires_at is None:
            return None
        end = at(self.expires_at)
        if end <= now:
            raise Refused("invalid_input", "That time is over.", path="$.expires_at")
        return end


class NewToken(Lifetime, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A token that is to be made."""

    name: Name
    """Who it is, in logs and with every job it makes; no two tokens that are good have the same."""
    scopes: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(min_length=1, max_length=100)
    ]
    """What it may do; never more than the one that makes it."""
    tenant: Tenant | None = None
    """Whose it is; that of the one that makes it if left out. Another one can be given by an admin without a tenant."""


class Rotation(Lifetime, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a token is replaced."""

    overlap: Seconds = 0
    """Seconds for which the old one still gets in."""


class TokenQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/tokens` can be asked."""

    name: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class TokenRoutes:
    """The routes."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps
        self._book = deps.book

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            get("/api/v1/tokens")(self.page),
            post("/api/v1/tokens", status_code=201)(self.create),
            get("/api/v1/tokens/{token_id:str}")(self.show),
            delete("/api/v1/tokens/{token_id:str}", status_code=200)(self.revoke),
            post("/api/v1/tokens/{token_id:str}/rotate", status_code=201)(self.rotate),
        ]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List tokens, newest first."""
        principal = allowed(request, self._deps, TOKENS_READ)
        asked = query_of(request, TokenQuery)
        before = TOKENS.row(asked.cursor)
        found = [
            token
            for token in sorted(await self._visible(principal), key=lambda token: token.id, reverse=True)
            if (before is None or token.id < before) and asked.name in (None, token.name)
        ]
        shown, more = page_of(found, asked.limit, lambda token: TOKENS.after(token.id))
        return value_answer(TokenPage([self._view(token) for token in shown], more))

    async def show(self, request: Request[Any, Any, Any], token_id: FromPath[str]) -> ASGIApp:
        """Show a token."""
        principal = allowed(request, self._deps, TOKENS_READ)
        require_no_query(request)
        return value_answer(self._view(await self._find(principal, token_id)))

    async def create(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Make a token, and show it this once."""
        principal = allowed(request, self._deps, TOKENS_WRITE)
        asked = await body_of(request, self._deps, NewToken)
        for place, scope in enumerate(asked.scopes):
            wrong = check_scope(scope)
            if wrong is not None:
                raise Refused("invalid_input", wrong, path=f"$.scopes[{place}]")
        now = self._deps.clock.now()
        text = new_token()
        token = Token(
            id=self._deps.ids(),
            name=asked.name,
            digest=sha256(text.encode()).digest(),
            scopes=grant(principal, tuple(dict.fromkeys(asked.scopes))),
            tenant=grant_tenant(principal, asked.tenant),
            created_at=now,
            created_by=principal.name,
            expires_at=grant_expiry(principal, asked.end(now)),
        )
        audit = entry(request, principal, self._deps, "token.create", token.id, facts(token))
        await self._book.create(token, audit, may_reuse_name=principal.may(JOBS_READ))
        return value_answer(NewTokenView.of(text, self._view(token)), 201, [*_SECRET, _location(token)])

    async def revoke(self, request: Request[Any, Any, Any], token_id: FromPath[str]) -> ASGIApp:
        """Let a token in no longer."""
        principal = allowed(request, self._deps, TOKENS_WRITE)
        token = await self._find(principal, token_id)
        _require_may_end(principal, token)
        details = {"name": token.name}
        await self._book.revoke(token.id, entry(request, principal, self._deps, "token.revoke", token.id, details))
        return Answer(204, b"", [])

    async def rotate(self, request: Request[Any, Any, Any], token_id: FromPath[str]) -> ASGIApp:
        """Make a token instead of another, and show it this once."""
        principal = allowed(request, self._deps, TOKENS_WRITE)
        old = await self._find(principal, token_id)
        _require_may_end(principal, old)
        asked = await body_of(request, self._deps, Rotation)
        now = self._deps.clock.now()
        end = asked.end(now)
        text = new_token()
        new = Token(
            id=self._deps.ids(),
            name=old.name,
            digest=sha256(text.encode()).digest(),
            # Whoever rotates a token gets to see one, so that it is held to what that one may hand on.
            scopes=grant(principal, old.scopes),
            tenant=grant_tenant(principal, old.tenant),
            created_at=now,
            created_by=principal.name,
            expires_at=grant_expiry(principal, old.expires_at if end is None else end),
        )
        details = {**facts(new), "replaced_by": new.id, "overlap": asked.overlap}
        audit = entry(request, principal, self._deps, "token.rotate", old.id, details)
        changed = await self._book.rotate(old, new, round(asked.overlap * 1000), audit)
        shown = RotatedView.of_both(text, self._view(new), self._view(changed))
        return value_answer(shown, 201, [*_SECRET, _location(new)])

    async def _find(self, principal: Principal, text: str) -> Token:
        token_id = ids.parse(text)
        if token_id is None:
            raise Refused("invalid_request", "That is not a token id.")
        found = next((token for token in await self._visible(principal) if token.id == token_id), None)
        if found is None:
            raise Refused("not_found", "There is no such token.")
        return found

    async def _visible(self, principal: Principal) -> Sequence[Token]:
        return [token for token in await self._book.all() if principal.sees(token.tenant)]

    def _view(self, token: Token) -> TokenView:
        return view_of(token, self._deps.clock.now())


def _require_may_end(principal: Principal, token: Token) -> None:
    """Whoever ends a token could have made it, or is the one whose it is: else the weak would lock out the strong."""
    own = principal.name == f"token:{token.name}"
    if not (own or principal.may(ADMIN) or could_make(principal, token.scopes, token.tenant)):
        raise Refused("forbidden", "Your own scopes do not cover that token's: it is for an admin to end it.")


def _location(token: Token) -> tuple[bytes, bytes]:
    return (b"location", f"/api/v1/tokens/{token.id}".encode())
