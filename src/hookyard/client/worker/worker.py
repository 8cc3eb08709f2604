"""The loop around `/api/v1/work`."""

import asyncio
import contextlib
import inspect
import logging
import signal
import threading
import typing
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import httpx
import msgspec

from hookyard.client.worker.beats import Beats
from hookyard.client.worker.ends import End, end_of, failure, instead
from hookyard.client.worker.job import WorkerJob
from hookyard.client.worker.wire import (
    STALE,
    UNWELCOME,
    Backoff,
    ClaimAnswer,
    Claimed,
    Unreachable,
    Unwelcome,
    WorkRefused,
    body_of,
    encoded,
)

T = TypeVar("T")
F = TypeVar("F", bound=Callable[[Any, WorkerJob], object])
_log = logging.getLogger("hookyard.worker")
_FATAL: Final = frozenset({400, 401, 403, 404, 413, 415})
"""Answers to the first claim that say that this worker is set up wrongly."""
_LARGE: Final = 1 << 20
"""Bytes of a body that somebody may not take without saying so."""
_TRIES_OF_LARGE: Final = 2
_CUT_OFF: Final = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
_PARAMETERS: Final = 2
_LAST_WORDS: Final = 5.0
"""Seconds that what is left at the end is given to be released."""


@dataclass(frozen=True, slots=True)
class _Handler:
    function: Callable[[Any, WorkerJob], object]
    decoder: "msgspec.json.Decoder[Any]"
    is_async: bool


