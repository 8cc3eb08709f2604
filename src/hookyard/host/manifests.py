"""A first look at a plugin's manifest: enough to know its kind, its name and what it was written for."""

import stat
from pathlib import Path
from typing import Final

from msgspec import Struct

from hookyard.config.document import Mapping, Scalar, parse, resolve

DUCTILE: Final = "ductile.plugin"
_LARGEST: Final = 1 << 20


class Peek(Struct, frozen=True, kw_only=True):
    """What the top of a manifest says."""

    spec: str | None = None
    """`manifest_spec`."""
    name: str | None = None
    version: str | None = None
    api: int | None = None
    ductile: bool = False
    problem: str | None = None
    """Why it cannot be read, with the line."""


def is_special(path: Path) -> bool:
    """Whether it is a pipe, a socket or a device: reading one may wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError:  # whoever reads it will say so
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def peek(path: Path) -> Peek | None:
    """Look at a manifest; None when there is no such file."""
    if is_special(path):
        return Peek(problem=f"{path.name} is no file")
    try:
        if path.stat().st_size > _LARGEST:
            return Peek(problem=f"{path.name} is larger than {_LARGEST >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Peek(problem=f"{path.name} cannot be read: {(error.strerror or 'error').lower()}")
    except UnicodeDecodeError:
        return Peek(problem=f"{path.name} is not UTF-8 text")
    root, faults = parse(text)
    if faults or not isinstance(root, Mapping):
        what = f"{faults[0].message} ({path}:{faults[0].line})" if faults else f"it is no mapping ({path}:{root.line})"
        return Peek(ductile=DUCTILE in text, problem=what)

    def said(key: str) -> str | None:
        entry = root.entries.get(key)
        return entry.node.text if entry is not None and isinstance(entry.node, Scalar) and entry.node.text else None

    api = resolve(said("api") or "")
    spec = said("manifest_spec")
    return Peek(
        spec=spec,
        name=said("name"),
        version=said("version"),
        api=api if isinstance(api, int) and not isinstance(api, bool) else None,
        ductile=spec == DUCTILE,
    )
