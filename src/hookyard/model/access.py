"""Credentials that are kept, and who changed what."""

from msgspec import Struct


class Token(Struct, frozen=True, kw_only=True):
    """A bearer token of the store: a row of `token`. The token itself is kept nowhere."""

    id: str
    name: str
    """Who it is, in logs and in `principal`: `token:NAME`."""
    digest: bytes
    """SHA-256 of the token; no two rows have the same."""
    scopes: tuple[str, ...]
    """What it may do; an entry that begins with `!` takes away, and wins."""
    tenant: str = ""
    """Whose it is: it sees jobs of the same tenant only. Empty sees all."""
    created_at: int
    created_by: str
    """The principal that made it."""
    expires_at: int | None = None
    revoked_at: int | None = None
    replaced_by: str | None = None
    """The id of the token that a rotation made instead of it."""
    last_used_at: int | None = None
    uses: int = 0
    """How often it was good for a request; written lazily, so that the last seconds before a crash are not counted."""


class TokenUse(Struct, frozen=True):
    """That a token was used, some times."""

    token_id: str
    at: int
    """The last time."""
    count: int


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One change of state by a principal: a row of `audit_log`."""

    id: str
    at: int
    principal: str
    action: str
    """What was done: a noun and a verb such as `job.cancel`, `token.create`, `lane.pause`."""
    target: str
    """To what: an id, a name, a lane."""
    tenant: str = ""
    peer: str | None = None
    """The address that the request came from."""
    request_id: str = ""
    details: bytes = b"{}"
    """What else belongs to it, as a JSON object; never a secret."""
