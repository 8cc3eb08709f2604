"""One source of a configuration file, without what else stands there: no plugin, no other source's secrets."""

import os
from collections.abc import Mapping as MappingOf
from pathlib import Path
from typing import Final

from hookyard.config.convert import Converter
from hookyard.config.document import Mapping, Node, parse
from hookyard.config.model import PluginScheme, SourceSettings
from hookyard.config.model.server import PublicUrl
from hookyard.config.scalars import Place
from hookyard.errors import ConfigError, Problem, Refused
from hookyard.inbound.explain.subject import Subject
from hookyard.inbound.problem import Found, SchemeError
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.secrets import secrets_of

_OWN: Final = "hookyard"
"""The plugin of our own, which verifies as that preset does."""


def read_source(path: Path, name: str, environ: MappingOf[str, str] | None = None) -> Subject:
    """Read one source of a configuration file.

    Args:
        path: the file.
        name: of the source.
        environ: where `${VAR}` is looked up; the process's environment if left out.

    Raises:
        ConfigError: what it says of the source is wrong; all of it.
        Refused: there is no such source, or a plugin verifies it.
    """
    settings, public, line = _settings(path, name, environ)
    found: list[Found] = []
    try:
        subject = _subject_of(name, settings, public, found)
    except SchemeError as error:
        found += [(f"sources.{name}.scheme.{key}".removesuffix("."), why) for key, why in error.problems]
        raise ConfigError(tuple(Problem(str(path), line, *one) for one in found)) from None
    if found:
        raise ConfigError(tuple(Problem(str(path), line, *one) for one in found))
    return subject


def _settings(path: Path, name: str, environ: MappingOf[str, str] | None) -> tuple[SourceSettings, str | None, int]:
    """A source's section, the server's public URL, and the line of the source."""
    root = _parsed(path)
    sources = _entry(root, "sources")
    node = _entry(sources, name)
    if node is None:
        known = ", ".join(sources.entries) if isinstance(sources, Mapping) else "none"
        raise Refused("not_found", f"{path} has no source {name!r}; there are: {known}.")
    converter = Converter(path.absolute().parent, os.environ if environ is None else environ)
    settings = converter.convert(node, SourceSettings, Place(f"sources.{name}", node.line))
    public = _entry(_entry(root, "server"), "public_url")
    url = None if public is None else converter.convert(public, PublicUrl, Place("server.public_url", public.line))
    problems = [Problem(str(path), one.place.line, one.place.path, one.message) for one in converter.findings]
    if problems or not isinstance(settings, SourceSettings):
        raise ConfigError(tuple(problems))
    return settings, url if isinstance(url, str) else None, node.line


def _parsed(path: Path) -> Node:
    try:
        root, faults = parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError((Problem(str(path), 0, "", f"cannot be read: {error.strerror}"),)) from None
    except UnicodeDecodeError:
        raise ConfigError((Problem(str(path), 0, "", "is not UTF-8 text"),)) from None
    if faults:
        raise ConfigError(tuple(Problem(str(path), fault.line, "", fault.message) for fault in faults))
    return root


def _subject_of(name: str, settings: SourceSettings, public_url: str | None, problems: list[Found]) -> Subject:
    """What of a source verification goes by.

    Raises:
        SchemeError: its scheme contradicts itself.
        Refused: a plugin verifies it.
    """
    asked = settings.scheme
    if isinstance(asked, PluginScheme):
        if asked.plugin != _OWN:
            why = f"The plugin {asked.plugin} verifies {name}, and no plugin is imported here."
            raise Refused("invalid_request", why)
        asked = "standard-webhooks"
    public = (public_url or "").rstrip("/")
    return Subject(
        name=name,
        scheme=scheme_of(asked),
        secrets=secrets_of(settings.secrets, f"sources.{name}.secrets", problems),
        url=settings.url or (f"{public}/hooks/{name}" if public else ""),
    )


def _entry(node: Node | None, key: str) -> Node | None:
    found = node.entries.get(key) if isinstance(node, Mapping) else None
    return None if found is None else found.node
