"""Ductile plugins to run: those of the collection beside this file, and small ones made by a test."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from hookyard.config.model import PluginSettings
from hookyard.config.values import Duration
from hookyard.context import CancelFlag, JobInfo
from hookyard.context.messages import EmitNote, LogNote, StateNote
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.ductile import DuctileResult, describe
from hookyard.host.registry import Command
from hookyard.model import StateEntry
from hookyard.runners.ductile import DuctileRunner
from hookyard.testing.port import FakePort

COLLECTION = Path(__file__).parent / "ductile_plugins"
JOB = "01980000-0000-7000-8000-000000000001"
MANIFEST = """
manifest_spec: ductile.plugin
manifest_version: 1
name: small
version: 0.1.0
protocol: 2
entrypoint: run.sh
commands:
  - {{name: {command}, type: write}}
"""


@dataclass(frozen=True, slots=True)
class DuctileCall:
    """One attempt, with a port that keeps what it is told."""

    command: Command
    args: bytes
    info: JobInfo
    timeout: int
    fake: FakePort = field(default_factory=FakePort)
    cancel: CancelFlag = field(default_factory=CancelFlag)

    @property
    def data(self) -> Struct:
        return self.command.spec.decode(self.args)

    def port(self) -> FakePort:
        return self.fake


@dataclass(slots=True)
class Bench:
    """One command of a plugin, to be run again and again with the state it keeps."""

    command: Command
    state: dict[str, StateEntry] = field(default_factory=dict[str, StateEntry])
    port: FakePort = field(default_factory=FakePort)

    def call(self, payload: object = None, *, timeout: int = 30_000, source: str | None = None) -> DuctileCall:
        """An attempt; what the last one told is forgotten, what it kept is not."""
        self.port = FakePort()
        self.port.state = dict(self.state)
        args = b"{}" if payload is None else payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        spec = self.command.spec
        info = JobInfo(id=JOB, plugin=spec.plugin, command=spec.name, source=source, deadline=1_800_000_000_000)
        return DuctileCall(self.command, args, info, timeout, self.port)

    def run(self, payload: object = None, *, timeout: int = 30_000, source: str | None = None) -> DuctileResult:
        """The result of an attempt; its state is kept for the next, as a commit would."""
        call = self.call(payload, timeout=timeout, source=source)
        call.data  # noqa: B018  a gateway would have refused it
        result = msgspec.json.decode(asyncio.run(DuctileRunner().run(call)), type=DuctileResult)
        for change in self.port.state_changes:
            if change.value is None:
                self.state.pop(change.key, None)
            else:
                self.state[change.key] = StateEntry(key=change.key, value=change.value, version=1)
        return result

    @property
    def kept(self) -> dict[str, object]:
        return {key: msgspec.json.decode(entry.value) for key, entry in self.state.items()}

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line.level, line.event) for line in self.port.lines]

    @property
    def stderr(self) -> list[object]:
        return [line.values["line"] for line in self.port.lines if line.event == "stderr"]


def candidate(folder: Path) -> Candidate:
    """What discovery makes of a folder."""
    return Candidate(
        folder.name,
        origin=folder.name,
        kind="ductile",
        manifest=folder / "manifest.yaml",
        folder=folder.parent,
        home=folder,
        root=folder.parent,
    )


def plugin_of(folder: Path, settings: PluginSettings | None = None, name: str | None = None) -> ForeignPlugin:
    return describe(candidate(folder), settings or PluginSettings(), folder.parent, name)


def bench(plugin: ForeignPlugin, command: str, config: dict[str, object] | None = None) -> Bench:
    spec = plugin.commands[command]
    return Bench(
        Command(
            spec=spec,
            config=config or {},
            lane=plugin.lane or spec.key,
            lane_limit=1,
            timeout=60_000,
            max_attempts=spec.options.retry.attempts,
            launch=plugin.launch,
        )
    )


def collected(
    name: str, command: str, *, config: dict[str, object] | None = None, env: dict[str, str] | None = None
) -> Bench:
    """A command of the collection."""
    settings = PluginSettings(config=config or {}, env=env or {}, grace=Duration(300))
    return bench(plugin_of(COLLECTION / name, settings), command, config)


def small(folder: Path, script: str, *, command: str = "poll", manifest: str = "", grace: int = 300) -> Bench:
    """A plugin of one shell script, without its first line."""
    home = folder / "small"
    home.mkdir(exist_ok=True)
    (home / "manifest.yaml").write_text(MANIFEST.format(command=command) + manifest)
    (home / "run.sh").write_text(f"#!/bin/bash\n{script}\n")
    (home / "run.sh").chmod(0o755)
    settings = PluginSettings(grace=Duration(grace))
    return bench(plugin_of(home, settings), command)


def events(port: FakePort) -> list[tuple[str, object, str | None]]:
    return [_event(note) for note in port.events]


def _event(note: EmitNote) -> tuple[str, object, str | None]:
    return note.type, msgspec.json.decode(note.payload), note.dedupe_key


def changes(port: FakePort) -> dict[str, object]:
    """The state that is to be kept; None stands for what is to go."""
    return {note.key: _kept(note) for note in port.state_changes}


def _kept(note: StateNote) -> object:
    return None if note.value is None else msgspec.json.decode(note.value)


def warnings(port: FakePort) -> list[LogNote]:
    return [line for line in port.lines if line.level == "warning"]
