"""A process under way, watched by the event loop. Its end is seen by a pidfd: Linux 5.3 or newer."""

import array
import asyncio
import fcntl
import os
import signal
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hookyard.process.guardian import GUARDIAN
from hookyard.process.reading import PIECE, Sink, Source
from hookyard.process.spawn import CannotStart, spawn
from hookyard.process.spec import ProcessSpec
from hookyard.process.watcher import Watcher


class Child:
    """One process with its pipes; made on the event loop, which it must not outlive.

    Attributes:
        timed_out: its time was up.
        failure: what a callback raised.

    Raises:
        CannotStart: with the system's reason; nothing is left behind.
    """

    def __init__(self, spec: ProcessSpec, source: Source, out: Sink, err: Sink) -> None:
        self.timed_out = False
        self.failure: Exception | None = None
        self._spec = spec
        self._source = source
        self._out = out
        self._loop = asyncio.get_running_loop()
        self._process, self._stdin, stdout, stderr = _start(spec, source)
        self._pipes = {stdout: out, stderr: err}
        self._watcher: Watcher | None = None
        self._gone = False
        self._pidfd: int | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._ending: asyncio.TimerHandle | None = None
        try:
            self._watch()
        except OSError as error:
            self.close()
            raise CannotStart(str(error)) from error

    @property
    def returncode(self) -> int:
        """Its exit code, or the signal that ended it as a negative number."""
        return self._process.returncode

    async def wait(self, seconds: float, stop: asyncio.Event | None) -> None:
        """Wait until it has ended, of itself or for one of the reasons that `run_once` names.

        Raises:
            asyncio.CancelledError: the task was cancelled; it has ended nevertheless.
        """
        timer = self._loop.call_later(seconds, self._expire)
        stopper = None if stop is None else self._loop.create_task(self._stop(stop))
        cancelled: asyncio.CancelledError | None = None
        try:
            while not self._gone:
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                except asyncio.CancelledError as error:
                    self.kill() if cancelled else self.terminate()
                    cancelled = cancelled or error
        finally:
            timer.cancel()
            if stopper is not None:
                stopper.cancel()
        if cancelled is not None:
            raise cancelled

    def terminate(self) -> None:
        """SIGTERM to the group, and SIGKILL when the grace is over."""
        if self._ending is None and not self._gone:
            self._signal(signal.SIGTERM)
            self._ending = self._loop.call_later(self._spec.grace / 1000, self.kill)

    def kill(self) -> None:
        """SIGKILL to the group."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of everything; a process that has not ended is killed."""
        if not self._gone:  # only when the loop itself is taken away
            self.kill()
            self._reap()
        if self._ending is not None:
            self._ending.cancel()
        for fd in list(self._pipes):
            self._drop(fd)
        self._drop_stdin()
        if self._pidfd is not None:
            self._forget(self._pidfd)
            self._pidfd = None

    def _watch(self) -> None:
        watcher = self._watcher = Watcher.of(self._loop)
        for fd in self._pipes:
            watcher.add(fd, partial(self._readable, fd))
        if self._stdin is not None:
            self._loop.add_writer(self._stdin, self._writable)
        self._pidfd = os.pidfd_open(self._process.pid)
        watcher.add(self._pidfd, self._ended)

    def _ended(self) -> None:
        if self._gone:
            return
        # The leader is a zombie still, so that the number of its group is nobody else's.
        self._signal(signal.SIGKILL)
        self._reap()
        self._gone = True
        for fd in list(self._pipes):
            self._guard(self._drain, fd)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _reap(self) -> None:
        GUARDIAN.group_ends(self._process.pid)
        self._process.wait()

    def _drain(self, fd: int) -> None:
        """Read what is in a pipe now; who else holds it open is not waited for."""
        waiting = array.array("i", [0])
        fcntl.ioctl(fd, termios.FIONREAD, waiting)
        for _ in range(0, waiting[0], PIECE):
            self._pipes[fd].read(fd)

    def _readable(self, fd: int) -> None:
        sink = self._pipes.get(fd)
        if sink is None:
            return
        more = self._guard(sink.read, fd)
        if more is False:
            self._drop(fd)
        if sink.cut and sink is self._out:
            self.terminate()

    def _writable(self) -> None:
        if self._stdin is not None and not self._source.write(self._stdin):
            self._drop_stdin()

    def _guard(self, read: Callable[[int], bool | None], fd: int) -> bool | None:
        """Read; what a callback raises ends the process, and is raised once that is gone."""
        try:
            return None if self.failure is not None and self._gone else read(fd)
        except Exception as error:  # noqa: BLE001  it comes out of run_once
            self.failure = self.failure or error
            self.terminate()
            return None

    def _expire(self) -> None:
        if not self._gone:
            self.timed_out = True
            self._out.expire()
            self.terminate()

    async def _stop(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.terminate()

    def _signal(self, number: int) -> None:
        if not self._gone:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _drop(self, fd: int) -> None:
        del self._pipes[fd]
        self._forget(fd)

    def _forget(self, fd: int) -> None:
        if self._watcher is not None:  # the system had room for one
            self._watcher.remove(fd)
        os.close(fd)

    def _drop_stdin(self) -> None:
        if self._stdin is not None:
            self._loop.remove_writer(self._stdin)
            os.close(self._stdin)
            self._stdin = None


def _start(spec: ProcessSpec, source: Source) -> tuple["subprocess.Popen[bytes]", int | None, int, int]:
    """The process, and our ends of its pipes; that of stdin is None when all is written already."""
    opened: list[int] = []
    try:
        for _ in range(3):
            opened += os.pipe()
        theirs_in, ours_in, ours_out, theirs_out, ours_err, theirs_err = opened
        more = source.write(ours_in) if source.fits else True
        process = spawn(spec, stdin=theirs_in, stdout=theirs_out, stderr=theirs_err)
        GUARDIAN.group_starts(process.pid)
    except OSError as error:
        for fd in opened:
            os.close(fd)
        raise error if isinstance(error, CannotStart) else CannotStart(error.strerror or str(error)) from error
    for fd in (theirs_in, theirs_out, theirs_err):
        os.close(fd)
    if more:
        os.set_blocking(ours_in, False)
        return process, ours_in, ours_out, ours_err
    os.close(ours_in)
    return process, None, ours_out, ours_err
