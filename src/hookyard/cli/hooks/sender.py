"""Whom `hookyard hooks send` plays: whose requests it makes, with which secret."""

import os
import sys
from pathlib import Path
from typing import Final, cast

import typer
from msgspec import Struct

from hookyard.cli.hooks.configured import read_source
from hookyard.clock import SystemClock
from hookyard.config.model import PresetName
from hookyard.config.secret_file import read_secret
from hookyard.errors import Refused
from hookyard.inbound import presets
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.scheme import Scheme, scheme_of

VARIABLE: Final = "HOOKYARD_HOOK_SECRET"


class Sender(Struct, frozen=True):
    """A sender. It does not show its secret when it is printed."""

    scheme: Scheme
    secret: str

    def __repr__(self) -> str:
        return f"Sender({self.scheme.name})"


def sender_of(preset: str, secret_file: Path | None, source: str | None, config: Path) -> Sender:
    """Find out who is to be played.

    Args:
        preset: its name; of a source with a template of its own `template`.
        secret_file: with the secret; `-` is standard input.
        source: of the configuration, whose scheme and secrets are meant.
        config: the configuration file.

    Raises:
        Refused: there is no such preset, or no secret.
        ConfigError: the source is wrong.
        BadParameter: the source is of another scheme.
    """
    given = _secret(secret_file)
    if source is None:
        return Sender(_scheme(preset), _needed(given, preset))
    subject = read_source(config, source)
    if subject.scheme.name != preset:
        raise typer.BadParameter(f"the source {source} is of the scheme {subject.scheme.name}", param_hint="PRESET")
    now = SystemClock().now()
    own = next((one.text for one in subject.secrets if one.good_at(now)), None)
    return Sender(subject.scheme, _needed(own if given is None else given, preset))


def _scheme(preset: str) -> Scheme:
    if preset not in presets.names():
        raise Refused("not_found", f"There is no preset {preset!r}; there are {', '.join(presets.names())}.")
    try:
        return scheme_of(cast("PresetName", preset))
    except SchemeError as error:
        why = f"{preset} needs settings, which only a source has; give --source and --config: {error}"
        raise Refused("invalid_request", why) from None


def _needed(secret: str | None, preset: str) -> str:
    if secret is not None:
        return secret
    raise Refused("invalid_request", f"There is no secret to sign for {preset}: set {VARIABLE} or give --secret-file.")


def _secret(path: Path | None) -> str | None:
    if path is None:
        return os.environ.get(VARIABLE) or None
    if str(path) == "-":
        return sys.stdin.read().removesuffix("\n").removesuffix("\r") or None
    try:
        return read_secret(path) or None
    except ValueError as error:
        raise Refused("not_found", f"{path} {error}.") from None
