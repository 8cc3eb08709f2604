"""Commands of Ductile plugins: each attempt is one process, started by protocol version 2."""

import asyncio
from time import time
from typing import Final, cast

from hookyard.context.logger import last_of
from hookyard.context.messages import EmitNote, GetSecret
from hookyard.errors import AttemptTimedOut, CommandError, PluginFailed
from hookyard.host.foreign.ductile.launch import DuctileLaunch
from hookyard.host.foreign.ductile.result import DuctileResult
from hookyard.process.once import Exit, run_once
from hookyard.runners.contract import Call
from hookyard.runners.ductile.answer import Answer, BadAnswer, read_answer
from hookyard.runners.ductile.notes import event_notes, log_notes, state_notes, stderr_notes
from hookyard.runners.ductile.request import request_of
from hookyard.runners.state import all_state

STDOUT: Final = 10 << 20
STDERR: Final = 64 << 10
CONFIGURATION: Final = 78
"""The exit code (EX_CONFIG of sysexits.h) after which nothing is tried again."""
_TAIL: Final = 600


class DuctileRunner:
    """Runs what stands in a `manifest.yaml`."""

    async def run(self, call: Call) -> bytes:
        """See :class:`hookyard.runners.contract.Runner`; also CommandError, as the plugin answers it."""
        command, port = call.command, call.port()
        launch = command.launch
        if not isinstance(launch, DuctileLaunch):
            msg = f"{command.key} has no launch of a Ductile plugin"
            raise TypeError(msg)
        state = await all_state(port, command.key)
        deadline = call.info.deadline or round(time() * 1000) + call.timeout
        config = command.config
        if launch.secrets:
            members = _members(config)
            for name in launch.secrets:
                secret: str = await port.ask(GetSecret(name))
                members[name] = secret
            config = members
        stdin = request_of(call.info, call.args, config, state, deadline)
        stdout = _Stdout()
        end = await _run(call, launch, stdin, stdout)
        for note in stderr_notes(end.stderr, cut=end.stderr_cut):
            port.tell(note)
        answer = _answer(call, end, stdout)
        for note in log_notes(answer):
            port.tell(note)
        if not answer.ok:
            again = answer.retry is not False and end.returncode != CONFIGURATION
            raise CommandError(answer.error or "", retryable=again)
        mirror = call.info.command in launch.mirrored
        try:  # all of it or nothing
            events = list(event_notes(answer, command.spec.events))
            kept = list(state_notes(answer, call.info.command, state, mirror=mirror))
        except BadAnswer as error:
            raise PluginFailed(command.key, str(error), code=error.code, retryable=False) from error
        for note in (*events, *kept):
            port.tell(note)
        emitted = sum(isinstance(note, EmitNote) for note in events)
        return command.spec.encode(DuctileResult(answer.result or "", emitted))

    async def aclose(self) -> None:
        """Nothing is held: a process lives in its caller's task."""


class _Stdout:
    """What a plugin has written, and how much of it before its time was up."""

    __slots__ = ("_data", "_in_time")

    def __init__(self) -> None:
        self._data = bytearray()
        self._in_time: int | None = None

    def take(self, piece: bytes) -> None:
        self._data += piece

    def time_is_up(self) -> None:
        self._in_time = len(self._data)

    def all(self) -> bytes:
        return bytes(self._data)

    def in_time(self) -> bytes:
        return bytes(self._data[: self._in_time])


async def _run(call: Call, launch: DuctileLaunch, stdin: bytes, stdout: _Stdout) -> Exit:
    # Begun before the process, so that nothing written after the signal is taken for written before it.
    timer = asyncio.get_running_loop().call_later(call.timeout / 1000, stdout.time_is_up)
    try:
        return await run_once(
            launch.process,
            stdin,
            timeout=call.timeout / 1000,
            stdout_limit=STDOUT,
            stderr_limit=STDERR,
            on_stdout=stdout.take,
        )
    finally:
        timer.cancel()


def _answer(call: Call, end: Exit, stdout: _Stdout) -> Answer:
    """The answer that counts.

    Raises:
        AttemptTimedOut: there was none in time.
        PluginFailed: there is none at all.
    """
    key = call.command.key
    if not end.started:
        problem = f"the plugin cannot be executed: {end.error}"
        raise PluginFailed(key, problem, code="cannot_execute")
    if end.timed_out:
        try:
            return read_answer(stdout.in_time())
        except BadAnswer as error:
            call.cancel.set()
            raise AttemptTimedOut(key, call.timeout) from error
    again = end.returncode != CONFIGURATION
    if end.stdout_cut:
        problem = f"the plugin wrote more than {STDOUT >> 20} MiB to stdout"
        raise PluginFailed(key, problem, code="too_much_output", retryable=again)
    try:
        return read_answer(stdout.all())
    except BadAnswer as error:
        raise PluginFailed(key, f"{error}{_circumstances(end)}", code=error.code, retryable=again) from error


def _members(config: object) -> dict[str, object]:
    return dict(cast("dict[str, object]", config)) if isinstance(config, dict) else {}


def _circumstances(end: Exit) -> str:
    """How it ended, and the last of what it wrote to stderr."""
    said = f" (signal {end.signal})" if end.signal else f" (exit code {end.returncode})" if end.returncode else ""
    tail = last_of(" ".join(end.stderr.decode(errors="replace").split()), _TAIL)
    return f"{said}; stderr: {tail}" if tail else said
