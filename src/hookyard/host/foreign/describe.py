"""Plugins that are not imported into this process: whoever knows their kind is asked what they are."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from hookyard.config.model import OutboundSettings, PluginSettings
from hookyard.errors import PluginLoadError
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.contract import ForeignPlugin


class _Describe(Protocol):
    def __call__(
        self, candidate: Candidate, settings: PluginSettings, base: Path, name: str | None = None
    ) -> ForeignPlugin: ...


class _DescribeWorker(Protocol):
    def __call__(
        self, candidate: Candidate, settings: PluginSettings, base: Path, *, outbound: OutboundSettings
    ) -> ForeignPlugin: ...


class _LaunchOf(Protocol):
    def __call__(
        self, candidate: Candidate, settings: PluginSettings, base: Path, *, outbound: OutboundSettings
    ) -> object: ...


def describe(
    candidate: Candidate, settings: PluginSettings, base: Path, name: str, outbound: OutboundSettings
) -> ForeignPlugin:
    """What a plugin of another program is, or a Python one that runs in workers.

    Args:
        candidate: the plugin.
        settings: its section of the configuration.
        base: the folder that the configuration's paths are relative to.
        name: what the configuration calls it.
        outbound: what holds for every outgoing call, also from workers.

    Raises:
        PluginLoadError: it is not as it must be; the message says why and where.
    """
    try:
        if candidate.kind == "python":
            ask = cast("_DescribeWorker", _function("worker.describe", "describe"))
            return ask(candidate, settings, base, outbound=outbound)
        return cast("_Describe", _function(f"{candidate.kind}.describe", "describe"))(candidate, settings, base, name)
    except PluginLoadError:
        raise
    except Exception as error:
        msg = f"{candidate.origin} could not be described: {type(error).__name__}: {error}"
        raise PluginLoadError(msg) from error


def launch_of(candidate: Candidate, settings: PluginSettings, base: Path, outbound: OutboundSettings) -> object:
    """How the workers of an imported plugin are started, some of whose commands run there.

    Raises:
        PluginLoadError: they cannot be.
    """
    return cast("_LaunchOf", _function("worker.launch", "launch_of"))(candidate, settings, base, outbound=outbound)


def _function(module: str, name: str) -> object:
    # By name: starting processes is much to import for a server whose plugins need none of it.
    return getattr(import_module(f"hookyard.host.foreign.{module}"), name)
