"""From a file to a :class:`Config`, or to every problem it has."""

import os
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path

from hookyard.config.check import findings
from hookyard.config.convert import Converter, line_at, lines_of
from hookyard.config.document import parse
from hookyard.config.model import Config
from hookyard.config.scalars import Place
from hookyard.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration together with where each of its keys stands, for checks that others make."""

    config: Config
    name: str
    """The file as problems call it."""
    base: Path
    """The folder that relative paths start from."""
    lines: MappingOf[str, int]

    def problem(self, path: str, message: str) -> Problem:
        """A problem at a key path, with the line of that key or of the nearest written one around it."""
        return Problem(file=self.name, line=line_at(self.lines, path) or 0, path=path, message=message)


def load(path: Path, environ: MappingOf[str, str] | None = None) -> Config:
    """Read a configuration file.

    Args:
        path: the file; relative paths in it start from its folder.
        environ: where `${VAR}` is looked up; the process's environment if left out.

    Raises:
        ConfigError: it has problems; all of them.
    """
    return load_file(path, environ).config


def load_file(path: Path, environ: MappingOf[str, str] | None = None, *, folder: Path | None = None) -> Loaded:
    """Read a configuration file and keep the lines of its keys.

    Args:
        path: the file, as problems call it.
        environ: where `${VAR}` is looked up; the process's environment if left out.
        folder: what a relative path starts from; the current one if left out. A plugin may change that one.

    Raises:
        ConfigError: it has problems; all of them.
    """
    at = path.absolute() if folder is None else folder / path
    text, reason = _read(at)
    if text is None:
        raise ConfigError((Problem(file=str(path), line=0, path="", message=reason),))
    return _loaded(text, name=str(path), base=at.parent, environ=environ)


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


def _loaded(text: str, *, name: str, base: Path, environ: MappingOf[str, str] | None) -> Loaded:
    root, faults = parse(text)
    converter = Converter(base, os.environ if environ is None else environ)
    made = converter.convert(root, Config, Place("", root.line))
    config = made if isinstance(made, Config) else Config()
    loaded = Loaded(config=config, name=name, base=base, lines=lines_of(root))
    problems = [Problem(name, fault.line, "", fault.message) for fault in faults]
    problems += [Problem(name, one.place.line, one.place.path, one.message) for one in converter.findings]
    problems += [loaded.problem(path, message) for path, message in findings(config)]
    if problems:
        raise ConfigError(tuple(sorted(problems, key=lambda problem: problem.line)))
    return loaded


def _read(path: Path) -> tuple[str | None, str]:
    """The text, or None and why there is none."""
    try:
        return path.read_text(encoding="utf-8-sig"), ""
    except OSError as error:
        return None, f"cannot be read: {error.strerror or type(error).__name__}"
    except UnicodeDecodeError:
        return None, "is not UTF-8 text"
