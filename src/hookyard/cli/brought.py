"""What a plugin brings along for the command line, as commands that can be called there."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import typer
from msgspec.structs import replace

from hookyard.config import Loaded
from hookyard.config.model import Config, PluginSettings
from hookyard.errors import ConfigError, PluginLoadError, Refused
from hookyard.hookspecs import CliCommand
from hookyard.host.discovery import in_folder
from hookyard.host.hooks import Hooks
from hookyard.host.load import load
from hookyard.plugin import Plugin


def commands_of(loaded: Loaded, name: str) -> Sequence[CliCommand]:
    """The commands that this plugin brings along; no other plugin is imported.

    Raises:
        ConfigError: the configuration has its section wrong.
        PluginLoadError: it is not there, does not run, or its hook failed.
    """
    registry = load(_alone(loaded, name), loaded.base)
    mine = [(path, message) for path, message in registry.problems if f"{path}.".startswith(f"plugins.{name}.")]
    if mine:
        raise ConfigError(tuple(loaded.problem(path, message) for path, message in mine))
    active = next((each for each in registry.active if each.plugin.name == name), None)
    if active is None:
        record = next((each for each in registry.plugins if each.name == name), None)
        why = "there is none of this name" if record is None else f"it is {record.state}: {record.reason}"
        raise PluginLoadError(f"the plugin {name} cannot be used: {why}")
    if not isinstance(active.plugin, Plugin):
        where = next(iter(active.plugin.commands.values())).options.isolation
        if where == "external":
            raise PluginLoadError(f"the commands of {name} are run by external workers; nothing of it runs here")
        raise PluginLoadError(f"the plugin {name} runs in a process of its own, where there are no hooks")
    return asyncio.run(_ask(active.plugin, active.config))


async def _ask(plugin: Plugin[Any], config: object) -> Sequence[CliCommand]:
    hooks = Hooks([(plugin, config)])
    try:
        return await hooks.register_cli(plugin.name)
    except Refused as error:
        why = next((record.last_error for record in hooks.records() if record.hook == "register_cli"), None)
        raise PluginLoadError(f"the plugin {plugin.name}: its hook register_cli failed: {why}") from error


def group_of(name: str, commands: Sequence[CliCommand]) -> Any:  # noqa: ANN401  typer does not say what it makes
    """The commands as a group of their own.

    Raises:
        PluginLoadError: one of the functions cannot be called from a command line.
    """
    app = typer.Typer(
        help=f"The commands of the plugin {name}." if commands else f"The plugin {name} brings no commands along.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nothing)  # else a single command would not need to be named
    for command in commands:
        try:
            alone = typer.Typer(add_completion=False)
            alone.command(command.name)(command.function)
            typer.main.get_command(alone)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise PluginLoadError(f"the plugin {name}: the command {command.name} cannot be called: {why}") from error
        app.command(command.name, help=command.help or None)(_failing_plainly(name, command))
    return typer.main.get_command(app)


def _nothing() -> None:
    pass


def _failing_plainly(plugin: str, command: CliCommand) -> Callable[..., None]:
    """The function, awaited where it must be, with one line instead of a traceback when it raises."""

    @functools.wraps(command.function)
    def call(*given: object, **named: object) -> None:
        try:
            answer: object = command.function(*given, **named)
            if inspect.iscoroutine(answer):
                _finish(answer)
        except Exception as error:
            typer.echo(f"{plugin} {command.name}: {type(error).__name__}: {error}", err=True)
            raise typer.Exit(1) from error

    return call


def _finish(answer: Coroutine[Any, Any, object]) -> None:
    asyncio.run(answer)


def _alone(loaded: Loaded, name: str) -> Config:
    """The configuration with every other plugin disabled, so that none of them is imported."""
    config = loaded.config
    others: dict[str, PluginSettings] = {}
    for folder in config.plugin_dirs:
        path = (loaded.base / folder).resolve()
        found = in_folder(path, loaded.base) if path.is_dir() else ()
        others |= {candidate.name: PluginSettings(enabled=False) for candidate in found if candidate.name != name}
    mine = {name: config.plugins[name]} if name in config.plugins else {}
    return replace(config, plugins=others | mine, lanes={})
