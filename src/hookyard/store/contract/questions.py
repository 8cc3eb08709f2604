"""What can be asked of a store."""

from msgspec import Struct

from hookyard.model import AuditEntry, Delivery, DeliveryStatus, Job, JobStatus, Reason


class JobQuery(Struct, frozen=True, kw_only=True):
    """Which jobs to list, newest first; what is None does not matter."""

    status: JobStatus | None = None
    reason: Reason | None = None
    dead: bool = False
    """Whether only dead letters are wanted; see :func:`hookyard.store.rules.is_dead`."""
    plugin: str | None = None
    command: str | None = None
    lane: str | None = None
    principal: str | None = None
    source: str | None = None
    tag: str | None = None
    tenant: str | None = None
    parent: str | None = None
    created_since: int | None = None
    """Made at this time or later, by the time that its id holds, which a clock that goes back does not move back."""
    created_until: int | None = None
    """Made before this time."""
    finished_since: int | None = None
    finished_until: int | None = None
    error: str | None = None
    """Text that the code or the message of the last error has in it, in whatever case."""
    before: str | None = None
    """Only jobs whose id is smaller: the keyset cursor."""
    limit: int = 50


class JobsFound(Struct, frozen=True):
    """A page of jobs; `args` and `result` are left empty."""

    jobs: tuple[Job, ...]
    """At most as many as asked for. It may be fewer, or none, and still not the end: see `next`."""
    next: str | None
    """The id to go on before. None: there are no more."""


class AuditQuery(Struct, frozen=True, kw_only=True):
    """Which entries of the audit log to list, newest first; what is None does not matter."""

    principal: str | None = None
    action: str | None = None
    """The whole of it, or its noun: `token` finds `token.create`."""
    target: str | None = None
    tenant: str | None = None
    since: int | None = None
    """By the time that the entry's id holds, as `until`."""
    until: int | None = None
    before: str | None = None
    """Only entries whose id is smaller: the keyset cursor."""
    limit: int = 50


class AuditFound(Struct, frozen=True):
    """A page of entries."""

    entries: tuple[AuditEntry, ...]
    """At most as many as asked for; fewer, or none, need not be the end: see `next`."""
    next: str | None
    """The id to go on before. None: there are no more."""


class EventQuery(Struct, frozen=True, kw_only=True):
    """Which events to list, newest first; what is None does not matter."""

    type: str | None = None
    plugin: str | None = None
    job_id: str | None = None
    tenant: str | None = None
    before: str | None = None
    """Only events whose id is smaller: the keyset cursor."""
    after: str | None = None
    """Only events whose id is greater, and then the oldest first; not together with `before`."""
    limit: int = 50


class EndedQuery(Struct, frozen=True, kw_only=True):
    """Which jobs that ended to walk through, in the order of their ids.

    A job that was made at `until` or later, by the time that its id holds, did not end before it. There is no such
    bound at the other end: a job may take any time, so the walk begins with the oldest there is, whenever `since` is.
    That is less than a second for a million jobs with small bodies and some six with bodies of 2 kB, in pages of 10,000
    that take 10 to 90 ms each of a reader's time; an index by the end would cost every job that ends, and no other
    question asks for it.
    """

    since: int
    """Ended at this time or later."""
    until: int
    """Ended before this time."""
    after: str | None = None
    """Only jobs whose id is greater: the cursor."""
    limit: int = 50


class DeliveryQuery(Struct, frozen=True, kw_only=True):
    """Which deliveries to list, newest first; what is None does not matter."""

    endpoint: str | None = None
    callback: bool = False
    """Whether only those to callback URLs are wanted."""
    status: DeliveryStatus | None = None
    event: str | None = None
    """Of this type, or of one that this glob takes: :func:`hookyard.store.contract.matches_type`."""
    job_id: str | None = None
    tenant: str | None = None
    error: str | None = None
    """The word of the last error, such as `http_503`."""
    created_since: int | None = None
    """Made at this time or later, by the time that its id holds."""
    created_until: int | None = None
    before: str | None = None
    """Only deliveries whose id is smaller: the keyset cursor."""
    limit: int = 50


class DeliveriesFound(Struct, frozen=True):
    """A page of deliveries; `body` is left empty."""

    deliveries: tuple[Delivery, ...]
    """At most as many as asked for. It may be fewer, or none, and still not the end: see `next`."""
    next: str | None
    """The id to go on before. None: there are no more."""


class KeyedJob(Struct, frozen=True):
    """The job that an idempotency key stands for."""

    key: str
    job_id: str
    expires_at: int
    digest: bytes
    """Of the body that came with the key."""
