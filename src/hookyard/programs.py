"""Programs that a command runs, of which nothing is left behind.

.. code-block:: python

    ended = await programs.run(["git", "gc"], cwd=folder, env={"PATH": os.environ["PATH"]}, timeout=60)
    if ended.returncode:
        raise CommandError(ended.stderr.decode(errors="replace"))

A `def` command, which runs in a thread, has :func:`run_blocking`.
"""

import asyncio
import math
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from hookyard.errors import Cancelled
from hookyard.process.once import run_once
from hookyard.process.spawn import CannotStart
from hookyard.process.spec import Limits, ProcessSpec

__all__ = ["CannotStart", "Ended", "Limits", "OnOutput", "run", "run_blocking"]

OnOutput = Callable[[bytes], object]
"""Gets what a program writes, in pieces as they come. What it raises ends the program, and comes out of :func:`run`."""
_NO_LIMITS: Final = Limits()
_LOOK: Final = 0.05
"""Seconds between two looks at whether a command should stop."""


class Ended(Struct, frozen=True, kw_only=True):
    """How a program ended."""

    returncode: int
    """Its exit code, or the signal that ended it as a negative number, as `subprocess` has it."""
    stdout: bytes = b""
    """What it wrote, up to the limit; nothing when that was handed on."""
    stderr: bytes = b""
    timed_out: bool = False
    """Its time was up, and it was ended."""
    stdout_cut: bool = False
    """It wrote more than the limit, and was ended for it."""
    stderr_cut: bool = False
    """It wrote more than is kept."""


async def run(
    argv: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float | None = None,  # noqa: ASYNC109  it ends a program, with SIGTERM first
    grace: float = 5.0,
    limits: Limits = _NO_LIMITS,
    stdout_limit: int = 1 << 20,
    stderr_limit: int = 65_536,
    on_stdout: OnOutput | None = None,
    on_stderr: OnOutput | None = None,
) -> Ended:
    """Run a program until it is gone, with everything in its process group, which is its own.

    At its timeout, when it writes too much, when a callback raises and when the task is cancelled, as it is when the
    job is, the group gets SIGTERM, and SIGKILL after the grace; a second cancellation does not wait for that. What the
    program leaves behind in its group is killed when it has ended itself. What leaves the group by `setsid` is out of
    reach, and nobody waits for it.

    Args:
        argv: the program and its arguments; no shell reads them. A name without `/` is looked for in `env["PATH"]`.
        cwd: its working directory.
        env: all of its environment: nothing else is passed on.
        stdin: what it may read; it need not.
        timeout: seconds it may take; None for as long as the command.
        grace: seconds between SIGTERM and SIGKILL. A worker's command has one second to stop, and so have its programs.
        limits: what `setrlimit` is told before its first instruction; they take the program `prlimit` of util-linux.
        stdout_limit: bytes that are kept; more end it.
        stderr_limit: bytes that are kept; more are read and dropped.
        on_stdout: gets the pieces until the program is gone; then nothing is kept, and there is no limit.
        on_stderr: the same for stderr.

    Raises:
        CannotStart: it cannot be executed.
        asyncio.CancelledError: the task was cancelled; the program is gone.
    """
    spec = ProcessSpec(argv=tuple(argv), cwd=os.fspath(cwd), env=env, limits=limits, grace=round(grace * 1000))
    exited = await run_once(
        spec,
        stdin,
        timeout=math.inf if timeout is None else timeout,
        stdout_limit=stdout_limit if on_stdout is None else sys.maxsize,
        stderr_limit=stderr_limit if on_stderr is None else sys.maxsize,
        on_stdout=on_stdout,
        on_stderr=on_stderr,
        hear_late=True,
    )
    if exited.cause is not None:
        raise exited.cause
    return Ended(
        returncode=-(exited.signal or 0) if exited.returncode is None else exited.returncode,
        stdout=exited.stdout,
        stderr=exited.stderr,
        timed_out=exited.timed_out,
        stdout_cut=exited.stdout_cut,
        stderr_cut=exited.stderr_cut,
    )


def run_blocking(
    argv: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    stop: Callable[[], bool] | None = None,
    stdin: bytes = b"",
    timeout: float | None = None,
    grace: float = 5.0,
    limits: Limits = _NO_LIMITS,
    stdout_limit: int = 1 << 20,
    stderr_limit: int = 65_536,
    on_stdout: OnOutput | None = None,
    on_stderr: OnOutput | None = None,
) -> Ended:
    """The same for a `def` command, and any other thread without an event loop; the callbacks are called in it.

    A thread cannot be cancelled: without `stop` the program goes on to its timeout, whatever becomes of the job.

    Args:
        argv: see :func:`run`, as for all that is not named here.
        stop: asked about twenty times a second, `lambda: ctx.cancelled` as a rule; once it says yes, the group gets
            SIGTERM, and SIGKILL after the grace. What it raises ends the program too, and comes out.

    Raises:
        CannotStart: it cannot be executed.
        hookyard.Cancelled: `stop` said so; the program is gone, or was not started.
        RuntimeError: an event loop runs in this thread, and would stand still.
    """
    if _on_a_loop():
        msg = "the event loop would stand still: an async def command awaits programs.run"
        raise RuntimeError(msg)
    program = run(
        argv,
        cwd=cwd,
        env=env,
        stdin=stdin,
        timeout=timeout,
        grace=grace,
        limits=limits,
        stdout_limit=stdout_limit,
        stderr_limit=stderr_limit,
        on_stdout=on_stdout,
        on_stderr=on_stderr,
    )
    return asyncio.run(program if stop is None else _until(program, stop))


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _until(program: Coroutine[Any, Any, Ended], stop: Callable[[], bool]) -> Ended:
    running = asyncio.create_task(program)
    while not running.done():
        if stop():  # before it has begun: then nothing is started
            running.cancel()
            await asyncio.wait([running])
        else:
            await asyncio.wait([running], timeout=_LOOK)
    try:
        return running.result()
    except asyncio.CancelledError:
        msg = "the command was asked to stop"
        raise Cancelled(msg) from None
