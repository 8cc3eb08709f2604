"""From a file to a :class:`Config`, or to every problem it has."""

import os
import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import fields

from hookyard.config.check import findings
from hookyard.config.convert import Converter, line_at, lines_of
from hookyard.config.document import parse
from hookyard.config.kinds import struct_of
from hookyard.config.model import Config, EndpointSettings
from hookyard.config.scalars import Place
from hookyard.errors import ConfigError, Problem

_SECTIONS: Final = [struct for field in fields(Config) if (struct := struct_of(field.type)) is not None]
_TOLERANT: Final[frozenset[type[Struct]]] = frozenset([Config, EndpointSettings, *_SECTIONS])
"""The whole, its sections, and what has many keys that can be judged one by one."""
_RESTS_ON: Final = {
    "url": frozenset(("allow_http", "allow_ports", "allow_networks")),
    "connect_timeout": frozenset(("timeout",)),
}
"""By the key of a finding, on what it rests besides what stands there."""
_KEYS: Final = re.compile(r"[.\[]")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration together with where each of its keys stands, for checks that others make."""

    config: Config
    name: str
    """The file as problems call it."""
    base: Path
    """The folder that relative paths start from."""
    lines: MappingOf[str, int]
    secrets: tuple[tuple[str, Path | None], ...] = ()
    """The key path of each secret that does not come from the environment, and the file that it was read from; None:
    it is written there itself."""

    def problem(self, path: str, message: str) -> Problem:
        """A problem at a key path, with the line of that key or of the nearest written one around it."""
        return Problem(file=self.name, line=line_at(self.lines, path) or 0, path=path, message=message)


Checks = Callable[[Loaded], Iterable[tuple[str, str]]]
"""Everything wrong with what could be read, as key paths and messages."""


def load(path: Path, environ: MappingOf[str, str] | None = None) -> Config:
    """Read a configuration file.

    Args:
        path: the file; relative paths in it start from its folder.
        environ: where `${VAR}` is looked up; the process's environment if left out.

    Raises:
        ConfigError: it has problems; all of them.
    """
    return load_file(path, environ).config


def load_file(
    path: Path,
    environ: MappingOf[str, str] | None = None,
    *,
    folder: Path | None = None,
    checks: Checks | None = None,
) -> Loaded:
    """Read a configuration file and keep the lines of its keys.

    Args:
        path: the file, as problems call it.
        environ: where `${VAR}` is looked up; the process's environment if left out.
        folder: what a relative path starts from; the current one if left out. A plugin may change that one.
        checks: asked where there are problems, so that all of them are told at once, also of what could be read.

    Raises:
        ConfigError: it has problems; all of them.
    """
    at = path.absolute() if folder is None else folder / path
    text, reason = _read(at)
    if text is None:
        raise ConfigError((Problem(file=str(path), line=0, path="", message=reason),))
    return _loaded(text, name=str(path), base=at.parent, environ=environ, checks=checks)


def loads(
    text: str,
    *,
    name: str = "<text>",
    base: Path | None = None,
    environ: MappingOf[str, str] | None = None,
) -> Config:
    """Read a configuration from text.

    Args:
        text: the YAML.
        name: what problems call it.
        base: the folder that relative paths start from; the current one if left out.
        environ: where `${VAR}` is looked up; the process's environment if left out.

    Raises:
        ConfigError: it has problems; all of them.
    """
    return _loaded(text, name=name, base=base or Path.cwd(), environ=environ).config


def _loaded(
    text: str, *, name: str, base: Path, environ: MappingOf[str, str] | None, checks: Checks | None = None
) -> Loaded:
    root, faults = parse(text)
    converter = Converter(base, os.environ if environ is None else environ, _TOLERANT)
    made = converter.convert(root, Config, Place("", root.line))
    config = made if isinstance(made, Config) else Config()
    secrets = tuple((place.path, file) for place, file in converter.secrets)
    loaded = Loaded(config=config, name=name, base=base, lines=lines_of(root), secrets=secrets)
    problems = [Problem(name, fault.line, "", fault.message) for fault in faults]
    problems += [Problem(name, one.place.line, one.place.path, one.message) for one in converter.findings]
    found = list(findings(config))
    if checks is not None and (problems or found):
        found += checks(loaded)
    unread = [one.place.path for one in converter.findings]
    problems += [loaded.problem(path, message) for path, message in found if _is_sure(path, unread)]
    if problems:
        raise ConfigError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return loaded


def _is_sure(path: str, unread: Iterable[str]) -> bool:
    """Whether what was found here is so, whatever stands where it could not be read."""
    rests_on = _RESTS_ON.get(path.rpartition(".")[2], frozenset())
    for one in unread:
        if f"{one}.".startswith((f"{path}.", f"{path}[")) or path.startswith((f"{one}.", f"{one}[")):
            return False
        if not rests_on.isdisjoint(_KEYS.split(one)):
            return False
    return True


def _read(path: Path) -> tuple[str | None, str]:
    """The text, or None and why there is none."""
    try:
        return path.read_text(encoding="utf-8-sig"), ""
    except OSError as error:
        return None, f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError:
        return None, "is not UTF-8 text"
