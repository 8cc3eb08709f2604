"""Running one command in a test, the way a server runs it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

import msgspec
from msgspec import Struct

from hookyard.command import CommandSpec
from hookyard.context import CancelFlag, Context, JobInfo, SyncContext
from hookyard.context.port import Port
from hookyard.host.registry import Command
from hookyard.plugin import Plugin
from hookyard.runners import Runners
from hookyard.testing.port import JOB_ID, FakePort

C = TypeVar("C")
In = TypeVar("In", bound=Struct)
Out = TypeVar("Out")


@overload
def run_command(
    plugin: Plugin[C],
    command: Callable[[In, Context[C]], Coroutine[Any, Any, Out]],
    data: In | bytes | Mapping[str, object],
    *,
    config: C | None = None,
    timeout: float = 10.0,
    host: FakePort | None = None,
) -> Out: ...
@overload
def run_command(
    plugin: Plugin[C],
    command: Callable[[In, SyncContext[C]], Out],
    data: In | bytes | Mapping[str, object],
    *,
    config: C | None = None,
    timeout: float = 10.0,
    host: FakePort | None = None,
) -> Out: ...
@overload
def run_command(
    plugin: Plugin[C],
    command: str,
    data: Struct | bytes | Mapping[str, object],
    *,
    config: C | None = None,
    timeout: float = 10.0,
    host: FakePort | None = None,
) -> Any: ...  # noqa: ANN401  a name does not tell the type
def run_command(
    plugin: Plugin[Any],
    command: object,
    data: Struct | bytes | Mapping[str, object],
    *,
    config: object = None,
    timeout: float = 10.0,
    host: FakePort | None = None,
) -> object:
    """Run a command of a plugin and return its answer.

    Input and answer pass through JSON and are checked as a server does it, so that the test fails where a server
    would. Not for use inside a running event loop.

    Args:
        plugin: the plugin.
        command: the decorated function, which keeps its types; or the command's name.
        data: the input, or its JSON.
        config: what `ctx.config` is; made from the Struct's defaults when left out.
        timeout: seconds it may take.
        host: what stands behind its context, to look at afterwards; without it the command has one of its own.

    Raises:
        msgspec.ValidationError: the input is not of the command's type.
        InvalidOutput: the answer is not of the declared type.
        AttemptTimedOut: it took longer.
        Exception: whatever the command raised.
    """
    spec = _find(plugin, command)
    if config is None and plugin.config_type is not type(None):
        config = msgspec.convert({}, plugin.config_type)
    raw = data if isinstance(data, bytes) else msgspec.json.encode(data)
    bound = Command(
        spec=spec,
        config=config,
        lane=spec.key,
        lane_limit=1,
        timeout=round(timeout * 1000),
        max_attempts=spec.options.retry.attempts,
    )
    port = host or FakePort()
    port.declared = port.declared or spec.events
    answer = asyncio.run(_run(bound, spec.decode(raw), port))
    return msgspec.json.decode(answer, type=spec.output_type)


async def _run(command: Command, data: Struct, host: FakePort) -> bytes:
    info = JobInfo(
        id=JOB_ID,
        plugin=command.spec.plugin,
        command=command.spec.name,
        max_attempts=command.max_attempts,
        principal="test",
    )
    runners = Runners()
    try:
        return await runners.run(FakeCall(command, data, info, command.timeout, host=host))
    finally:
        await runners.aclose()


@dataclass(frozen=True, slots=True)
class FakeCall:
    """A runner's :class:`hookyard.runners.contract.Call` without a server behind it."""

    command: Command
    data: Struct
    info: JobInfo
    timeout: int
    args: bytes = b""
    cancel: CancelFlag = field(default_factory=CancelFlag)

    host: FakePort = field(default_factory=FakePort)

    def port(self) -> Port:
        """The host's side, in memory."""
        return self.host


def _find(plugin: Plugin[Any], command: object) -> CommandSpec:
    for spec in plugin.commands.values():
        if command == spec.name or command is spec.function:
            return spec
    msg = f"{plugin!r} has no command {command!r}; it has {', '.join(plugin.commands) or 'none'}"
    raise LookupError(msg)
