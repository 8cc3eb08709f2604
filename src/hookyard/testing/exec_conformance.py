"""Holds an executable to the exec protocol (`docs/reference/exec-protocol.md`), check by check.

Safe by default: the plugin is described, and called only with what it must refuse and with commands that say they are
`read_only`, on inputs that its schemas give as examples. Any other command is called only on inputs that the caller
gives: what stands in a schema is for readers, and nobody there has asked for it to be done.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hookyard.config.model import PluginSettings
from hookyard.context import JobInfo
from hookyard.errors import HookyardError, PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.exec import ExecLaunch, describe
from hookyard.host.registry import Command
from hookyard.process.once import Exit, run_once
from hookyard.process.spec import ProcessSpec
from hookyard.runners.exec import ExecRunner
from hookyard.runners.exec.lines import BadLine, Error, Lines
from hookyard.testing.port import FakePort
from hookyard.testing.run import FakeCall

TIMEOUT: Final = 10.0
"""Seconds that one call may take here, whatever its command says."""
_NOWHERE: Final = "no-such-command"
_LIMIT: Final = 64 << 20
_STARTED: Final = 0.5
"""Seconds after which a program has begun its work, and can be asked to end."""

Outcome = Literal["passed", "failed", "skipped"]


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    outcome: Outcome
    why: str = ""
    """What is wrong, or why it was not looked at."""
    command: str = ""
    """The command it is about; empty for the plugin as a whole."""


class Report(Struct, frozen=True, kw_only=True):
    """All that was looked at, in order."""

    plugin: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """What failed."""
        return tuple(check for check in self.checks if check.outcome == "failed")


def candidate_of(path: Path) -> Candidate:
    """An executable file, or a folder with a `plugin.yaml`, as discovery would find it."""
    path = path.absolute()
    if path.is_dir():
        return Candidate(
            path.name, origin=path.name, kind="exec", folder=path, home=path, manifest=path / "plugin.yaml"
        )
    beside = path.with_name(f"{path.stem}.plugin.yaml")
    return Candidate(
        path.stem,
        origin=path.name,
        kind="exec",
        file=path,
        folder=path.parent,
        manifest=beside if beside.is_file() else None,
    )


def conform(
    path: Path,
    *,
    examples: Mapping[str, Mapping[str, object]] | None = None,
    settings: PluginSettings | None = None,
    secrets: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> Report:
    """Check a plugin. Blocking; not for use inside a running event loop.

    Args:
        path: the executable, or the folder of one.
        examples: inputs to call commands with, by command: these are really run, whatever they do.
        settings: the plugin's section of a configuration: its configuration, environment and limits.
        secrets: what the plugin declares and is given.
        timeout: seconds one call may take.
    """
    found = candidate_of(path)
    settings = settings or PluginSettings()
    try:
        plugin = describe(found, settings, found.folder or path.parent)
    except PluginLoadError as error:
        failed = Check(name="describes itself", outcome="failed", why=str(error))
        return Report(plugin=found.name, checks=(failed,))
    launch = plugin.launch
    if not isinstance(launch, ExecLaunch):
        why = f"it is written for plugin API {plugin.api}"
        failed = Check(name="describes itself", outcome="failed", why=why)
        return Report(plugin=found.name, checks=(failed,))
    suite = _Suite(plugin, launch, settings, secrets or {}, timeout)
    return Report(plugin=plugin.name, checks=tuple(suite.run(examples or {})))


class _Suite:
    def __init__(
        self,
        plugin: ForeignPlugin,
        launch: ExecLaunch,
        settings: PluginSettings,
        secrets: Mapping[str, str],
        timeout: float,
    ) -> None:
        self._plugin = plugin
        self._launch = launch
        self._settings = settings
        self._secrets = secrets
        self._timeout = timeout

    def run(self, examples: Mapping[str, Mapping[str, object]]) -> Iterator[Check]:
        yield Check(name="describes itself", outcome="passed")
        yield self._refuses("refuses a command that it does not have", _NOWHERE, self._request(_NOWHERE, {}))
        lacking = self._lacking()
        for name, spec in self._plugin.commands.items():
            yield self._refuses("refuses to run on nothing", name, b"", command=name)
            if lacking is not None:
                yield Check(name="answers", outcome="skipped", why=lacking, command=name)
                continue
            samples = [examples[name]] if name in examples else list(_samples(spec.input_type, spec.options.read_only))
            if not samples:
                why = "it is read_only, and its schema has no examples of what it requires"
                if not spec.options.read_only:
                    why = "it is not read_only, and no input was given to call it with"
                yield Check(name="answers", outcome="skipped", why=why, command=name)
                continue
            for sample in samples:
                yield self._answers(name, sample)
            yield self._ends(name, samples[0])

    def _lacking(self) -> str | None:
        """What no call can do without and nobody has given here."""
        for name in self._plugin.secrets:
            if name not in self._secrets:
                return f"it declares the secret {name!r}, which is not given here"
        try:
            self._config()
        except msgspec.ValidationError as error:
            return f"it needs a configuration: {error}"
        return None

    def _config(self) -> object:
        kind = self._plugin.config_type
        return None if kind is type(None) else msgspec.convert(self._settings.config, kind)

    def _request(self, command: str, data: object) -> bytes:
        job = {"id": "conformance", "attempt": 1, "max_attempts": 1, "deadline": None, "principal": "test"}
        job |= {"source": None, "request_id": "", "tags": [], "parent": None}
        request = {"protocol": 1, "plugin": self._plugin.name, "command": command, "job": job, "input": data}
        return json.dumps({**request, "config": self._settings.config, "secrets": self._secrets, "state": {}}).encode()

    def _refuses(self, name: str, called: str, stdin: bytes, *, command: str = "") -> Check:
        """It fails, in a way that the protocol has."""
        if command and not self._plugin.commands[command].options.read_only:
            why = "it is not read_only, and may ignore its input"
            return Check(name=name, outcome="skipped", why=why, command=command)
        lines = Lines(lambda _line, _number: None)
        done = self._once(called, stdin, lines)
        if isinstance(done, str):
            return Check(name=name, outcome="failed", why=done, command=command)
        refused = isinstance(lines.end, Error) or done.returncode not in {0, None}
        if refused or (command and not _required(self._plugin.commands[command].input_type)):
            return Check(name=name, outcome="passed", command=command)
        why = "it exited with 0 and printed no error; let it print one, or exit with another code"
        if done.signal is not None:
            why = f"signal {done.signal} ended it"
        return Check(name=name, outcome="failed", why=why, command=command)

    def _once(self, called: str, stdin: bytes, lines: Lines) -> Exit | str:
        launch = self._launch.process
        process: ProcessSpec = replace(launch, argv=(*launch.argv, "call", called))
        try:
            done = asyncio.run(
                run_once(process, stdin, timeout=self._timeout, stdout_limit=_LIMIT, on_stdout=lines.feed)
            )
        except BadLine as error:
            return str(error)
        if done.timed_out:
            return f"it took longer than {self._timeout:g} s"
        return done if done.started else f"it cannot be executed: {done.error}"

    def _answers(self, name: str, sample: Mapping[str, object]) -> Check:
        """A call as a server makes it: the lines, the end, the type of the result."""
        shown = json.dumps(sample)[:80]
        try:
            asyncio.run(self._call(name, sample))
        except HookyardError as error:
            # An error of the plugin's own is an answer too.
            own = error.code if type(error).__name__ in {"CommandError", "RetryLater"} else None
            if own is None:
                return Check(name="answers", outcome="failed", why=f"with {shown}: {error}", command=name)
        except msgspec.ValidationError as error:
            why = f"the example {shown} is not of its own schema: {error}"
            return Check(name="answers", outcome="failed", why=why, command=name)
        return Check(name="answers", outcome="passed", command=name)

    def _ends(self, name: str, sample: Mapping[str, object]) -> Check:
        """Asked by SIGTERM to end, it does so within its grace, or has ended already."""
        process = replace(self._launch.process, argv=(*self._launch.process.argv, "call", name))
        lines = Lines(lambda _line, _number: None)

        async def stopped() -> Exit:
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(min(_STARTED, self._timeout / 2), stop.set)
            return await run_once(
                process,
                self._request(name, sample),
                timeout=self._timeout,
                stop=stop,
                stdout_limit=_LIMIT,
                on_stdout=lines.feed,
            )

        try:
            done = asyncio.run(stopped())
        except BadLine as error:
            return Check(name="ends when it is asked to", outcome="failed", why=str(error), command=name)
        if done.signal == _SIGKILL:
            why = f"it did not end within its grace, {process.grace / 1000:g} s, and was killed"
            return Check(name="ends when it is asked to", outcome="failed", why=why, command=name)
        return Check(name="ends when it is asked to", outcome="passed", command=name)

    async def _call(self, name: str, sample: Mapping[str, object]) -> bytes:
        spec = self._plugin.commands[name]
        raw = json.dumps(sample).encode()
        command = Command(
            spec=spec,
            config=self._config(),
            lane=spec.key,
            lane_limit=1,
            timeout=1,
            max_attempts=1,
            launch=self._launch,
        )
        info = JobInfo(id="conformance", plugin=self._plugin.name, command=name, principal="test")
        call = FakeCall(
            command, spec.decode(raw), info, round(self._timeout * 1000), args=raw, host=FakePort(secrets=self._secrets)
        )
        return await ExecRunner().run(call)


def _samples(kind: type[Struct], read_only: bool) -> Iterator[Mapping[str, object]]:
    """Inputs for a command that changes nothing: of the examples that its schema gives, or an empty one."""
    if not read_only:
        return
    schema = msgspec.json.schema(kind)
    found: dict[str, Any] = schema.get("$defs", {}).get(schema.get("$ref", "").rpartition("/")[2], schema)
    properties: dict[str, dict[str, Any]] = found.get("properties", {})
    given = {name: each["examples"][0] for name, each in properties.items() if each.get("examples")}
    needed = set(found.get("required", []))
    if given and needed <= given.keys():
        yield given
    elif not needed:
        yield {}


def _required(kind: type[Struct]) -> bool:
    return any(field.required for field in msgspec.structs.fields(kind))


_SIGKILL: Final = 9
