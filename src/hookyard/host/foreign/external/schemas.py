"""The JSON Schemas of commands that are declared in the configuration: written there, or in files beside it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from hookyard.errors import PluginLoadError, SchemaError
from hookyard.host.foreign.manifest_file import placed, read_file, shown_as
from hookyard.schema.compile import compile_type

_INDEX: Final = re.compile(r"[0-9]+")


def compiled(schema: Mapping[str, Any] | str, name: str, at: str, base: Path) -> tuple[object, tuple[str, str] | None]:
    """The type that a schema describes, or what is wrong with it.

    Args:
        schema: the schema, or the path of its file.
        name: of the type.
        at: the key path at which it stands in the configuration.
        base: the folder that the path is relative to.

    Returns:
        The type form and None; or None and a problem: its key path and a sentence.
    """
    shown, lines = "", dict[str, int]()
    if isinstance(schema, str):
        path = base / schema
        shown = shown_as(path, base)
        try:
            found, lines = read_file(path, shown)
        except PluginLoadError as error:
            return None, (at, f"its schema cannot be used: {error}")
        if not isinstance(found, dict):
            return None, (at, f"{shown}: a schema is an object")
        schema = cast("dict[str, Any]", found)
    try:
        return compile_type(schema, name), None
    except SchemaError as error:
        key = _key(error.path)
        if shown:
            return None, (at, placed(shown, lines, key, error.reason).replace(": manifest: ", ": ", 1))
        return None, (f"{at}.{key}" if key and not key.startswith("[") else at + key, error.reason)


def _key(pointer: str) -> str:
    """A JSON pointer as the key path of a document: `/properties/a/anyOf/0` is `properties.a.anyOf[0]`."""
    path = ""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        path += f"[{name}]" if _INDEX.fullmatch(name) else f".{name}" if path else name
    return path
