"""From a caller's name to a file that may be run."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from msgspec import Struct

from hookyard import CommandError
from hookyard_pep723.config import NAME, Config, Options
from hookyard_pep723.metadata import metadata

_LARGEST: Final = 1 << 20


class Found(Struct, frozen=True):
    """A script that may be run."""

    name: str
    path: Path
    options: Options
    locked: bool
    """Whether there is a lock beside it."""


def find(config: Config, name: str) -> Found:
    """The script of a name, read and looked at.

    Raises:
        CommandError: there is none, or it cannot be run.
    """
    script = config.scripts.get(name)
    if script is not None:
        options: Options = script
        if script.source is not None:
            return Found(name, _kept(config, name, script.source), options, locked=False)
        path = Path(config.folder or "/", script.file or "")
    elif config.folder is not None and NAME.fullmatch(name):
        options = config.defaults
        path = Path(config.folder, f"{name}.py")
    else:
        raise failure(name, "there is no such script", "unknown_script")
    source = _read(name, path)
    try:
        metadata(source)
    except ValueError as error:
        raise failure(name, str(error), "bad_metadata") from error
    locked = path.with_name(f"{path.name}.lock").is_file()
    if options.require_lock and not locked:
        raise failure(name, f"it has no lock; `uv lock --script {path.name}` writes one", "no_lock")
    return Found(name, path, options, locked)


def cache_dir(config: Config) -> Path:
    """Where uv keeps what it got: the same place in all runs, whatever else they are told."""
    if config.cache_dir is not None:
        return Path(config.cache_dir)
    if own := os.environ.get("UV_CACHE_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uv"


def failure(name: str, problem: str, code: str, *, retryable: bool = False) -> CommandError:
    """An error that names the script."""
    return CommandError(f"pep723: script {name[:100]!r}: {problem}", code=code, retryable=retryable)


def _read(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise failure(name, "it is no file", "unknown_script")
            if (found.st_mode | path.parent.stat().st_mode) & stat.S_IWOTH:
                raise failure(name, "anyone on the machine can change it or its folder", "unsafe_script")
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise failure(name, "there is no such script", "unknown_script") from None
    except OSError as error:
        raise failure(name, f"it cannot be read: {error.strerror}", "unreadable_script") from error
    if len(raw) > _LARGEST:
        raise failure(name, f"it has more than {_LARGEST} bytes", "too_large")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise failure(name, "it is not UTF-8", "bad_metadata") from error


def _kept(config: Config, name: str, source: str) -> Path:
    """A file with a configured text: the same one for the same text, so that uv has one environment for it.

    Raises:
        CommandError: there is no place for it.
    """
    content = source.encode()
    if config.work_dir is not None:
        folder = Path(config.work_dir)
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hookyard" / "pep723"
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:20]}.py"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise failure(name, f"others can write into {folder}", "unsafe_script")
        with suppress(FileNotFoundError):
            if path.read_bytes() == content:
                return path
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    except OSError as error:
        raise failure(name, f"it cannot be kept in {folder}: {error.strerror}", "unreadable_script") from error
    return path
