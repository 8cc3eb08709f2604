"""One attempt of an exec command: start, act on what it prints, judge how it ended."""

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from hookyard.context.logger import last_of
from hookyard.errors import AttemptTimedOut, CommandError, PluginFailed, RetryLater
from hookyard.host.foreign.exec import ExecLaunch
from hookyard.process.guardian import GUARDIAN
from hookyard.process.once import Exit, run_once
from hookyard.process.spec import ProcessSpec
from hookyard.runners.contract import Call
from hookyard.runners.exec.acting import Acting
from hookyard.runners.exec.lines import BadLine, Error, Lines
from hookyard.runners.exec.request import request_of
from hookyard.runners.state import too_much

STDOUT: Final = 64 << 20
"""Bytes that one call may print."""
STDERR: Final = 256 << 10
"""Bytes of stderr that are kept as lines of the job's log."""
TEMPORARY: Final = 75
CONFIGURATION: Final = 78
"""Of BSD's sysexits.h: EX_TEMPFAIL and EX_CONFIG."""
_TAIL: Final = 300
_KEPT: Final = 4096


class ExecRunner:
    """Runs any executable that speaks the exec protocol."""

    async def run(self, call: Call) -> bytes:
        """See :class:`hookyard.runners.contract.Runner`; also CommandError and RetryLater, as the plugin says it."""
        command = call.command
        launch = command.launch
        if not isinstance(launch, ExecLaunch):
            msg = f"{command.key} has no launch of an exec plugin"
            raise TypeError(msg)
        process = replace(launch.process, argv=(*launch.process.argv, "call", command.spec.name))
        stdin, kept = await request_of(call, launch)
        if command.spec.name not in launch.scratch:
            return await _attempt(call, process, stdin, kept)
        folder = await asyncio.to_thread(_make, f"hookyard-{call.info.plugin}-")
        try:
            return await _attempt(call, replace(process, cwd=folder), stdin, kept)
        finally:
            await asyncio.shield(asyncio.to_thread(_remove, folder))

    async def aclose(self) -> None:
        """Nothing is held: a process lives in its caller's task."""


def _make(prefix: str) -> str:
    folder = tempfile.mkdtemp(prefix=prefix)
    GUARDIAN.folder_starts(folder)
    return folder


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    GUARDIAN.folder_ends(folder)


async def _attempt(call: Call, process: ProcessSpec, stdin: bytes, kept: dict[str, int] | None) -> bytes:
    stop = asyncio.Event()
    before = sum(kept.values()) if kept else 0
    acting = Acting(call.port(), Path(process.cwd), stop, kept, call.command.spec.events)
    lines = Lines(acting.take)
    last = _Tail()

    def heard(piece: bytes) -> None:
        last.add(piece)
        acting.stderr(piece)

    try:
        done = await run_once(
            process,
            stdin,
            timeout=call.timeout / 1000,
            stop=stop,
            stdout_limit=STDOUT,
            stderr_limit=STDERR,
            on_stdout=lines.feed,
            on_stderr=heard,
        )
        acting.stderr_ends(cut=done.stderr_cut)
        whole = lines.close() if done.started else True
        await acting.finish()
        result = _judge(call, done, lines, whole=whole, said=str(last))
    except BadLine as error:
        raise PluginFailed(call.command.key, f"{error}{last}", code=error.code, retryable=False) from error
    finally:
        await acting.drop()
    if kept is not None and (problem := too_much(sum(kept.values()), before)) is not None:
        raise PluginFailed(call.command.key, problem, code="not_kept", retryable=False)
    return result


def _judge(call: Call, done: Exit, lines: Lines, *, whole: bool, said: str) -> bytes:
    """What the end means; the table of the protocol's page, row by row."""
    command = call.command

    def failed(problem: str, code: str, *, retryable: bool = True) -> PluginFailed:
        return PluginFailed(command.key, f"{problem}{said}", code=code, retryable=retryable)

    if not done.started:
        raise failed(f"it cannot be executed: {done.error}", "cannot_execute")
    if done.timed_out:
        call.cancel.set()
        raise AttemptTimedOut(command.key, call.timeout)
    if done.stdout_cut:
        raise failed(f"it printed more than {STDOUT >> 20} MiB", "too_much_output", retryable=False)
    if done.signal is not None:
        where = "" if whole else f" in the middle of line {lines.number}"
        raise failed(f"{_signal(done.signal)} ended it{where}", "killed")
    code = done.returncode
    if isinstance(lines.end, Error):
        raise _raised(lines.end, code)
    if code == TEMPORARY:
        raise failed(f"it exited with {code}: not now", "temporary")
    if code == CONFIGURATION:
        raise failed(f"it exited with {code}: its configuration is wrong", "configuration", retryable=False)
    if code != 0:
        after = "" if lines.end is None else f" after its result in line {lines.number}"
        raise failed(f"it exited with {code}{after}", "exited")
    if not whole:
        raise failed(f"line {lines.number} of its output ends in the middle", "protocol_error", retryable=False)
    if lines.end is None:
        raise failed(f"it ended without a result or an error, after {lines.number} lines", "no_result", retryable=False)
    body = bytes(lines.end.output)
    command.spec.check(body)
    return body


def _raised(error: Error, code: int | None) -> Exception:
    if error.retry_after is not None and code != CONFIGURATION:
        return RetryLater(error.retry_after, error.message)
    again = code == TEMPORARY or (error.retryable and code != CONFIGURATION)
    message = error.message.strip() or "the plugin says that it failed, and not why"
    return CommandError(message, code=error.code, retryable=again, details=error.details)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Tail:
    """The end of what it wrote to stderr, for the message."""

    def __init__(self) -> None:
        self._data = b""

    def add(self, piece: bytes) -> None:
        self._data = (self._data + piece)[-_KEPT:]

    def __str__(self) -> str:
        text = " ".join(self._data.decode(errors="replace").split())
        return f"; stderr: {last_of(text, _TAIL)}" if text else ""
