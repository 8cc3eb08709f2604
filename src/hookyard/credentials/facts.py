"""What is true of a token of the store."""

from hookyard.clock import rfc3339
from hookyard.model import Token


def is_live(token: Token, now: int) -> bool:
    """Whether it gets in."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def facts(token: Token) -> dict[str, object]:
    """What the audit log says of a new token."""
    found: dict[str, object] = {"name": token.name, "scopes": token.scopes}
    if token.tenant:
        found["tenant"] = token.tenant
    if token.expires_at is not None:
        found["expires_at"] = rfc3339(token.expires_at)
    return found
