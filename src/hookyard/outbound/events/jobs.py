"""What the events of jobs say: their `data`, by type."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hookyard.outbound.message import Failure, ProgressData

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339, in UTC, with milliseconds."""
JobId = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]


class JobFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of every job; what does not apply is left out."""

    job_id: JobId
    plugin: str
    command: str
    attempt: Annotated[int, Meta(ge=0, description="The number of the last attempt; 0 before the first.")]
    tags: tuple[str, ...] = ()
    submitted_at: Time
    started_at: Annotated[Time | UnsetType, Meta(description="When the last attempt began.")] = UNSET


class UnderWay(JobFacts, frozen=True, kw_only=True, omit_defaults=True):
    """A job that has not ended."""

    reason: Annotated[str | UnsetType, Meta(description="Why it is tried again, in one word.")] = UNSET
    error: Annotated[Failure | UnsetType, Meta(description="What the attempt before ended with.")] = UNSET


class JobQueued(UnderWay, frozen=True, kw_only=True, omit_defaults=True):
    """A job is stored and waits for its turn."""

    status: Literal["queued"]


class JobStarted(UnderWay, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt begins."""

    status: Literal["running"]


class JobProgressed(UnderWay, frozen=True, kw_only=True, omit_defaults=True):
    """A job's command said how far it is."""

    status: Literal["running"]
    progress: ProgressData


class Ended(JobFacts, frozen=True, kw_only=True, omit_defaults=True):
    """A job that has ended."""

    completed_at: Time
    reason: Annotated[str | UnsetType, Meta(description="Why it ended so, in one word.")] = UNSET


class JobSucceeded(Ended, frozen=True, kw_only=True, omit_defaults=True):
    """A job ended well."""

    status: Literal["succeeded"]
    result: Annotated[
        Raw | UnsetType, Meta(description="What the command returned, byte for byte; its type is the command's own.")
    ] = UNSET
    result_artifact: Annotated[
        str | UnsetType, Meta(description="The name of the artifact that holds the result, since it is large.")
    ] = UNSET
    result_omitted: Annotated[
        bool, Meta(description="Whether the result was left out, since the body would be too large.")
    ] = False


class Unsuccessful(Ended, frozen=True, kw_only=True, omit_defaults=True):
    """A job that did not do what it was asked for."""

    error: Annotated[Failure | UnsetType, Meta(description="What the last attempt ended with.")] = UNSET


class JobFailed(Unsuccessful, frozen=True, kw_only=True, omit_defaults=True):
    """A job failed for good."""

    status: Literal["failed"]


class JobTimedOut(Unsuccessful, frozen=True, kw_only=True, omit_defaults=True):
    """A job's time was up, and its attempts too."""

    status: Literal["timed_out"]


class JobCancelled(Unsuccessful, frozen=True, kw_only=True, omit_defaults=True):
    """A job was cancelled."""

    status: Literal["cancelled"]
