"""The jobs that a command calls for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from hashlib import sha256
from itertools import count
from typing import Any, Final

from msgspec import DecodeError, Raw, Struct

from hookyard.clock import Clock
from hookyard.context.messages import CallCommand, CallDone
from hookyard.dispatch.chains import DEEPEST
from hookyard.dispatch.intake import Accepted
from hookyard.dispatch.new_job import NewJob, depth_of, make_job
from hookyard.errors import TOO_DEEP, CallError, Cancelled, Refused
from hookyard.facilities.contract import Attempt, Jobs
from hookyard.host.registry import Command
from hookyard.ids import IdSource
from hookyard.model import TERMINAL, Job
from hookyard.store.contract import Dedupe, Enqueued, LaneFull, Mismatch, Store, Unmet

REMEMBERED: Final = 7 * 86_400_000
"""Milliseconds for which a later attempt of the parent finds a child again."""


class Children:
    """The child jobs of one attempt.

    Args:
        find: a command by its key.
        stop: resolved when the attempt is over, or should be.
        background: has something done that nobody waits for.
        read: the result of a job that is kept as an artifact.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        jobs: Jobs,
        store: Store,
        clock: Clock,
        ids: IdSource,
        find: Callable[[str], Command | None],
        stop: "asyncio.Future[None]",
        background: Callable[[Coroutine[Any, Any, None]], None],
        read: Callable[[Job], Awaitable[bytes | None]],
    ) -> None:
        self._attempt = attempt
        self._jobs = jobs
        self._store = store
        self._clock = clock
        self._ids = ids
        self._find = find
        self._stop = stop
        self._background = background
        self._read = read

    async def call(self, question: CallCommand) -> CallDone:
        """Store the child, or find the one of an earlier attempt, and wait for its end if that is wanted.

        Raises:
            CallError: there is no such command, its input is refused, or too many jobs stand above this one.
            Cancelled: the attempt is over before the child.
        """
        command = self._find(question.command)
        if command is None:
            msg = f"there is no command {question.command}"
            raise CallError(msg, code="not_found")
        try:
            data = command.spec.decode(question.args)
        except DecodeError as error:
            msg = f"{question.command} does not take this input: {error}"
            raise CallError(msg, code="invalid_input") from error
        if depth_of(self._attempt.job) >= DEEPEST:
            msg = f"{question.command} is called {DEEPEST} jobs deep already"
            raise CallError(msg, code=TOO_DEEP)
        job_id = await self._stored(question, command, data)
        if not question.wait:
            return CallDone(job_id, "queued")
        ended = await self._ended(job_id)
        body = ended.result if ended.result_artifact is None else await self._read(ended)
        result = Raw(b"null" if body is None else body)
        return CallDone(job_id, ended.status, result, None if ended.status == "succeeded" else ended.last_error)

    async def _stored(self, question: CallCommand, command: Command, data: Struct) -> str:
        parent = self._attempt.job
        digest = sha256(question.args).digest()
        name = f"{question.number}:{question.command}:{digest.hex()}"
        for generation in count():
            key = name if not generation else f"{name}:{generation}"
            now = self._clock.now()
            dedupe = Dedupe(f"call:{parent.id}", key, digest, now + REMEMBERED)
            try:
                storing = asyncio.ensure_future(self._jobs.accept(self._job(question, command, data, now, dedupe)))
                try:
                    outcome = await asyncio.shield(storing)
                except asyncio.CancelledError:
                    if question.wait:  # it may be stored all the same, and nobody would wait for it
                        self._background(self._left(storing))
                    raise
            except Refused as error:
                msg = f"{question.command} cannot be called now: {error.detail}"
                raise CallError(msg, code=error.code) from error
            if isinstance(outcome, (LaneFull, Unmet)):
                msg = f"{question.command} cannot be called now: its lane is full"
                raise CallError(msg, code="lane_full")
            if await self._serves(outcome):
                return outcome.job_id
        raise AssertionError

    async def _left(self, storing: asyncio.Future[Accepted]) -> None:
        """Cancel a child that its parent left while it was being stored."""
        with suppress(Refused, asyncio.CancelledError):
            outcome = await storing
            if isinstance(outcome, Enqueued) and not outcome.duplicate:
                self._leave(outcome.job_id)

    async def _serves(self, outcome: Enqueued | Mismatch) -> bool:
        """Whether this child is to be used: new, under way or succeeded. One that failed is called for anew."""
        if isinstance(outcome, Mismatch):
            return False
        if not outcome.duplicate:
            return True
        job = await self._store.job(outcome.job_id)
        return job is not None and (job.status == "succeeded" or job.status not in TERMINAL)

    def _job(self, question: CallCommand, command: Command, data: Struct, now: int, dedupe: Dedupe) -> NewJob:
        parent = self._attempt.job
        return make_job(
            command,
            args=question.args,
            data=data,
            job_id=self._ids(),
            now=now,
            principal=f"plugin:{parent.plugin}",
            tenant=parent.tenant,
            request_id=parent.request_id,
            parent=parent,
            dedupe=dedupe,
        )

    async def _ended(self, job_id: str) -> Job:
        following = asyncio.ensure_future(self._jobs.follow(job_id))
        waiting: set[asyncio.Future[Any]] = {following, self._stop}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                return following.result()
        except asyncio.CancelledError:
            self._leave(job_id)
            raise
        finally:
            following.cancel()
        self._leave(job_id)
        msg = "the job was cancelled or its time is up"
        raise Cancelled(msg)

    def _leave(self, job_id: str) -> None:
        if not self._attempt.keeps_children:
            self._background(self._cancel(job_id))

    async def _cancel(self, job_id: str) -> None:
        await self._jobs.cancel(job_id)
