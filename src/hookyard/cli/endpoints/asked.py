"""What an endpoint is asked to be: options of the command line over a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import typer

from hookyard.cli.endpoints.options import Typed
from hookyard.config.convert import Converter
from hookyard.config.document import Mapping as MappingNode
from hookyard.config.document import Node, parse
from hookyard.config.scalars import Place
from hookyard.config.secret_file import read_secret
from hookyard.errors import ConfigError, Problem

_LARGEST: Final = 1 << 20
_HALVES: Final = ("file",)


def members_of(typed: Typed) -> dict[str, object]:
    """What was typed, as members of an endpoint.

    Raises:
        BadParameter: there is a header that is none.
    """
    given: dict[str, object] = {
        "url": typed.target,
        "description": typed.description,
        "events": typed.event,
        "commands": typed.command,
        "if": typed.if_,
        "signature": "plain" if typed.plain else None,
        "envelope": typed.envelope,
        "http_signature": typed.http_signature or None,
        "rate": typed.rate,
        "order": None if typed.order is None else {"by": typed.order},
        "headers": _headers(typed.header or ()),
    }
    return {name: value for name, value in given.items() if value}


def over(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Members, those of the second winning; mappings in both are put together."""
    both = {**below, **above}
    for name in below.keys() & above.keys():
        lower, upper = below[name], above[name]
        if isinstance(lower, Mapping) and isinstance(upper, Mapping):
            both[name] = over(cast("Mapping[str, object]", lower), cast("Mapping[str, object]", upper))
    return both


def read_file(path: Path, environ: Mapping[str, str]) -> dict[str, object]:
    """The members of an endpoint in a YAML file: what a configuration has below its name.

    `${VAR}` and `{file: PATH}` are what they are in a configuration.

    Args:
        path: `-` is standard input.
        environ: where variables are looked up.

    Raises:
        ConfigError: it cannot be read, or is no YAML mapping; with file and line.
    """
    name, text = _text(path)
    root, faults = parse(text)
    if faults:
        raise ConfigError(tuple(Problem(name, fault.line, "", fault.message) for fault in faults))
    if not isinstance(root, MappingNode):
        raise ConfigError((Problem(name, 1, "", "expected a mapping with the keys of an endpoint, such as url"),))
    folder = Path() if str(path) == "-" else path.absolute().parent
    return _converted(name, root, folder, environ)


def _converted(name: str, root: Node, folder: Path, environ: Mapping[str, str]) -> dict[str, object]:
    converter = Converter(folder, environ)
    found = converter.convert(root, dict[str, Any], Place("", 1))
    problems = [Problem(name, one.place.line, one.place.path, one.message) for one in converter.findings]
    if problems or not isinstance(found, dict):
        raise ConfigError(tuple(problems))
    try:
        return cast("dict[str, object]", _filled(cast("dict[str, object]", found), folder))
    except ValueError as error:
        raise ConfigError((Problem(name, 0, "", str(error)),)) from None


def _filled(value: object, folder: Path) -> object:
    """The same with the content of each file that a `{file: PATH}` names.

    Raises:
        ValueError: one cannot be read.
    """
    if isinstance(value, list):
        return [_filled(one, folder) for one in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, object]", value)
    if tuple(members) == _HALVES and isinstance(file := members["file"], str):
        try:
            return read_secret(folder / file)
        except ValueError as error:
            raise ValueError(f"{file} {error}") from None
    return {name: _filled(one, folder) for name, one in members.items()}


def _text(path: Path) -> tuple[str, str]:
    import sys

    if str(path) == "-":
        return "standard input", sys.stdin.read(_LARGEST)
    try:
        with path.open(encoding="utf-8-sig") as file:
            return str(path), file.read(_LARGEST)
    except OSError as error:
        raise ConfigError((Problem(str(path), 0, "", f"cannot be read: {error.strerror}"),)) from None
    except UnicodeDecodeError:
        raise ConfigError((Problem(str(path), 0, "", "is not UTF-8 text"),)) from None


def _headers(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():  # what was typed is not repeated: it may hold a secret
            raise typer.BadParameter("expected 'Name: value'", param_hint="--header")
        found[name.strip()] = value.strip()
    return found


def without(keys: Sequence[str]) -> dict[str, object]:
    """A merge patch (RFC 7396) that takes keys away; one within another has a dot between."""
    patch: dict[str, object] = {}
    for key in keys:
        outer, dot, inner = key.partition(".")
        patch = over(patch, {outer: {inner: None} if dot else None})
    return patch


def secrets_in(path: Path) -> list[str]:
    """Secrets of a file, one a line; `-` is standard input.

    Raises:
        BadParameter: the file cannot be read, or has none.
    """
    import sys

    try:
        text = sys.stdin.read() if str(path) == "-" else read_secret(path)
    except ValueError as error:
        raise typer.BadParameter(f"{path} {error}", param_hint="--secret-file") from None
    found = text.split()
    if not found:
        raise typer.BadParameter(f"{path} is empty", param_hint="--secret-file")
    return found
