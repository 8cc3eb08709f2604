"""Reading a `manifest.yaml`: every refusal names the file, the line and the key."""

import re
from pathlib import Path
from typing import Final

import msgspec

from hookyard.errors import PluginLoadError, place_of
from hookyard.host.foreign.ductile.manifest import Manifest, wrong
from hookyard.host.foreign.manifest_file import placed, read_file

_MEMBER: Final = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<name>.*?)`", re.DOTALL)


def read_manifest(path: Path, shown: str) -> Manifest:
    """The manifest of a plugin, checked.

    Args:
        path: the file.
        shown: what messages call it.

    Raises:
        PluginLoadError: it cannot be read, or something in it is wrong; all that is found at once is named.
    """
    value, lines = read_file(path, shown)
    try:
        manifest = msgspec.convert(value, Manifest)
    except msgspec.ValidationError as error:
        key, message = _explained(error)
        raise PluginLoadError(placed(shown, lines, key, message)) from error
    problems = [placed(shown, lines, key, message) for key, message in wrong(manifest)]
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
