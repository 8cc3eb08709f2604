"""What workers tell while they hold a job."""

from collections.abc import Callable

from hookyard.clock import Clock
from hookyard.dispatch.ports import AttemptPort, Leased
from hookyard.dispatch.work.ask import Counts, Extension, HeldAttempt
from hookyard.dispatch.work.contacts import Contacts
from hookyard.dispatch.work.ending import Ending
from hookyard.dispatch.work.held import STALE, Commands
from hookyard.errors import Refused
from hookyard.model import Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Extend, Extended, ItemsPut, Op, PutItems, PutProgress, Result, Several, Together


class Holding:
    """Keeps leases alive, and what is told with that.

    Args:
        open_port: opens what the house offers to an attempt: its log, and its artifacts.
        progressed: called with a job and how far it is, once that is stored.
        changed: called with the id of a job of which something else may have changed.
        leased: called with every time to which a lease is moved.
    """

    def __init__(
        self,
        *,
        writer: Coalescer,
        commands: Commands,
        contacts: Contacts,
        ending: Ending,
        clock: Clock,
        open_port: Callable[[Leased], AttemptPort],
        progressed: Callable[[Job, Progress], None],
        changed: Callable[[str], None],
        leased: Callable[[int], object],
    ) -> None:
        self._writer = writer
        self._commands = commands
        self._contacts = contacts
        self._ending = ending
        self._clock = clock
        self._open_port = open_port
        self._progressed = progressed
        self._changed = changed
        self._leased = leased

    async def extend(self, job: Job, token: int, told: Extension) -> Counts:
        """Move a lease's end, and keep what is told with it: all of it or nothing.

        Raises:
            Refused: `stale_lease`; nothing changed.
            StoreUnavailable: the store cannot take it now.
        """
        command = self._commands.of(job)
        deadline = await self._ending.in_time(job, token, command)
        now = self._clock.now()
        ends = min(now + (told.longer or self._commands.lease_of(command)), deadline)
        ops: list[Op] = [
            Extend(now=now, job_id=job.id, token=token, expires_at=ends),
            PutItems(now=now, job_id=job.id, token=token, items=told.items),
        ]
        if told.progress is not None:
            ops.append(PutProgress(now=now, job_id=job.id, token=token, progress=told.progress))
        extended, items, *_ = await self._together(ops, now)
        if not isinstance(extended, Extended) or not isinstance(items, ItemsPut):
            raise Refused("stale_lease", STALE)
        self._leased(ends)
        self._contacts.told(job.worker or "")
        progress = told.progress or job.progress
        if told.progress is None and told.items:
            progress = Progress(items.done + items.failed, None if progress is None else progress.total, at=now)
            self._writer.submit_lazy(PutProgress(now=now, job_id=job.id, token=token, progress=progress))
        if told.lines:
            port = self.port(job, token)
            for line in told.lines:
                port.tell(line)
            port.close()
        if progress is not None and progress is not job.progress:
            self._progressed(job, progress)
        elif told.lines or told.items:
            self._changed(job.id)
        total = None if progress is None else progress.total
        return Counts(ends, extended.cancel_requested, deadline, items.done, items.failed, total)

    async def _together(self, ops: list[Op], now: int) -> tuple[Result, ...]:
        several = await self._writer.submit(Together(now=now, ops=tuple(ops)))
        assert isinstance(several, Several)  # noqa: S101  the contract's answer to a Together
        return several.results

    def port(self, job: Job, token: int) -> AttemptPort:
        """What the house offers to a job that is held; to be closed.

        Raises:
            Refused: `plugin_unavailable` while the command is not there.
        """
        return self._open_port(HeldAttempt(job, self._commands.of(job), token))
