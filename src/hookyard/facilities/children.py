"""The jobs that a command calls for."""

import asyncio
from collections.abc import Callable, Coroutine
from hashlib import sha256
from itertools import count
from typing import Any, Final

from msgspec import DecodeError, Raw, Struct

from hookyard.clock import Clock
from hookyard.context.messages import CallCommand, CallDone
from hookyard.errors import TOO_DEEP, CallError, Cancelled, Refused
from hookyard.facilities.contract import Attempt, Jobs
from hookyard.host.registry import Command
from hookyard.ids import IdSource
from hookyard.model import TERMINAL, Job
from hookyard.store.contract import Dedupe, Enqueued, Mismatch, Store

DEEPEST: Final = 8
"""How many jobs may stand above one another, each called for by the one above."""
REMEMBERED: Final = 7 * 86_400_000
"""Milliseconds for which a later attempt of the parent finds a child again."""


class Children:
    """The child jobs of one attempt.

    Args:
        find: a command by its key.
        stop: resolved when the attempt is over, or should be.
        background: has something done that nobody waits for.
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
    ) -> None:
        self._attempt = attempt
        self._jobs = jobs
        self._store = store
        self._clock = clock
        self._ids = ids
        self._find = find
        self._stop = stop
        self._background = background
        self._depth: int | None = None

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
        if await self._above() >= DEEPEST:
            msg = f"{question.command} is called {DEEPEST} jobs deep already"
            raise CallError(msg, code=TOO_DEEP)
        job_id = await self._stored(question, command, data)
        if not question.wait:
            return CallDone(job_id, "queued")
        ended = await self._ended(job_id)
        result = Raw(b"null" if ended.result is None else ended.result)
        return CallDone(job_id, ended.status, result, None if ended.status == "succeeded" else ended.last_error)

    async def _above(self) -> int:
        if self._depth is None:
            depth, parent = 0, self._attempt.job.parent
            while parent is not None and depth < DEEPEST:
                depth += 1
                job = await self._store.job(parent)
                parent = None if job is None else job.parent
            self._depth = depth
        return self._depth

    async def _stored(self, question: CallCommand, command: Command, data: Struct) -> str:
        parent = self._attempt.job
        digest = sha256(question.args).digest()
        name = f"{question.number}:{question.command}:{digest.hex()}"
        for generation in count():
            key = name if not generation else f"{name}:{generation}"
            now = self._clock.now()
            dedupe = Dedupe(f"call:{parent.id}", key, digest, now + REMEMBERED)
            try:
                outcome = await self._jobs.accept(self._job(question, command, now), command, data, dedupe)
            except Refused as error:
                msg = f"{question.command} cannot be called now: {error.detail}"
                raise CallError(msg, code=error.code) from error
            if await self._serves(outcome):
                return outcome.job_id
        raise AssertionError

    async def _serves(self, outcome: Enqueued | Mismatch) -> bool:
        """Whether this child is to be used: new, under way or succeeded. One that failed is called for anew."""
        if isinstance(outcome, Mismatch):
            return False
        if not outcome.duplicate:
            return True
        job = await self._store.job(outcome.job_id)
        return job is not None and (job.status == "succeeded" or job.status not in TERMINAL)

    def _job(self, question: CallCommand, command: Command, now: int) -> Job:
        parent = self._attempt.job
        return Job(
            id=self._ids(),
            plugin=command.spec.plugin,
            command=command.spec.name,
            lane=command.lane,
            args=question.args,
            submitted_at=now,
            run_at=now,
            priority=command.spec.options.priority,
            max_attempts=command.max_attempts,
            principal=f"plugin:{parent.plugin}",
            request_id=parent.request_id,
            parent=parent.id,
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
            self._background(self._jobs.cancel(job_id))
