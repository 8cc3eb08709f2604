"""One process for one call: started, fed, read, ended, and nothing of it left behind.

It is started on the event loop's own thread, its pipes and its end are watched by the loop: nothing else costs as
little. The process group is the unit that is ended: a child that leaves it (`setsid`) is out of reach.
"""

import asyncio
import threading
from collections.abc import Callable

from msgspec import Struct

from hookyard.process.child import Child
from hookyard.process.reading import Sink, Source
from hookyard.process.spawn import CannotStart, not_executed
from hookyard.process.spec import ProcessSpec

OnData = Callable[[bytes], object]


class Exit(Struct, frozen=True, kw_only=True):
    """How a process ended."""

    returncode: int | None = None
    """Its exit code; None when a signal ended it, or it was never started."""
    signal: int | None = None
    """The signal that ended it."""
    stdout: bytes = b""
    """What it wrote, up to the limit; nothing when that was handed on piece by piece."""
    stderr: bytes = b""
    stdout_cut: bool = False
    """It wrote more than the limit, and was ended for it."""
    stderr_cut: bool = False
    """It wrote more than is kept."""
    timed_out: bool = False
    """Its time was up, and it was ended."""
    started: bool = True
    """False when it could not be executed; `error` says why."""
    error: str = ""
    """The system's reason."""
    cause: CannotStart | None = None
    """The same, to be raised."""


async def run_once(
    spec: ProcessSpec,
    stdin: bytes,
    *,
    timeout: float,  # noqa: ASYNC109  it ends a process, with SIGTERM first
    stop: asyncio.Event | None = None,
    stdout_limit: int,
    stderr_limit: int = 65_536,
    on_stdout: OnData | None = None,
    on_stderr: OnData | None = None,
    hear_late: bool = False,
) -> Exit:
    """Run a program until it is gone, with everything in its process group.

    At the timeout, when `stop` is set, when it writes too much or when the calling task is cancelled, the group gets
    SIGTERM, and SIGKILL after `spec.grace`; a second cancellation does not wait for that. What the program leaves
    behind in its group is killed as soon as it has ended itself, and nobody waits for a pipe that is still held open.

    Args:
        stdin: what it may read; it need not.
        timeout: seconds it may take.
        stop: ends it when set.
        stdout_limit: bytes; more end it.
        stderr_limit: bytes that are kept or handed on; more are read and dropped.
        on_stdout: gets the pieces as they come, until the time is up, and nothing is kept. What it raises ends the
            process, and comes out.
        on_stderr: the same for stderr, to the end.
        hear_late: `on_stdout` too gets what comes after the time is up.

    Raises:
        asyncio.CancelledError: the task was cancelled; the process is gone.
    """
    out, err = Sink(stdout_limit, on_stdout, hear_late=hear_late), Sink(stderr_limit, on_stderr)
    try:
        child = Child(spec, Source(stdin), out, err)
    except CannotStart as error:
        return Exit(started=False, error=str(error), cause=error)
    try:
        await child.wait(timeout, stop)
    finally:
        child.close()
    if child.failure is not None:
        raise child.failure
    code = child.returncode
    reason = not_executed(spec.limits, code, err.head)
    if reason is not None:
        return Exit(started=False, error=reason, cause=CannotStart(reason))
    return Exit(
        returncode=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        stdout=out.taken(),
        stderr=err.taken(),
        stdout_cut=out.cut,
        stderr_cut=err.cut,
        timed_out=child.timed_out,
    )


def describe_once(spec: ProcessSpec, stdin: bytes = b"", *, timeout: float = 10, limit: int = 1 << 20) -> Exit:
    """The same for callers that block: while plugins are loaded."""
    found: list[Exit | BaseException] = []

    def work() -> None:
        try:
            found.append(asyncio.run(run_once(spec, stdin, timeout=timeout, stdout_limit=limit)))
        except BaseException as error:  # noqa: BLE001  raised again in the thread that asked
            found.append(error)

    # A thread of its own, since the caller's may run an event loop already.
    thread = threading.Thread(target=work, name="hookyard-describe", daemon=True)
    thread.start()
    thread.join()
    (answer,) = found
    if isinstance(answer, BaseException):
        raise answer
    return answer
