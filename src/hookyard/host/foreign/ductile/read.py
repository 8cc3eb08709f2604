"""Reading a `manifest.yaml`: every refusal names the file, the line and the key."""

import re
from pathlib import Path
from typing import Final

import msgspec

from hookyard.config.document import Mapping, Node, Sequence, parse, value_of
from hookyard.errors import PluginLoadError, place_of
from hookyard.host.foreign.ductile.manifest import Manifest, wrong

LIMIT: Final = 1 << 20
"""Bytes: no manifest is longer."""

_MEMBER: Final = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<name>.*?)`", re.DOTALL)
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def read_manifest(path: Path, shown: str) -> Manifest:
    """The manifest of a plugin, checked.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        PluginLoadError: it cannot be read, or something in it is wrong; all that is found at once is named.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)
        if len(raw) > LIMIT:
            msg = f"{shown}: longer than {LIMIT} bytes"
            raise PluginLoadError(msg)
        text = raw.decode()
    except OSError as error:
        msg = f"{shown}: {(error.strerror or 'cannot be read').lower()}"
        raise PluginLoadError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{shown}: not UTF-8"
        raise PluginLoadError(msg) from error
    root, faults = parse(text)
    if faults:
        raise PluginLoadError("\n".join(f"{shown}:{fault.line}: {fault.message}" for fault in faults))
    try:
        manifest = msgspec.convert(value_of(root), Manifest)
    except msgspec.ValidationError as error:
        key, message = _explained(error)
        raise PluginLoadError(_line(root, shown, key, message)) from error
    problems = [_line(root, shown, key, message) for key, message in wrong(manifest)]
    if problems:
        raise PluginLoadError("\n".join(problems))
    return manifest


def _explained(error: msgspec.ValidationError) -> tuple[str, str]:
    """The key path and the sentence of msgspec's message."""
    message, path = place_of(error)
    key = path.removeprefix("$").removeprefix(".")
    member = _MEMBER.match(message)
    if member is None:
        return key, message[:1].lower() + message[1:]
    whole = f"{key}.{member['name']}" if key else member["name"]
    return whole, "unknown key" if member["what"] == "contains unknown" else "missing"


def _line(root: Node, shown: str, key: str, message: str) -> str:
    """`file:line: key: message`, with the line of the innermost part of the key that is there."""
    node, line = root, root.line
    for name, index in _STEP.findall(key):
        if isinstance(node, Mapping) and name in node.entries:
            line, node = node.entries[name].line, node.entries[name].node
        elif isinstance(node, Sequence) and index and int(index) < len(node.items):
            node = node.items[int(index)]
            line = node.line
        else:
            break
    return f"{shown}:{line}: {key or 'manifest'}: {message}"
