"""A plugin that is made of nothing but its section of the configuration."""

from pathlib import Path
from typing import Any, cast

from hookyard.command import CommandOptions, CommandSpec, as_struct
from hookyard.config.model import ExternalCommand, PluginSettings
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import Elsewhere, ForeignPlugin
from hookyard.host.foreign.external.launch import ExternalLaunch
from hookyard.host.foreign.external.schemas import compiled
from hookyard.keypath import KeyPath
from hookyard.plugin import API_VERSION, is_name

Found = tuple[str, str]


def describe(candidate: Candidate, settings: PluginSettings, base: Path, name: str | None = None) -> ForeignPlugin:
    """Make commands of what the configuration declares; what it has wrong is among the plugin's `problems`.

    Args:
        candidate: the plugin.
        settings: its section.
        base: the folder that the paths of schemas are relative to.
        name: the plugin's name.
    """
    own = name or candidate.name
    problems: list[Found] = []
    commands: dict[str, CommandSpec] = {}
    affinities: dict[str, KeyPath] = {}
    for command, declared in settings.commands.items():
        spec = _command(own, command, declared, base, problems)
        if spec is not None:
            commands[command] = spec
            if declared.affinity is not None:
                _affinity(f"plugins.{own}.commands.{command}.affinity", declared.affinity, spec, affinities, problems)
    return ForeignPlugin(
        name=own,
        version=None,
        api=API_VERSION,
        commands=commands,
        launch=ExternalLaunch(
            leases={key: int(one.lease) for key, one in settings.commands.items() if one.lease is not None},
            affinities=affinities,
        ),
        problems=tuple(problems),
    )


def _command(
    plugin: str, name: str, declared: ExternalCommand, base: Path, problems: list[Found]
) -> CommandSpec | None:
    at = f"plugins.{plugin}.commands.{name}"
    found = len(problems)
    if not is_name(name):
        problems.append((at, f"{name!r} is no command name; that is a lower-case letter, then a-z 0-9 _ -"))
    taken, wrong = compiled(declared.input, f"{plugin}.{name}.input", f"{at}.input", base)
    given, odd = compiled(declared.output, f"{plugin}.{name}.output", f"{at}.output", base)
    problems += [problem for problem in (wrong, odd) if problem is not None]
    if wrong is None and not _is_object(taken):
        problems.append((f"{at}.input", "a command takes an object with named properties, or any object"))
    problems += _waits(at, declared)
    if len(problems) > found:
        return None
    description = declared.description.strip()
    return CommandSpec(
        plugin=plugin,
        name=name,
        function=Elsewhere(f"{plugin}/{name}"),
        is_async=True,
        input_type=cast("type[Any]", taken),
        output_type=given,
        summary=declared.summary or description.partition("\n")[0],
        description=description,
        options=CommandOptions(
            summary=declared.summary,
            read_only=declared.read_only,
            timeout=None if declared.timeout is None else declared.timeout.seconds,
            retry=declared.retry.policy,
            concurrency=declared.concurrency,
            isolation="external",
            idempotent=declared.idempotent,
            priority=declared.priority,
            deprecated=declared.deprecated,
        ),
    )


def _affinity(at: str, text: str, spec: CommandSpec, affinities: dict[str, KeyPath], problems: list[Found]) -> None:
    try:
        path = KeyPath(text)
    except ValueError as error:
        problems.append((at, str(error)))
        return
    if (problem := path.problem(spec.input_type)) is not None:
        problems.append((at, problem))
    affinities[spec.name] = path


def _waits(at: str, declared: ExternalCommand) -> list[Found]:
    found: list[Found] = []
    if declared.timeout is not None and declared.timeout < 1:
        found.append((f"{at}.timeout", "expected at least 1 ms"))
    if declared.lease is not None and declared.lease < SHORTEST_LEASE:
        found.append((f"{at}.lease", f"expected at least {SHORTEST_LEASE} ms"))
    if declared.retry.cap < declared.retry.base:
        found.append((f"{at}.retry.cap", "it is less than retry.base"))
    return found


SHORTEST_LEASE = 1_000
"""Milliseconds: a heartbeat is a request over a network, and several have to come within a lease."""


def _is_object(kind: object) -> bool:
    struct = as_struct(kind)
    return struct is not None and not struct.__struct_config__.array_like
