"""Reading the file of a manifest: every refusal names the file, and where that can be, the line and the key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hookyard.config.convert import line_at, lines_of
from hookyard.config.document import parse, value_of
from hookyard.errors import PluginLoadError

LIMIT: Final = 1 << 20
"""Bytes: no manifest is longer."""


def shown_as(path: Path, base: Path) -> str:
    """What messages call a file: relative to the configuration's folder, where it lies there."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def read_file(path: Path, shown: str) -> tuple[object, dict[str, int]]:
    """What a manifest holds, and the lines of its key paths; that of the whole is under the empty one.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        PluginLoadError: it cannot be read, or is no YAML.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise PluginLoadError(f"{shown}: {(error.strerror or 'cannot be read').lower()}") from error
    except UnicodeDecodeError as error:
        raise PluginLoadError(f"{shown}: not UTF-8 text") from error
    if len(raw) > LIMIT:
        raise PluginLoadError(f"{shown}: longer than {LIMIT} bytes")
    root, faults = parse(text)
    if faults:
        raise PluginLoadError("\n".join(f"{shown}:{fault.line}: {fault.message}" for fault in faults))
    return value_of(root), {"": root.line} | lines_of(root)


def placed(shown: str, lines: Mapping[str, int], path: str, message: str) -> str:
    """`file:line: key: message`, with the line of the innermost part of the key that is there."""
    line = line_at(lines, path)
    return f"{shown}{'' if line is None else f':{line}'}: {path or 'manifest'}: {message}"
