"""The chains that commands declare, held against the types of what they join."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from hookyard.host.registry import Command
from hookyard.model import JobFailure
from hookyard.schema import Schema, of_type
from hookyard.schema.fit import Fit, Sides

Found = tuple[str, str]
"""A key path and what is wrong there."""


def chain_problems(
    commands: Mapping[str, Command], configured: Collection[str], inactive: Collection[str]
) -> Iterator[Found]:
    """What is wrong with the chains that commands declare.

    Args:
        commands: all of them, by key.
        configured: those whose chains the configuration has something to say about.
        inactive: plugins that do not run: what leads to them is not held against anybody.
    """
    for key, command in commands.items():
        for name, targets in (("on_success", command.on_success), ("on_failure", command.on_failure)):
            for index, target in enumerate(targets):
                at = f"commands.{key}.{name}[{index}]" if key in configured else f"plugins.{command.spec.plugin}"
                said = "" if key in configured else f"its command {command.spec.name}, {name}: "
                if target.partition("/")[0] not in inactive:
                    why = _wrong(commands, command, name, target)
                    if why is not None:
                        yield at, said + why
    for circle in _circles(commands):
        key = circle[0]
        at = f"commands.{key}" if key in configured else f"plugins.{key.partition('/')[0]}"
        yield at, f"the chain {' -> '.join((*circle, key))} is a circle, and would never end"


def misfit(command: Command, target: Command) -> str | None:
    """Why the target does not take what the command gives, as a clause; None when it does."""
    return _misfit(command.spec.output_type, target, f"what {command.key} gives")


def failure_misfit(target: Command) -> str | None:
    """Why the target does not take what is told of a failure."""
    return _misfit(JobFailure, target, "a JobFailure")


def _wrong(commands: Mapping[str, Command], command: Command, name: str, target: str) -> str | None:
    found = commands.get(target)
    if found is None:
        return f"there is no command {target}"
    return misfit(command, found) if name == "on_success" else failure_misfit(found)


def _misfit(given: object, target: Command, what: str) -> str | None:
    source, taken = _schema(given), _schema(target.spec.input_type)
    sides = Sides("input", True, _types(source), _types(taken))
    findings = Fit(sides).find(source, taken)
    if not findings:
        return None
    at, message = findings[0]
    return f"{target.key} does not take {what}: at {at or '/'}: {message}"


@lru_cache(maxsize=256)
def _schema(kind: Any) -> Schema:  # noqa: ANN401  a type form
    return of_type(kind)


def _types(schema: Schema) -> Mapping[str, Schema]:
    found: Mapping[str, Schema] = schema.get("$defs", {})
    return found


def _circles(commands: Mapping[str, Command]) -> Iterator[tuple[str, ...]]:
    """One circle for each place where the chains come back to a command they passed."""
    done: set[str] = set()

    def walk(key: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if key in path:
            yield path[path.index(key) :]
            return
        command = commands.get(key)
        if command is None or key in done:
            return
        for target in (*command.on_success, *command.on_failure):
            yield from walk(target, (*path, key))
        done.add(key)

    for key in commands:
        yield from walk(key, ())
