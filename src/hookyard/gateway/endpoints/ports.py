"""What the gateway asks of those that keep endpoints and send to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from hookyard.config.model import EndpointRules
from hookyard.model import AuditEntry, Delivery, Endpoint
from hookyard.outbound.endpoints.bodies import NewEndpoint
from hookyard.outbound.endpoints.private import KeptSecret
from hookyard.outbound.sender import Identity
from hookyard.store.contract import DeliveriesMoved
from hookyard.webhook_secret import PublicKey


class Entry(Protocol):
    """An endpoint as it is known in memory."""

    @property
    def row(self) -> Endpoint:
        """As it is stored."""
        ...

    @property
    def settings(self) -> EndpointRules | None:
        """What may be shown; None when the row cannot be read."""
        ...

    @property
    def problem(self) -> str | None:
        """Why it gets nothing at all."""
        ...

    @property
    def secrets(self) -> Sequence[KeptSecret]:
        """What signs."""
        ...

    @property
    def public_keys(self) -> Sequence[PublicKey]:
        """Of those secrets that are private keys."""
        ...

    @property
    def header_names(self) -> Collection[str]:
        """Of the headers that its requests have besides."""
        ...

    @property
    def identity(self) -> Identity | None:
        """Its certificates."""
        ...


class Made(Protocol):
    """An endpoint and the secrets that were just made for it."""

    @property
    def entry(self) -> Entry:
        """How it is now."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """To be shown this once."""
        ...


class EndpointManager(Protocol):
    """Changes endpoints; every change is written with its entry of the audit log.

    Every method raises Refused `not_found` for what a tenant does not see, and StoreUnavailable when nothing was done.
    """

    def entries(self, tenant: str = "") -> Sequence[Entry]:
        """The endpoints that a tenant sees, by name; all of them without one."""
        ...

    def find(self, name: str, tenant: str = "") -> Entry:
        """One endpoint."""
        ...

    async def create(self, name: str, asked: NewEndpoint, *, principal: str, tenant: str, audit: AuditEntry) -> Made:
        """Keep a new one."""
        ...

    async def change(self, name: str, patch: Mapping[str, object], *, tenant: str, audit: AuditEntry) -> Entry:
        """Change some keys (RFC 7396)."""
        ...

    async def delete(self, name: str, *, tenant: str, audit: AuditEntry) -> None:
        """Forget one."""
        ...

    async def enable(self, name: str, *, tenant: str, audit: AuditEntry) -> Entry:
        """Let one get events again."""
        ...

    async def disable(self, name: str, *, tenant: str, audit: AuditEntry) -> Entry:
        """Let one get nothing any more."""
        ...

    async def rotate(
        self,
        name: str,
        *,
        kind: Literal["v1", "v1a"],
        overlap: int,
        given: str | None,
        tenant: str,
        audit: AuditEntry,
    ) -> Made:
        """Replace its secrets of a kind; the old ones sign as well for `overlap` milliseconds."""
        ...


class Replayed(Protocol):
    """How far a replay came."""

    @property
    def planned(self) -> int:
        """Deliveries that were made."""
        ...

    @property
    def looked_at(self) -> int:
        """Jobs and events."""
        ...

    @property
    def next(self) -> str | None:
        """What to go on after; None at the end."""
        ...


class Recovery(Protocol):
    """Sends again. Every method raises Refused for what cannot be, and StoreUnavailable when nothing was done."""

    async def resend(self, delivery_id: str, *, tenant: str, audit: AuditEntry) -> Delivery:
        """Send one again."""
        ...

    async def abandon(self, delivery_id: str, *, tenant: str, audit: AuditEntry) -> Delivery:
        """Give one up."""
        ...

    async def recover(
        self,
        endpoint: str,
        *,
        since: int,
        until: int | None,
        after: str | None,
        limit: int,
        audit: AuditEntry,
        waiting: bool,
    ) -> DeliveriesMoved:
        """Send again what failed for good, and now what waits, if that is wanted too."""
        ...

    async def purge(
        self,
        endpoint: str,
        *,
        statuses: tuple[Literal["pending", "held", "delivered", "failed"], ...],
        until: int | None,
        after: str | None,
        limit: int,
        audit: AuditEntry,
    ) -> DeliveriesMoved:
        """Delete deliveries."""
        ...

    async def replay(
        self,
        endpoint: str,
        *,
        since: int,
        until: int | None,
        after: str | None,
        limit: int,
        audit: AuditEntry,
        dry_run: bool,
    ) -> Replayed:
        """Send what it would have been told; in a dry run, only count that."""
        ...

    async def test(self, endpoint: str, *, event: str | None, tenant: str, audit: AuditEntry) -> Delivery:
        """Send a sample."""
        ...


class LineState(Protocol):
    """How the requests to an endpoint go at this moment."""

    @property
    def active(self) -> int:
        """Requests under way."""
        ...

    @property
    def waiting(self) -> int:
        """Deliveries that wait in memory for their turn."""
        ...

    @property
    def paused_until(self) -> int | None:
        """While its receiver asked for a pause."""
        ...

    @property
    def rate(self) -> float | None:
        """Requests a second that may be sent now; None: any number."""
        ...

    @property
    def breaker(self) -> str:
        """`closed`, `open` or `half_open`."""
        ...

    @property
    def breaker_until(self) -> int | None:
        """When an open one lets a probe through."""
        ...
