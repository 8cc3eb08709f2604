"""Plugins in real worker processes, run one attempt at a time or many."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import msgspec
from typing_extensions import Unpack

from hookyard.config.model import OutboundSettings, PluginHttp, PluginSettings, ProcessLimits
from hookyard.config.values import Duration, Size
from hookyard.context import CancelFlag, JobInfo
from hookyard.context.messages import CallCommand, CallDone, Note, ProgressNote
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.worker.launch import WorkerLaunch, launch_of
from hookyard.host.importing import import_plugin
from hookyard.host.registry import Command
from hookyard.runners.worker import WorkerRunner
from hookyard.testing.port import FakePort

PLUGINS = Path(__file__).parent / "plugins"
T = TypeVar("T")


def candidate(file: Path) -> Candidate:
    return Candidate(name=file.stem, origin=str(file), file=file, folder=file.parent)


class Chosen(TypedDict, total=False):
    """What a test may set of a plugin's section."""

    python: str
    workers: int
    recycle_jobs: int
    recycle_memory: int
    grace: int
    env: dict[str, str]
    limits: ProcessLimits
    config: dict[str, Any]
    http: PluginHttp


def settings(**chosen: Unpack[Chosen]) -> PluginSettings:
    memory = chosen.get("recycle_memory")
    return PluginSettings(
        isolation="worker",
        python=chosen.get("python"),
        workers=chosen.get("workers", 1),
        recycle_jobs=chosen.get("recycle_jobs", 10_000),
        recycle_memory=None if memory is None else Size(memory),
        grace=Duration(chosen.get("grace", 100)),
        env=chosen.get("env", {}),
        limits=chosen.get("limits", ProcessLimits()),
        config=chosen.get("config", {}),
        http=chosen.get("http", PluginHttp()),
    )


class Port(FakePort):
    """Knows when its command has begun to say something."""

    def __init__(
        self, secrets: Mapping[str, str] | None = None, call: Callable[[CallCommand], CallDone] | None = None
    ) -> None:
        super().__init__(secrets=secrets, call=call)
        self.begun = asyncio.Event()

    def tell(self, note: Note) -> None:
        super().tell(note)
        if isinstance(note, ProgressNote):
            self.begun.set()

    @property
    def written(self) -> list[tuple[str, str]]:
        return [(line.event, str(line.values["line"])) for line in self.lines if "line" in line.values]


class Attempt:
    """A runner's Call."""

    def __init__(self, command: Command, args: bytes, timeout: int, port: Port) -> None:
        self.command = command
        self.args = args
        self.data = command.spec.decode(args)
        self.info = JobInfo(id="job-1", plugin=command.spec.plugin, command=command.spec.name, max_attempts=4)
        self.cancel = CancelFlag()
        self.timeout = timeout
        self.host = port

    def port(self) -> Port:
        return self.host


class Lab:
    """One plugin and its runner."""

    def __init__(self, file: Path, chosen: PluginSettings) -> None:
        self.runner = WorkerRunner()
        self.launch: WorkerLaunch = launch_of(candidate(file), chosen, file.parent, outbound=OutboundSettings())
        plugin = import_plugin(candidate(file))
        self._commands = {
            name: Command(
                spec=spec, config=None, lane=spec.key, lane_limit=64, timeout=0, max_attempts=4, launch=self.launch
            )
            for name, spec in plugin.commands.items()
        }

    def command(self, name: str) -> Command:
        return self._commands[name]

    def run(
        self, name: str, text: str = "x", number: int = 0, *, timeout: int = 30_000, port: Port | None = None
    ) -> Coroutine[Any, Any, bytes]:
        args = msgspec.json.encode({"text": text, "number": number})
        return self.runner.run(Attempt(self._commands[name], args, timeout, port or Port()))

    async def text(
        self,
        name: str,
        text: str = "x",
        number: int = 0,
        *,
        timeout: int = 30_000,  # noqa: ASYNC109  the attempt's, which is what is tested
        port: Port | None = None,
    ) -> str:
        answer = msgspec.json.decode(
            await self.run(name, text, number, timeout=timeout, port=port), type=dict[str, str]
        )
        return answer["text"]

    @property
    def pids(self) -> list[int]:
        return [pid for pool in self.runner.pools for pid in pool.pids]


@asynccontextmanager
async def lab(file: Path = PLUGINS / "rough.py", **chosen: Unpack[Chosen]) -> AsyncGenerator[Lab]:
    found = Lab(file, settings(**chosen))
    try:
        yield found
    finally:
        await found.runner.aclose()


def in_lab(test: Callable[[Lab], Awaitable[T]], file: Path = PLUGINS / "rough.py", **chosen: Unpack[Chosen]) -> T:
    """Run a test on a loop of its own, with a runner that is closed in any case."""

    async def run() -> T:
        async with asyncio.timeout(60), lab(file, **chosen) as found:
            return await test(found)

    return asyncio.run(run())


def lives(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> None:
    """Wait until a process that is not ours to reap has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(fd, ended.set)
    try:
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(fd)
        os.close(fd)
