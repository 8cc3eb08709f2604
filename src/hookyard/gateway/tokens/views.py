"""How tokens are shown: everything but themselves and their digests."""

from typing import Literal, Self

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from hookyard.clock import rfc3339
from hookyard.credentials import is_live
from hookyard.model import Token

TokenState = Literal["live", "expired", "revoked"]


class TokenView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token of the store."""

    id: str
    name: str
    """Its jobs have the principal `token:NAME`."""
    state: TokenState
    scopes: tuple[str, ...]
    tenant: str | UnsetType = UNSET
    """Whose it is; left out where it sees every tenant."""
    created_at: str
    created_by: str
    """The principal that made it."""
    expires_at: str | UnsetType = UNSET
    revoked_at: str | UnsetType = UNSET
    replaced_by: str | UnsetType = UNSET
    """The id of the token that a rotation made instead of it."""
    last_used_at: str | UnsetType = UNSET
    uses: int
    """How often it was good for a request; like the time before, written every few seconds."""


class NewTokenView(TokenView, frozen=True, kw_only=True, omit_defaults=True):
    """A token that was just made."""

    token: str
    """The token itself. It is shown this once and kept nowhere."""

    @classmethod
    def of(cls, token: str, view: TokenView) -> Self:
        """Show it with its text."""
        return cls(token=token, **asdict(view))


class RotatedView(NewTokenView, frozen=True, kw_only=True, omit_defaults=True):
    """A token that was just made instead of another."""

    replaces: TokenView
    """The old one."""

    @classmethod
    def of_both(cls, token: str, new: TokenView, old: TokenView) -> Self:
        """Show both, the new one with its text."""
        return cls(token=token, replaces=old, **asdict(new))


class TokenPage(Struct, frozen=True):
    """Tokens, newest first."""

    tokens: list[TokenView]
    next: str | None
    """The cursor of the next page; null on the last."""


def view_of(token: Token, now: int) -> TokenView:
    """Show a token as it is at this time."""
    state: TokenState = "live" if is_live(token, now) else "expired" if token.revoked_at is None else "revoked"
    return TokenView(
        id=token.id,
        name=token.name,
        state=state,
        scopes=token.scopes,
        tenant=token.tenant or UNSET,
        created_at=rfc3339(token.created_at),
        created_by=token.created_by,
        expires_at=_time(token.expires_at),
        revoked_at=_time(token.revoked_at),
        replaced_by=token.replaced_by or UNSET,
        last_used_at=_time(token.last_used_at),
        uses=token.uses,
    )


def _time(millis: int | None) -> str | UnsetType:
    return UNSET if millis is None else rfc3339(millis)
