"""What follows a job's end: its links are stored in the transaction that ends it."""

from typing import Final

import msgspec
from msgspec import DecodeError, Struct

from hookyard import log
from hookyard.dispatch.new_job import Ask, NewJob, depth_of, make_job
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import Follow, Job, JobFailure, JobOptions
from hookyard.store.contract import Enqueue, Store, Unique

DEEPEST: Final = 32
"""How many jobs may stand above one another, each called for or followed by the next."""
_ATTEMPTS: Final = 4
"""Of a link whose command is not here now, and so cannot say."""

_log = log.get("dispatch")


class Chains:
    """Makes the jobs that follow an end.

    Args:
        registry: whose commands declare chains.
        store: has the input of a job that ended in another process.
        ids: where the ids of the links come from.
    """

    def __init__(self, registry: Registry, store: Store, ids: IdSource) -> None:
        self._store = store
        self._ids = ids
        self.use(registry)

    def use(self, registry: Registry) -> None:
        """Go on with these commands."""
        self._commands = registry.commands
        self.declared = {
            (command.spec.plugin, command.spec.name): (_follows(command.on_success), _follows(command.on_failure))
            for command in registry.commands.values()
            if command.on_success or command.on_failure
        }

    async def after(self, job: Job, result: bytes | None, now: int) -> tuple[Enqueue, ...]:
        """The jobs that follow this one, which is about to be stored as ended.

        Args:
            job: with a terminal status.
            result: of a success; where it is kept as an artifact, `job` does not have it.
            now: when they are submitted.
        """
        follows = self._follows(job)
        if not follows:
            return ()
        if depth_of(job) >= DEEPEST:
            _log.warning("chain.too_deep", job_id=job.id, request_id=job.request_id, deepest=DEEPEST)
            return ()
        args = await self._args(job, result)
        return tuple(_op(self._link(job, follow, args, now), now) for follow in follows)

    def _follows(self, job: Job) -> tuple[Follow, ...]:
        success, failure = self.declared.get((job.plugin, job.command), ((), ()))
        asked = job.options
        if job.status == "succeeded":
            return success if asked is None else (*success, *asked.on_success)
        if job.status in {"failed", "timed_out"}:
            return failure if asked is None else (*failure, *asked.on_failure)
        return ()

    async def _args(self, job: Job, result: bytes | None) -> bytes:
        if job.status == "succeeded":
            return b"null" if result is None else result
        whole = job if job.args else await self._store.job(job.id)
        args = b"" if whole is None else whole.args
        return msgspec.json.encode(
            JobFailure(
                job_id=job.id,
                plugin=job.plugin,
                command=job.command,
                status="timed_out" if job.status == "timed_out" else "failed",
                reason=job.reason or "",
                error=job.last_error,
                attempt=job.attempt,
                args=msgspec.Raw(args) if args else None,
            )
        )

    def _link(self, job: Job, follow: Follow, args: bytes, now: int) -> NewJob | Job:
        tags = tuple(dict.fromkeys((*job.tags, *follow.tags)))
        command = self._commands.get(follow.run)
        if command is None:  # its plugin is gone, and may come back
            plugin, _, name = follow.run.partition("/")
            return Job(
                id=self._ids(),
                plugin=plugin,
                command=name,
                lane=follow.run,
                args=args,
                submitted_at=now,
                run_at=now,
                priority=follow.priority or 0,
                max_attempts=_ATTEMPTS,
                principal=job.principal,
                request_id=job.request_id,
                tags=tags,
                parent=job.id,
                tenant=job.tenant,
                options=JobOptions(depth=depth_of(job) + 1),
            )
        return make_job(
            command,
            args=args,
            data=_decoded(command, args),
            job_id=self._ids(),
            now=now,
            principal=job.principal,
            tenant=job.tenant,
            request_id=job.request_id,
            ask=Ask(priority=follow.priority, tags=tags),
            parent=job,
        )


def _follows(commands: tuple[str, ...]) -> tuple[Follow, ...]:
    return tuple(Follow(run=key) for key in commands)


def _decoded(command: Command, args: bytes) -> Struct | None:
    try:
        return command.spec.decode(args)
    except DecodeError:  # it fails by itself, as any other job whose input does not fit
        return None


def _op(link: NewJob | Job, now: int) -> Enqueue:
    if isinstance(link, Job):
        return Enqueue(now=now, job=link)
    unique = link.unique
    if unique is not None and unique.policy == "replace":
        unique = Unique(
            "coalesce"
        )  # in one commit the queued one cannot be cancelled for it, but it can take its input
    return Enqueue(now=now, job=link.job, unique=unique)
