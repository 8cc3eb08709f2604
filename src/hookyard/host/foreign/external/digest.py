"""What the schema files of declared commands and events hold, as one short text."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from hookyard.config.model import PluginSettings


def files_digest(settings: PluginSettings, base: Path) -> str:
    """One text for the content of all files that a plugin's section names: another text, another plugin."""
    whole = sha256()
    for name in _named(settings):
        try:
            content = (base / name).read_bytes()
        except OSError as error:
            content = type(error).__name__.encode()
        whole.update(f"{name} {len(content)}\n".encode() + content)
    return whole.hexdigest()


def _named(settings: PluginSettings) -> Iterator[str]:
    for command in settings.commands.values():
        yield from (schema for schema in (command.input, command.output) if isinstance(schema, str))
    yield from (schema for schema in settings.events.values() if isinstance(schema, str))
