"""Who may call."""

from typing import Annotated

from msgspec import Meta

from hookyard.config.model.parts import Name, Scope, Section, Tenant
from hookyard.config.values import PRIVATE


class TokenSettings(Section, frozen=True, kw_only=True):
    """A bearer token; `hookyard token new` makes one and prints these lines."""

    name: Name
    """Who it is, in logs and in `principal`."""
    sha256: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-fA-F]{64}$",
            description="the SHA-256 digest of the token as 64 hex digits",
            extra={PRIVATE: True},  # somebody will paste the token itself here
        ),
    ]
    """The digest of the token, in hex; the token itself is kept nowhere."""
    scopes: tuple[Scope, ...]
    """What it may do: `trigger:<plugin>/<command>` with globs, `trigger:ro`, `work:<lane>`, `jobs:read` and so on, or
    `admin`; an entry that begins with `!` takes away, and wins."""
    tenant: Tenant = ""
    """Whose it is: it sees and makes jobs of this tenant only; empty sees all, and makes jobs of any."""
