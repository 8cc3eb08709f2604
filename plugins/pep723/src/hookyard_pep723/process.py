"""One process in a group of its own, of which nothing is left behind.

What leaves its group (`setsid`) is out of reach; nobody waits for it either.
"""

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

_PIECE: Final = 65_536
_LAST_PIECES: Final = 32  # a pipe holds 64 KiB unless somebody made it larger

OnOutput = Callable[[bytes], bool]
"""Takes what was written; False ends the process. Must not raise."""


class Ended(Struct, frozen=True):
    """How a process ended."""

    returncode: int
    """Its exit code, or the signal that ended it as a negative number."""
    timed_out: bool = False


async def run(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    stdin: bytes,
    seconds: float,
    grace: float,
    on_stdout: OnOutput,
    on_stderr: OnOutput,
) -> Ended:
    """Run a program until it is gone, with its whole process group.

    At its timeout, when a callback says so and when the task is cancelled, the group gets SIGTERM and after the grace
    SIGKILL; a second cancellation does not wait for that.

    Args:
        seconds: how long it may take.
        grace: seconds between SIGTERM and SIGKILL.

    Raises:
        OSError: it cannot be started.
        asyncio.CancelledError: the task was cancelled; the process is gone.
    """
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        process = subprocess.Popen(  # noqa: S603, ASYNC220  running what is configured is the purpose; it takes 1 ms
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            process_group=0,
        )
    pipes = [(process.stdout, on_stdout), (process.stderr, on_stderr)]
    gone, stop = asyncio.Event(), asyncio.Event()
    readers: list[_Reader] = []
    pidfd, timed_out = -1, False
    try:
        pidfd = os.pidfd_open(process.pid)
        loop.add_reader(pidfd, gone.set)
        readers = [_Reader(loop, pipe.fileno(), take, stop) for pipe, take in pipes if pipe is not None]
        timed_out = await _wait(process, gone, stop, seconds, grace)
    finally:
        # Not reaped yet, so that the group's number is nobody else's. Nothing is awaited: the task may be closed.
        _signal(process, signal.SIGKILL)
        if pidfd >= 0:
            loop.remove_reader(pidfd)
            os.close(pidfd)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        for reader in readers:
            reader.finish()
        for pipe, _ in pipes:
            if pipe is not None:
                pipe.close()
    return Ended(-signal.SIGKILL if process.returncode is None else process.returncode, timed_out)


async def _wait(
    process: "subprocess.Popen[bytes]", gone: asyncio.Event, stop: asyncio.Event, seconds: float, grace: float
) -> bool:
    """Wait until it has ended or is to be ended; returns whether its time was up."""
    ends = [asyncio.ensure_future(event.wait()) for event in (gone, stop)]
    try:
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        timed_out = not gone.is_set() and not stop.is_set()
        if not gone.is_set():
            _signal(process, signal.SIGTERM)
            await asyncio.wait(ends[:1], timeout=grace)
    except asyncio.CancelledError:
        _signal(process, signal.SIGTERM)
        await asyncio.wait(ends[:1], timeout=grace)
        raise
    finally:
        for end in ends:
            end.cancel()
    return timed_out


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


class _Reader:
    """Hands on what comes through a pipe."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int, take: OnOutput, stop: asyncio.Event) -> None:
        self._loop = loop
        self._fd = fd
        self._take = take
        self._stop = stop
        os.set_blocking(fd, False)
        loop.add_reader(fd, self._read)

    def finish(self) -> None:
        """Hand on what is in the pipe now; whoever still holds it open is not waited for."""
        self._loop.remove_reader(self._fd)
        for _ in range(_LAST_PIECES):
            if not self._read():
                return

    def _read(self) -> bool:
        try:
            piece = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return False
        if not piece:
            self._loop.remove_reader(self._fd)
            return False
        if not self._take(piece):
            self._stop.set()
        return True
