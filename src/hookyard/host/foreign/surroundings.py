"""What a plugin's process gets to see and use: a short list of the server's environment, and what is configured."""

import os
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Final

from hookyard.config.model import PluginSettings, ProcessLimits
from hookyard.process.spec import Limits, ProcessSpec

PASSED: Final = frozenset({"PATH", "HOME", "TZ", "LANG", "TMPDIR"})
"""Of the server's own environment; and what begins with `LC_`. All else, its secrets included, stays here."""


def process_spec(settings: PluginSettings, *argv: str | Path, cwd: Path) -> ProcessSpec:
    """How one process of a plugin is started."""
    return ProcessSpec(
        argv=tuple(map(str, argv)),
        cwd=str(cwd),
        env=environment(settings.env),
        limits=_limits(settings.limits),
        grace=int(settings.grace),
    )


def environment(added: Mapping[str, str]) -> dict[str, str]:
    """All the environment of a plugin's process."""
    passed = {name: value for name, value in os.environ.items() if name in PASSED or name.startswith("LC_")}
    return passed | dict(added)


def _limits(limits: ProcessLimits) -> Limits:
    return Limits(
        memory=_plain(limits.memory),
        cpu=None if limits.cpu is None else ceil(limits.cpu.seconds),
        files=limits.files,
        processes=limits.processes,
        file_size=_plain(limits.file_size),
    )


def _plain(size: int | None) -> int | None:
    """A configured size as the number it is: a message holds no class of ours."""
    return None if size is None else int(size)
