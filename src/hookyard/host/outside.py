"""Plugins that are not imported into this process: whoever knows their kind is asked what they are."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from hookyard.config.model import PluginSettings
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import ForeignPlugin


class _Describe(Protocol):
    def __call__(
        self, candidate: Candidate, settings: PluginSettings, base: Path, name: str | None = None
    ) -> ForeignPlugin: ...


class _LaunchOf(Protocol):
    def __call__(self, candidate: Candidate, settings: PluginSettings, base: Path) -> object: ...


def describe(candidate: Candidate, settings: PluginSettings, base: Path, name: str) -> ForeignPlugin:
    """What a plugin of another program is, or a Python one that runs in workers.

    Raises:
        PluginLoadError: it is not as it must be; the message says why and where.
    """
    kind = "worker" if candidate.kind == "python" else candidate.kind
    try:
        return cast("_Describe", _room(kind, "describe"))(candidate, settings, base, name)
    except PluginLoadError:
        raise
    except Exception as error:
        msg = f"{candidate.origin} could not be described: {type(error).__name__}: {error}"
        raise PluginLoadError(msg) from error


def launch_of(candidate: Candidate, settings: PluginSettings, base: Path) -> object:
    """How the workers of an imported plugin are started, some of whose commands run there.

    Raises:
        PluginLoadError: they cannot be.
    """
    return cast("_LaunchOf", _room("worker", "launch_of"))(candidate, settings, base)


def _room(kind: str, function: str) -> object:
    # By name: starting processes is much to import for a server whose plugins need none of it.
    return getattr(import_module(f"hookyard.host.foreign.{kind}"), function)
