"""What new jobs are asked for with, and what is answered for many."""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hookyard.config.model.parts import END
from hookyard.gateway.envelope import Envelope


class JobRequest(Envelope, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A job to be made: as in a trigger, with the command that it is to run."""

    plugin: Annotated[str, Meta(min_length=1, max_length=200)]
    command: Annotated[str, Meta(min_length=1, max_length=200)]


class BulkItem(JobRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One job of many."""

    idempotency_key: Annotated[str, Meta(pattern="^[ -~]{1,255}" + END)] | None = None
    """The same key and item make one job; keys of single jobs are another matter."""


class BulkBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The jobs as they came: each is decoded on its own, so that a bad one spoils no other."""

    jobs: Annotated[list[Raw], Meta(min_length=1, max_length=1000)]


class BulkRequest(Struct, frozen=True):
    """Many jobs to be made."""

    jobs: Annotated[list[BulkItem], Meta(min_length=1, max_length=1000)]


class BulkProblem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why one of them was not stored; as the problem that it alone would have been answered with."""

    code: str
    status: int
    title: str
    detail: str
    retryable: bool
    path: str | UnsetType = UNSET
    """The JSON path of what was wrong in the body."""
    job_id: str | UnsetType = UNSET
    """The job that an idempotency key stands for, or that had to succeed first."""


class BulkResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one of them: a job or a problem."""

    index: int
    """Its place among those that came, from 0."""
    job_id: str | UnsetType = UNSET
    duplicate: bool = False
    """The job was there before: its idempotency key or its unique key stands for it."""
    coalesced: bool = False
    """A job that waited took this one's input."""
    problem: BulkProblem | UnsetType = UNSET


class BulkAnswer(Struct, frozen=True, kw_only=True):
    """What became of all of them."""

    accepted: int
    refused: int
    results: list[BulkResult]
    """In the order in which the jobs came."""
