"""How the processes of a Python plugin are started that is not imported here."""

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hookyard.config.model import OutboundSettings, PluginSettings
from hookyard.egress.clients import ClientSettings
from hookyard.egress.rules import plugin_rules
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.surroundings import process_spec
from hookyard.host.foreign.worker.messages import PROTOCOL, Hello, Target
from hookyard.host.sources import sources_of
from hookyard.process.spec import ProcessSpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkerLaunch:
    """How the processes of one load of one plugin are started. Two loads are never the same: their code may differ."""

    plugin: str
    spec: ProcessSpec
    hello: Hello
    workers: int
    """How many processes there may be at once."""
    recycle_jobs: int | None
    recycle_memory: int | None
    """Bytes."""


def launch_of(
    candidate: Candidate, settings: PluginSettings, base: Path, *, outbound: OutboundSettings
) -> WorkerLaunch:
    """How to start the workers of a Python plugin.

    Args:
        candidate: the plugin.
        settings: its section of the configuration.
        base: the folder that the configuration's paths are relative to.
        outbound: what holds for every outgoing call; `ctx.http` is made from it and the plugin's own section.
    """
    # Not resolved: a virtual environment's interpreter is a link, and is what it is by its place.
    python = Path(sys.executable) if settings.python is None else base.absolute() / settings.python
    home = candidate.home or candidate.folder or (candidate.file.parent if candidate.file else base.absolute())
    spec = process_spec(settings, python, "-P", "-m", "hookyard.worker", cwd=home)
    rules = plugin_rules(outbound, settings.http)
    hello = Hello(
        protocol=PROTOCOL,
        target=_target(candidate),
        limits=spec.limits,
        describe=False,
        config=msgspec.msgpack.encode(settings.config),
        http=msgspec.msgpack.encode(ClientSettings(rules=rules, timeout=settings.http.timeout.seconds)),
        sources=sources_of(candidate),
    )
    return WorkerLaunch(
        plugin=candidate.name,
        spec=spec,
        hello=hello,
        workers=settings.workers,
        recycle_jobs=settings.recycle_jobs,
        recycle_memory=settings.recycle_memory,
    )


def _target(candidate: Candidate) -> Target:
    def text(path: Path | None) -> str | None:
        return None if path is None else str(path)

    return Target(
        name=candidate.name,
        origin=candidate.origin,
        file=text(candidate.file),
        folder=text(candidate.folder),
        home=text(candidate.home),
        root=text(candidate.root),
        module=candidate.module,
        attribute=candidate.attribute,
    )
