"""How workers end attempts: with an answer, without one, or by giving the job back; each fenced by its lease.

Every end goes through :class:`~hookyard.dispatch.settle.Settler`, so that deliveries, chains, large results and dead
letters are what they are for jobs that run here.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from hookyard.clock import Clock
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import CANCELLED, RELEASED, Again, Ended, Limits, judge
from hookyard.dispatch.work.contacts import Contacts
from hookyard.dispatch.work.held import STALE, Commands, deadline_of, is_external, timeout_of
from hookyard.errors import ArtifactError, AttemptTimedOut, CommandError, Refused, StoreUnavailable
from hookyard.host.registry import Command
from hookyard.model import Job
from hookyard.store.contract import Store

_LATE: Final = "The attempt took longer than it may, and was ended."


class Ending:
    """Ends attempts of external workers.

    Args:
        settled: called with every job as it is stored after an end: queued again, or terminal.
        limits: by what ends are judged, with a new random number each time.
    """

    def __init__(
        self,
        *,
        store: Store,
        settler: Settler,
        commands: Commands,
        contacts: Contacts,
        clock: Clock,
        settled: Callable[[Job], None],
        limits: Callable[[], Limits],
    ) -> None:
        self._store = store
        self._settler = settler
        self._commands = commands
        self._contacts = contacts
        self._clock = clock
        self._settled = settled
        self._limits = limits

    async def complete(self, job: Job, token: int, result: bytes) -> Job:
        """End a job with its answer, as JSON.

        Raises:
            Refused: `stale_lease`, or `plugin_unavailable` while the command is not there; nothing changed.
            InvalidOutput: the answer is of another type than the command declares; the lease goes on.
            StoreUnavailable: a large answer cannot be kept now; likewise.
        """
        command = self._commands.of(job)
        command.spec.check(result)
        await self.in_time(job, token, command)
        ended = await self._finish(job, token, await self._success(job, token, result, command.max_result))
        self._contacts.told(job.worker or "", completed=1)
        return ended

    async def fail(self, job: Job, token: int, error: CommandError, after: int | None) -> Job:
        """End an attempt without an answer: the job is tried again, or failed for good, as its retry policy has it.

        Args:
            job: held by `token`.
            token: the lease.
            error: what went wrong.
            after: milliseconds until the next attempt, if there is one, instead of what the policy says.

        Raises:
            Refused: `stale_lease`, or `plugin_unavailable` while the command is not there; nothing changed.
        """
        command = self._commands.of(job)
        await self.in_time(job, token, command)
        end = CANCELLED if job.cancel_requested else self.judged(error, job, command)
        if after is not None and isinstance(end, Again):
            end = replace(end, after=after)
        ended = await self._finish(job, token, end)
        self._contacts.told(job.worker or "", failed=1)
        return ended

    async def release(self, job: Job, token: int, after: int) -> Job:
        """Give a job back, its attempt not counted; it is due again after so many milliseconds.

        Raises:
            Refused: `stale_lease`; nothing changed.
        """
        end = RELEASED if not after else Again(after, "released", "retry_later", uncount=True)
        ended = await self._finish(job, token, end)
        self._contacts.told(job.worker or "")
        return ended

    def overdue(self, job: Job) -> Ended | Again | None:
        """What becomes of a job whose lease has ended because its time was up; None when its worker is gone before."""
        command = self._commands.find(job)
        if not is_external(job) or command is None or self._clock.now() < deadline_of(job, command):
            return None
        return self._timed_out(job, command)

    async def in_time(self, job: Job, token: int, command: Command) -> int:
        """When the attempt's time is up; one whose time is up already ends here.

        Raises:
            Refused: `stale_lease`; it has ended.
        """
        deadline = deadline_of(job, command)
        if self._clock.now() < deadline:
            return deadline
        await self._finish(job, token, CANCELLED if job.cancel_requested else self._timed_out(job, command))
        raise Refused("stale_lease", _LATE)

    async def end(self, job: Job, token: int, end: Ended | Again) -> Job | None:
        """End an attempt so; None when the lease is not, or no longer, the job's."""
        after = await self._settler.settle(job, token, end)
        if after is not None:
            self._settled(after)
        return after

    def judged(self, error: BaseException, job: Job, command: Command) -> Ended | Again:
        """What an attempt comes to that ended by an error."""
        return judge(error, job, command, self._limits())

    def _timed_out(self, job: Job, command: Command) -> Ended | Again:
        return self.judged(AttemptTimedOut(command.key, timeout_of(job, command)), job, command)

    async def _success(self, job: Job, token: int, result: bytes, bound: int) -> Ended:
        if len(result) <= bound:
            return Ended("succeeded", "succeeded", result=result)
        try:
            return await self._settler.kept(job, token, result)
        except ArtifactError as error:
            now = await self._store.job(job.id)
            if now is None or now.lease_token != token:
                raise Refused("stale_lease", STALE) from error
            detail = "The result is too large to be kept with the job, and no artifact now; the job is still held."
            raise StoreUnavailable(detail, retry_after=5) from error

    async def _finish(self, job: Job, token: int, end: Ended | Again) -> Job:
        after = await self.end(job, token, end)
        if after is None:
            raise Refused("stale_lease", STALE)
        return after