class Worker:
    """Claims jobs and runs them, until it is stopped.

    Args:
        url: where the gateway is, such as `http://127.0.0.1:8420`.
        token: a bearer token with the scope `work:<lane>` of the commands.
        name: of this worker, in the list of workers and in the log.
        affinity: what it has loaded; jobs that want that come first. May be changed at any time.
        concurrency: how many jobs it runs at once.
        lease: seconds for which a job stays its own without a heartbeat; they come three times as often.
        wait: seconds that the gateway holds a claim when there is nothing.
        drain: seconds that jobs may go on after it was told to stop; then they are given back.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        name: str,
        affinity: tuple[str, ...] = (),
        concurrency: int = 1,
        lease: float = 30.0,
        wait: float = 25.0,
        drain: float = 20.0,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self.name = name
        self.affinity = affinity
        self._concurrency = concurrency
        self._lease = lease
        self._wait = wait
        self._drain = drain
        self._handlers: dict[str, _Handler] = {}
        self._running: dict[WorkerJob, asyncio.Task[None]] = {}
        self._acting: set[WorkerJob] = set()
        """Those whose handler has not returned."""
        self._lost: set[WorkerJob] = set()
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._free = asyncio.Event()
        self._unwelcome = Unwelcome()

    def command(self, key: str) -> Callable[[F], F]:
        """Declare what runs a command: a function of its input and the job, `async def` or `def`.

        The input is decoded into the type that the first parameter is annotated with. A plain function runs in a
        thread.

        Args:
            key: `plugin/command`.

        Raises:
            TypeError: the function takes something else, or its first parameter has no type.
        """

        def declare(function: F) -> F:
            if key in self._handlers:
                msg = f"{key} has a function already"
                raise TypeError(msg)
            self._handlers[key] = _Handler(
                function, msgspec.json.Decoder(_input_of(key, function)), inspect.iscoroutinefunction(function)
            )
            return function

        return declare

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then finish what runs; a second signal gives it back at once.

        Raises:
            WorkRefused: the gateway does not take this worker: its token, its lanes.
        """
        asyncio.run(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await self.serve()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Take nothing more; :meth:`serve` returns when what runs has ended. A second call gives it back at once."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    async def serve(self) -> None:
        """Work until :meth:`stop` is called.

        Raises:
            WorkRefused: the gateway does not take this worker, from the first or, for a minute, any more.
        """
        if not self._handlers:
            msg = "the worker has no commands; declare some with @worker.command"
            raise TypeError(msg)
        loop = asyncio.get_running_loop()
        timeout = httpx.Timeout(10.0, read=self._wait + 15.0)
        with httpx.Client(base_url=self._url, headers=self._headers, timeout=10.0) as blocking:
            async with httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=timeout) as http:
                beats = Beats(
                    blocking,
                    self._lease,
                    cancelled=lambda job: loop.call_soon_threadsafe(self._stop_job, job),
                    lost=lambda job: loop.call_soon_threadsafe(self._lose, job),
                )
                beats.start()
                try:
                    await self._claim_for_ever(http, blocking, beats)
                finally:
                    await self._finish()
                    await asyncio.to_thread(beats.stop)
        if self._unwelcome.error is not None:
            raise self._unwelcome.error

    # --- claiming ---

    async def _claim_for_ever(self, http: httpx.AsyncClient, blocking: httpx.Client, beats: Beats) -> None:
        backoff, welcome = Backoff(), False
        while not self._stopping.is_set():
            free = self._concurrency - len(self._running)
            if free <= 0:
                self._free.clear()
                await self._first(self._free.wait())
                continue
            try:
                claimed = await self._first(self._claim(http, free))
            except (httpx.TransportError, Unreachable) as error:
                await self._pause(backoff, error)
                continue
            except WorkRefused as error:
                if not welcome and error.status in _FATAL:
                    raise
                if error.status in UNWELCOME and self._is_over(error):
                    return
                await self._pause(backoff, error)
                continue
            backoff.reset()
            if claimed is not None:
                self._unwelcome.over()
            welcome = True
            for each in claimed or ():
                job = WorkerJob(each, blocking, beats.wake)
                beats.add(job)
                self._running[job] = asyncio.create_task(self._work(each, job, http, beats))

    async def _claim(self, http: httpx.AsyncClient, count: int) -> tuple[Claimed, ...]:
        asked = {
            "worker": self.name,
            "lanes": list(self._handlers),
            "count": min(count, 100),
            "lease": self._lease,
            "affinity": list(self.affinity),
            "wait": self._wait,
        }
        path, body, headers = encoded("claim", asked)
        answer = body_of(await http.post(path, content=body, headers=headers))
        return msgspec.json.decode(answer, type=ClaimAnswer).jobs

    async def _first(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the work gives; None when the worker is told to stop before, and the work is cancelled."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                doing.cancel()
                await asyncio.wait({doing})
            return None if doing.cancelled() else doing.result()
        finally:
            stopping.cancel()
            doing.cancel()

    async def _pause(self, backoff: Backoff, error: Exception) -> None:
        seconds = backoff.pause(error.after if isinstance(error, Unreachable) else None)
        _log.warning("the gateway: %s; again in %.1f s", _shown(error), seconds)
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    # --- one job ---

    async def _work(self, claimed: Claimed, job: WorkerJob, http: httpx.AsyncClient, beats: Beats) -> None:
        try:
            path, body = await self._outcome(claimed, job)
            if job not in self._lost:
                await asyncio.to_thread(beats.tell_now, job)
                await self._tell(http, beats, job, path, body)
        finally:
            beats.remove(job)
            self._lost.discard(job)
            self._acting.discard(job)
            del self._running[job]
            self._free.set()

    async def _outcome(self, claimed: Claimed, job: WorkerJob) -> End:
        """Run the handler; what to call, and what to say there."""
        handler = self._handlers[job.key]
        self._acting.add(job)
        try:
            if claimed.cancel_requested:
                return "release", {}
            data = handler.decoder.decode(claimed.payload)
            if handler.is_async:
                result = await cast("Awaitable[object]", handler.function(data, job))
            else:
                result = await _in_thread(handler.function, data, job)
            return "complete", {"result": msgspec.Raw(msgspec.json.encode(result))}
        except msgspec.ValidationError as error:
            return "fail", failure("invalid_input", f"This worker does not take the input: {error}", retryable=False)
        except GeneratorExit:  # the loop itself is taken away
            raise
        except BaseException as error:  # noqa: BLE001  as in a thread: `sys.exit()` ends its job, and not the worker
            return end_of(error, job, self.name)
        finally:
            self._acting.discard(job)

    async def _tell(
        self,
        http: httpx.AsyncClient,
        beats: Beats,
        job: WorkerJob,
        path: str,
        body: dict[str, Any],
        *,
        refused: bool = False,
    ) -> None:
        """Say how it ended, until that is taken or no longer matters; what is refused is a failure, said once."""
        backoff, broken = Backoff(), 0
        where, content, headers = encoded(path, {"job_id": job.id, "lease": job.lease, **body})
        beats.remove(job)
        while job not in self._lost:
            again: Exception
            try:
                body_of(await http.post(where, content=content, headers=headers))
            except (httpx.TransportError, Unreachable) as error:
                cut_off = len(content) > _LARGE and isinstance(error, _CUT_OFF)
                broken = broken + 1 if cut_off else 0
                if broken < _TRIES_OF_LARGE:
                    again = error
                else:  # so it looks when somebody in between takes no body of this size
                    refusal = WorkRefused(413, "too_large", f"The connection broke at a body of {len(content)} bytes.")
                    await self._tell_instead(http, beats, job, path, body, refusal, refused=refused)
                    return
            except WorkRefused as error:
                if error.status not in UNWELCOME:
                    await self._tell_instead(http, beats, job, path, body, error, refused=refused)
                    return
                if self._is_over(error):
                    return
                again = error
            else:
                self._unwelcome.over()
                return
            beats.add(job)  # it is held until the gateway is back
            pause = backoff.pause(again.after if isinstance(again, Unreachable) else None)
            _log.warning("%s of job %s: %s; again in %.1f s", path, job.id, _shown(again), pause)
            await asyncio.sleep(pause)

    async def _tell_instead(  # noqa: PLR0917  one private step of the above
        self,
        http: httpx.AsyncClient,
        beats: Beats,
        job: WorkerJob,
        path: str,
        body: dict[str, Any],
        error: WorkRefused,
        *,
        refused: bool,
    ) -> None:
        """Its end is refused, for good: it failed."""
        _log.warning("%s of job %s: %s", path, job.id, error)
        if error.status not in STALE and not refused:
            failed = instead(path, body, error.status, error.code, str(error))
            await self._tell(http, beats, job, "fail", failed, refused=True)

    def _is_over(self, error: WorkRefused) -> bool:
        """Whether this worker's token is refused for so long that it ends; it then does."""
        if self._unwelcome.again(error):
            self.stop()
            self._hurry.set()  # nothing can be told any more
        return self._unwelcome.error is not None

    def _stop_job(self, job: WorkerJob) -> None:
        """Have its handler stop; what it says of its end afterwards is still told."""
        job.stop()
        if job in self._acting and self._handlers[job.key].is_async:
            self._acting.discard(job)
            self._running[job].cancel()

    def _lose(self, job: WorkerJob) -> None:
        if job in self._running:
            _log.warning("job %s is no longer this worker's", job.id)
            self._lost.add(job)
            self._stop_job(job)

    # --- the end ---

    async def _finish(self) -> None:
        """Wait for what runs, then give it back."""
        if not self._running:
            return
        hurry = asyncio.ensure_future(self._hurry.wait())
        everything = asyncio.ensure_future(asyncio.wait(self._running.values()))
        await asyncio.wait({everything, hurry}, timeout=self._drain, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        everything.cancel()
        for job, task in list(self._running.items()):
            job.stop()
            if job in self._acting:  # a thread goes on, and nobody waits for it
                self._acting.discard(job)
                task.cancel()
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=_LAST_WORDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)


async def _in_thread(function: Callable[[Any, WorkerJob], object], data: object, job: WorkerJob) -> object:
    """Call it in a thread that holds up no end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[object] = loop.create_future()

    def settle(result: object, error: BaseException | None) -> None:
        if not done.done():
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

    def call() -> None:
        result, failure = None, None
        try:
            result = function(data, job)
        except BaseException as error:  # noqa: BLE001  whatever it raises is its job's end
            failure = error if isinstance(error, Exception) else RuntimeError(f"it raised {type(error).__name__}")
        with contextlib.suppress(RuntimeError):  # the loop is closed, and the worker gone
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=call, name=f"hookyard-worker-{job.id}", daemon=True).start()
    return await done


def _shown(error: Exception) -> str:
    return str(error) or type(error).__name__


def _input_of(key: str, function: Callable[..., object]) -> Any:  # noqa: ANN401  a type form
    names = list(inspect.signature(function).parameters)
    hints = typing.get_type_hints(function, include_extras=True)
    if len(names) != _PARAMETERS or names[0] not in hints:
        msg = f"{key}: a function takes its input, with a type, and the job: `def run(data: In, job: WorkerJob) -> Out`"
        raise TypeError(msg)
    return hints[names[0]]
