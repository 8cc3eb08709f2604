"""What a job's command tells besides its answer: lines, events, state, artifacts, items."""

from typing import Literal

from msgspec import Struct

from hookyard.model.jobs import ErrorInfo
from hookyard.model.words import LogLevel


class LogLine(Struct, frozen=True, kw_only=True):
    """One line that a job's command logged: a row of `job_line`."""

    job_id: str
    number: int = 0
    """Counted from 1 within the job; given by the store."""
    attempt: int
    at: int
    level: LogLevel
    event: str
    values: bytes = b"{}"
    """What belongs to it, as a JSON object."""


class Event(Struct, frozen=True, kw_only=True):
    """A named fact that a plugin emitted, or Hookyard itself: a row of `event_log`."""

    id: str
    type: str
    plugin: str
    """`hookyard` for one of Hookyard's own."""
    command: str
    """Of one of Hookyard's own, the noun of its type: `breaker`, `schedule`."""
    job_id: str
    """Empty where no job emitted it."""
    tenant: str = ""
    """That of the job; of one of Hookyard's own, of what it is about."""
    request_id: str = ""
    payload: bytes
    """JSON."""
    dedupe_key: str | None = None
    created_at: int


class StateEntry(Struct, frozen=True, kw_only=True):
    """What a plugin keeps under one key: a row of `plugin_state`."""

    key: str
    value: bytes
    """JSON."""
    version: int
    """Greater than that of every earlier value of this key, also of one that was deleted since."""


class StateChange(Struct, frozen=True, kw_only=True):
    """What is to be kept under one key, written with the commit that ends a job."""

    plugin: str
    key: str
    value: bytes | None
    """JSON; None deletes."""


class Artifact(Struct, frozen=True, kw_only=True):
    """A named blob of a job; what it holds is in the object store."""

    job_id: str
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in hex."""
    location: str
    """Its key in the object store."""
    created_at: int


ItemStatus = Literal["done", "failed"]
"""What became of one item of a job's batch."""


class Item(Struct, frozen=True, kw_only=True):
    """A partial result: one of the things that a job works through; a row of `job_item`."""

    job_id: str
    name: str
    """Within the job; told again it replaces what was told before."""
    number: int = 0
    """In the order of telling, from 1 within the job, with gaps where some were replaced; given by the store."""
    status: ItemStatus
    data: bytes | None = None
    """JSON."""
    error: ErrorInfo | None = None
    at: int
