"""A job as it is asked for: made of what its command declares and what its caller wants otherwise."""

from typing import Final

from msgspec import Struct

from hookyard.dispatch.keys import Keys, UniqueAsk, keys_of
from hookyard.errors import Refused
from hookyard.host.registry import Command
from hookyard.model import CallbackEvent, ErrorInfo, Follow, Inbound, Job, JobOptions, Retry
from hookyard.store.contract import Dedupe, Unique

MOST_AFTER: Final = 100
"""How many jobs one may wait for."""


class Ask(Struct, frozen=True, kw_only=True):
    """What a caller wants otherwise than the command has it; durations are milliseconds."""

    priority: int | None = None
    run_at: int | None = None
    max_attempts: int | None = None
    timeout: int | None = None
    callback_url: str | None = None
    callback_events: tuple[CallbackEvent, ...] = ("finished",)
    tags: tuple[str, ...] = ()
    affinity: str | None = None
    retry: Retry | None = None
    """Instead of the command's; `max_attempts` wins over its `attempts`."""
    unique: UniqueAsk | None = None
    debounce: int | None = None
    on_success: tuple[Follow, ...] = ()
    """What follows a success, beside what the command declares; it is checked already."""
    on_failure: tuple[Follow, ...] = ()
    after: tuple[str, ...] = ()
    """The ids of the jobs that must succeed first."""


NOTHING_ASKED: Final = Ask()


class NewJob(Struct, frozen=True):
    """A job that is to be stored."""

    job: Job
    """As new: queued, without attempt or lease."""
    command: Command
    data: Struct | None = None
    """Its input, decoded, so that a job that starts at once is not decoded again."""
    dedupe: Dedupe | None = None
    """The idempotency key that must not make a second job."""
    unique: Unique | None = None
    """How its unique key, if it has one, is to be taken."""
    inbound: Inbound | None = None
    """What a sender sent that it is made of."""
    dead: ErrorInfo | None = None
    """Why it cannot run: it is stored as failed, a dead letter from the first."""


def make_job(
    command: Command,
    *,
    args: bytes,
    data: Struct | None,
    job_id: str,
    now: int,
    principal: str,
    tenant: str = "",
    request_id: str = "",
    ask: Ask = NOTHING_ASKED,
    source: str | None = None,
    parent: Job | None = None,
    dedupe: Dedupe | None = None,
    inbound: Inbound | None = None,
    dead: ErrorInfo | None = None,
) -> NewJob:
    """A new job.

    Args:
        command: what it runs.
        args: its input as JSON, verbatim.
        data: the same, decoded; None when it does not decode, so that it has no keys and fails when it is run.
        job_id: its id.
        now: when it is submitted.
        principal: who asks.
        tenant: of the principal.
        request_id: of the request that makes it; else its id serves as one.
        ask: what the caller wants otherwise.
        source: the configured source it came in by.
        parent: the job that called for it, or that it follows.
        dedupe: its idempotency key.
        inbound: what a sender sent that it is made of.
        dead: why it cannot run.

    Raises:
        Refused: what is asked for contradicts itself or the command.
    """
    if ask is NOTHING_ASKED and command.plain and parent is None:
        spec = command.spec
        job = Job(
            id=job_id,
            plugin=spec.plugin,
            command=spec.name,
            lane=command.lane,
            args=args,
            submitted_at=now,
            run_at=now,
            priority=command.priority,
            max_attempts=command.max_attempts,
            principal=principal,
            source=source,
            request_id=request_id or job_id,
            tenant=tenant,
        )
        return NewJob(job, command, data, dedupe, None, inbound, dead)
    none = command.plain and ask.unique is None and ask.debounce is None
    keys = _NO_KEYS if none else keys_of(command, args, data, tenant, ask.unique, ask.debounce)
    asked = _asked(command, args, job_id, now, principal, tenant, request_id, ask, source, parent, keys, data)
    return NewJob(asked, command, data, dedupe, keys.unique, inbound, dead)


def _asked(  # noqa: PLR0917  one private step, called in one place
    command: Command,
    args: bytes,
    job_id: str,
    now: int,
    principal: str,
    tenant: str,
    request_id: str,
    ask: Ask,
    source: str | None,
    parent: Job | None,
    keys: Keys,
    data: Struct | None,
) -> Job:
    if len(ask.after) > MOST_AFTER:
        raise Refused("invalid_input", f"A job may wait for {MOST_AFTER} others.", path="$.after")
    affinity = ask.affinity
    if affinity is None and command.affinity is not None:
        affinity = command.affinity.find(data)
    attempts = command.max_attempts if ask.retry is None else ask.retry.attempts
    return Job(
        id=job_id,
        plugin=command.spec.plugin,
        command=command.spec.name,
        lane=command.lane,
        args=args,
        submitted_at=now,
        run_at=max(now if ask.run_at is None else ask.run_at, now + keys.wait if keys.wait else 0),
        priority=command.priority if ask.priority is None else ask.priority,
        max_attempts=ask.max_attempts or attempts,
        timeout=ask.timeout,
        principal=principal,
        source=source,
        request_id=request_id or job_id,
        callback_url=ask.callback_url,
        tags=ask.tags,
        parent=None if parent is None else parent.id,
        tenant=tenant,
        affinity=affinity,
        unique_key=keys.unique_key,
        concurrency_key=keys.concurrency_key,
        concurrency_limit=keys.concurrency_limit,
        options=_options(ask, parent),
    )


def _options(ask: Ask, parent: Job | None) -> JobOptions | None:
    usual = ask.retry is None and not (ask.on_success or ask.on_failure or ask.after)
    if usual and parent is None and ask.callback_events == _NO_OPTIONS.callback_events:
        return None
    depth = 0 if parent is None else depth_of(parent) + 1
    return JobOptions(
        retry=ask.retry,
        callback_events=ask.callback_events,
        on_success=ask.on_success,
        on_failure=ask.on_failure,
        after=ask.after,
        depth=depth,
    )


def depth_of(job: Job) -> int:
    """How many jobs stand above this one."""
    return 0 if job.options is None else job.options.depth


_NO_OPTIONS: Final = JobOptions()
_NO_KEYS: Final = Keys()

__all__ = ["MOST_AFTER", "NOTHING_ASKED", "Ask", "NewJob", "UniqueAsk", "depth_of", "make_job"]
