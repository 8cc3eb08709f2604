"""What workers send. Lengths of time are seconds."""

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct, field

from hookyard.config.model.parts import END
from hookyard.model import YEAR, ErrorInfo, ItemStatus, LogLevel

LONGEST_WAIT = 30
"""Seconds that a claim is held at most."""
MOST_JOBS = 100
MOST_ITEMS = 1000
MOST_LINES = 500
LARGEST_ITEM = 64 << 10
"""Bytes of an item's `data`: a page of items shows all of them whole."""
WorkerName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}" + END,
        description="The worker's own name: letters, digits and `_.:@-`, such as `gpu-1:4711`.",
    ),
]
LaneGlob = Annotated[str, Meta(min_length=1, max_length=200)]
Affinity = Annotated[str, Meta(min_length=1, max_length=200)]
LeaseText = Annotated[
    str, Meta(pattern="^[0-9a-f]{1,16}" + END, description="The `lease` that the job was claimed with.")
]
LeaseSeconds = Annotated[float, Meta(ge=1, le=86_400)]
Wait = Annotated[float, Meta(ge=0, le=YEAR)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Sentence = Annotated[str, Meta(max_length=8192)]


def _nothing() -> Raw:
    return Raw(b"null")


class ClaimRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A worker wants jobs."""

    worker: WorkerName
    lanes: Annotated[tuple[LaneGlob, ...], Meta(min_length=1, max_length=200)]
    """By name or glob, such as `render/image` or `render/*`."""
    count: Annotated[int, Meta(ge=1, le=MOST_JOBS)] = 1
    """How many jobs at most."""
    lease: LeaseSeconds | None = None
    """Seconds that it may stay silent; left out, what the command says."""
    affinity: Annotated[tuple[Affinity, ...], Meta(max_length=200)] = ()
    """What it has loaded: jobs that want one of these come first."""
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] = 0
    """Seconds to wait for a job when there is none."""


class HeldJob(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The job that a call is about."""

    job_id: str
    lease: LeaseText


class ProgressBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the job is, in whatever its command counts."""

    done: float
    total: float | None = None
    """What `done` will be at the end."""
    message: Annotated[str, Meta(max_length=500)] = ""


class ItemBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one of the things that the job works through; told again, it replaces what was told before."""

    name: Word
    """Within the job."""
    status: ItemStatus
    data: Raw = field(default_factory=_nothing)
    """Its result, any JSON of at most 64 KiB; more is an artifact's."""
    error: ErrorInfo | None = None


class LineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A line for the job's log."""

    event: Annotated[str, Meta(min_length=1, max_length=1000)]
    level: LogLevel = "info"
    values: dict[str, Any] = field(default_factory=dict[str, Any])


class ExtendRequest(HeldJob, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A heartbeat, and what is told with it."""

    for_: LeaseSeconds | None = field(name="for", default=None)
    """Seconds from now; left out, what the command says. Never beyond the attempt's deadline."""
    progress: ProgressBody | None = None
    items: Annotated[tuple[ItemBody, ...], Meta(max_length=MOST_ITEMS)] = ()
    lines: Annotated[tuple[LineBody, ...], Meta(max_length=MOST_LINES)] = ()


class CompleteRequest(HeldJob, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The job is done."""

    result: Raw = field(default_factory=_nothing)
    """What the command answers, of its output's type."""


class FailureBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why an attempt did not succeed; shown to callers as it is."""

    code: Word
    """A word that a program can act on."""
    message: Sentence
    retryable: bool = True
    """Whether another attempt may go better."""
    details: dict[str, Any] | None = None
    """Of more than 64 KiB a note is kept instead."""


class FailRequest(HeldJob, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The attempt did not succeed."""

    error: FailureBody
    retry_after: Wait | None = None
    """Seconds until the next attempt, if there is one; left out, what the retry policy says."""


class ReleaseRequest(HeldJob, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The job goes back to the queue, and the attempt is not counted."""

    after: Wait = 0
    """Seconds until it is due again."""
