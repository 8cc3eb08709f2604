"""The attempts under way in this process: from a lease to its end on disk."""

import asyncio
import traceback
from collections.abc import Callable, Mapping

from msgspec import DecodeError, Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.context import JobInfo
from hookyard.dispatch.ports import Ports
from hookyard.dispatch.running import Running
from hookyard.dispatch.settle import NOTHING, Left, Settler
from hookyard.dispatch.verdict import CANCELLED, MISSING, RELEASED, Again, Ended, InvalidInput, Limits, judge
from hookyard.errors import Cancelled, StoreError, StoreUnavailable
from hookyard.host.registry import Command
from hookyard.model import Job
from hookyard.runners import Runners
from hookyard.store.contract import Lease

_log = log.get("dispatch")


class Attempts:
    """Runs leased jobs.

    Args:
        ports: opens what stands behind the commands' contexts.
        limits: by what ends are judged, with a new random number each time.
        freed: called with the lane when an attempt's slot is free again.
        settled: called with the job as it is stored after the attempt: queued again, or terminal.
        started: called with the job as it is stored during the attempt, when that begins.
    """

    def __init__(
        self,
        *,
        runners: Runners,
        settler: Settler,
        ports: Ports,
        limits: Callable[[], Limits],
        freed: Callable[[str], None],
        settled: Callable[[Job], None],
        started: Callable[[Job], None] | None = None,
    ) -> None:
        self._runners = runners
        self._settler = settler
        self._ports = ports
        self._limits = limits
        self._freed = freed
        self._settled = settled
        self._started = started
        self._running: dict[str, Running] = {}
        self._killed: set[Running] = set()
        """What goes on although its job was killed: a thread."""
        self._put: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @property
    def running(self) -> Mapping[str, Running]:
        """What runs now, by job id."""
        return self._running

    def start(
        self, job: Job, command: Command, lease: Lease, *, number: int, since: int, data: Struct | None = None
    ) -> None:
        """Run attempt `number` of a job whose lease is on disk; its lane's slot is held until the end is too."""
        running = Running(job, command, lease.token, number, since, ports=self._ports)
        self._running[job.id] = running
        running.task = self._loop.create_task(self._attempt(running, lease.worker, data))

    async def _attempt(self, running: Running, worker: str, data: Struct | None) -> None:
        job = running.begin(worker)
        log.change(
            "job.running",
            job_id=job.id,
            request_id=job.request_id,
            command=running.command.key,
            attempt=job.attempt,
            principal=job.principal,
        )
        if self._started is not None:
            self._started(job)
        after = None
        try:
            # Who was asked to stop before this began has nothing of its own that could be told.
            stopped = RELEASED if running.released or running.stale else running.cancelled
            end = stopped or await self._run(running, job, data)
            running.settling = True
            running.again = isinstance(end, Again)
            left = NOTHING
            if (port := running.opened) is not None:
                port.close()
                left = Left(tuple(port.events), tuple(port.state))
            if not running.stale:
                after = await self._settler.settle(job, running.token, end, left=left)
        except StoreUnavailable as error:
            # Only in a hurry: the job is still leased on disk, and the next process recovers it.
            _log.error("job.unsettled", job_id=job.id, request_id=job.request_id, why=error.detail)
        except StoreError:
            # The end contradicts what is stored; the lease ends by itself, and the janitor takes it from there.
            _log.exception("job.unsettled", job_id=job.id, request_id=job.request_id)
        finally:
            if self._running.get(job.id) is running:
                del self._running[job.id]
            self._killed.discard(running)
            self._freed(job.lane)
            if not self._running and not self._killed:
                self._idle.set()
        if after is not None:
            self._settled(after)

    async def _run(self, running: Running, job: Job, data: Struct | None) -> Ended | Again:
        command = running.command
        timeout = command.timeout if job.timeout is None else job.timeout
        try:
            running.data = _decode(command, job) if data is None else data
            running.info = _describe(job, running.since + timeout)
            running.timeout = timeout
            result = await self._runners.run(running)
            redacts = self._ports.redactor(job.plugin)
            if redacts is not None:
                result = redacts.json(result)
            if len(result) > command.max_result:
                return await self._settler.kept(job, running.token, result)
            return Ended("succeeded", "succeeded", result=result)
        except asyncio.CancelledError:
            return running.cancelled or RELEASED
        except Cancelled as error:
            if running.released:
                return RELEASED
            return running.cancelled or self._judge(error, job, command)
        except Exception as error:  # noqa: BLE001  whatever a plugin raises costs only its own job
            if running.released:
                return RELEASED
            return self._judge(error, job, command)

    def _judge(self, error: Exception, job: Job, command: Command) -> Ended | Again:
        try:
            return self._judged(error, job, command)
        except Exception as odd:  # noqa: BLE001  what an error has and does is the plugin's; it is shown as the context
            return self._judged(odd, job, command)

    def _judged(self, error: Exception, job: Job, command: Command) -> Ended | Again:
        end = judge(error, job, command, self._limits())
        redacts = self._ports.redactor(job.plugin)
        if end.error is not None and end.error.code == "plugin_error":
            who = {"job_id": job.id, "request_id": job.request_id, "command": command.key}
            if redacts is None:
                _log.exception("command.raised", **who)
            else:
                text = "".join(traceback.format_exception(error)).rstrip()
                _log.error("command.raised", exception=redacts.text(text), **who)
        if redacts is not None and end.error is not None:
            end = replace(end, error=redacts.error(end.error))
        return end

    def put_off(self, job: Job, lease: Lease) -> None:
        """Give back a leased job whose command is not here, uncounted; its slot is held until that is on disk."""
        task = self._loop.create_task(self._put_off(job, lease))
        self._put.add(task)
        task.add_done_callback(self._put.discard)

    async def _put_off(self, job: Job, lease: Lease) -> None:
        after = None
        try:
            after = await self._settler.settle(job, lease.token, MISSING)
        except (StoreError, StoreUnavailable) as error:  # its lease ends by itself
            _log.error("job.unsettled", job_id=job.id, request_id=job.request_id, why=str(error))
        finally:
            self._freed(job.lane)
        if after is not None:
            self._settled(after)

    def lost(self, job_id: str) -> None:
        """The lease turned out to be somebody else's: what runs here must not be written down."""
        running = self._running.get(job_id)
        if running is not None and not running.settling:
            _log.warning("job.lease_lost", job_id=job_id, request_id=running.request_id)
            running.stale = True
            running.stop()

    def cancel(self, job_id: str, end: Ended = CANCELLED) -> None:
        """The job's cancellation was asked for: tell its command, after which the job ends like this."""
        running = self._running.get(job_id)
        if running is not None and running.cancelled is None:
            _log.info("job.cancelling", job_id=job_id, request_id=running.request_id)
            running.cancelled = end
            if running.command.spec.options.isolation == "thread":
                running.ask_to_stop()  # a thread cannot be stopped, only asked; until it has answered, the job runs
            else:
                running.stop()

    def kill(self, job_id: str) -> None:
        """The job has ended in the store: end what runs here, at once.

        A thread cannot be ended. It is asked to, and holds its slot until it has.
        """
        running = self._running.pop(job_id, None)
        if running is None:
            return
        running.killed = running.stale = True
        self._killed.add(running)
        if running.command.spec.options.isolation == "thread":
            _log.warning("job.thread_goes_on", job_id=job_id, request_id=running.request_id)
            running.ask_to_stop()
            return
        task = self._loop.create_task(running.end())
        self._put.add(task)
        task.add_done_callback(self._put.discard)

    def release_all(self) -> None:
        """Stop every command and give its job back to the queue."""
        for running in [*self._running.values(), *self._killed]:
            running.release()

    async def idle(self, seconds: float) -> bool:
        """Wait until nothing runs; False when that takes longer."""
        self._idle.clear()
        if not self._running and not self._killed:
            return True
        try:
            async with asyncio.timeout(seconds):
                return await self._idle.wait()
        except TimeoutError:
            return False


def _decode(command: Command, job: Job) -> Struct:
    try:
        return command.spec.decode(job.args)
    except DecodeError as error:
        raise InvalidInput(error) from error


def _describe(job: Job, deadline: int) -> JobInfo:
    return JobInfo(
        id=job.id,
        plugin=job.plugin,
        command=job.command,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        deadline=deadline,
        principal=job.principal,
        source=job.source,
        request_id=job.request_id,
        tags=job.tags,
        parent=job.parent,
    )
