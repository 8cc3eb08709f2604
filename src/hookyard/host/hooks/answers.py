"""What a hook answered, held against what it should: plugins need not be type-checked."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from hookyard.auth import check_scope
from hookyard.hookspecs import CliCommand, HealthReport, Identity, WebhookVerdict
from hookyard.model.inbound import DELIVERY, EVENT

S = TypeVar("S", bound=Struct)
_NAME: Final = re.compile(r"[!-~]{1,128}")
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_COMMAND: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class WrongAnswer(Exception):  # noqa: N818  never leaves this room but as text
    """A hook answered with something else than it should; the message does not quote it."""


def checked(hook: str, value: object) -> object:
    """The answer of a hook, as it is handed on.

    Raises:
        WrongAnswer: it is none.
    """
    check = _CHECKS.get(hook)
    if check is not None:
        return check(value)
    if value is not None:
        raise WrongAnswer(_expected("None", value))
    return None


def _identity(value: object) -> object:
    if value is None:
        return None
    identity = _struct(Identity, value)
    if not _NAME.fullmatch(identity.name):
        msg = "name must have 1 to 128 printable ASCII characters without spaces"
        raise WrongAnswer(msg)
    for scope in identity.scopes:
        wrong = check_scope(scope)
        if wrong is not None:
            raise WrongAnswer(wrong)
    if identity.tenant and not _TENANT.fullmatch(identity.tenant):
        msg = "tenant must have at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first"
        raise WrongAnswer(msg)
    return identity


def _yes_or_no(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    raise WrongAnswer(_expected("bool or None", value))


def _verdict(value: object) -> object:
    if value is None:
        return None
    verdict = _struct(WebhookVerdict, value)
    if verdict.ok and not EVENT.fullmatch(verdict.event):
        msg = "event must have 1 to 128 of A-Z a-z 0-9 _ . : / - and spaces"
        raise WrongAnswer(msg)
    if verdict.ok and verdict.delivery_id is not None and not DELIVERY.fullmatch(verdict.delivery_id):
        msg = "delivery_id must have 1 to 255 printable ASCII characters without spaces"
        raise WrongAnswer(msg)
    return verdict


def _json(value: object) -> object:
    if value is None:
        return None
    try:
        return msgspec.json.encode(value)
    except Exception as error:
        raise WrongAnswer(f"it is not JSON ({type(error).__name__})") from error


def _secret(value: object) -> object:
    if value is None or (isinstance(value, str) and value):
        return value
    raise WrongAnswer("expected None or text that is not empty" if value == "" else _expected("str or None", value))


def _health(value: object) -> object:
    report = _struct(HealthReport, value)
    _json(report.details)
    return report


def _commands(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        raise WrongAnswer(_expected("a sequence of CliCommand", value))
    commands = tuple(_struct(CliCommand, each) for each in cast("tuple[object, ...]", value))
    names = [command.name for command in commands]
    for name in names:
        if not _COMMAND.fullmatch(name):
            msg = f"{name!r} is no command name; that is a lower-case letter, then a-z 0-9 _ - only"
            raise WrongAnswer(msg)
        if names.count(name) > 1:
            msg = f"there are two commands {name!r}"
            raise WrongAnswer(msg)
    return commands


def _struct(kind: type[S], value: object) -> S:
    """Msgspec checks a Struct that is read and not one that is made, so its fields are read once."""
    if not isinstance(value, kind):
        raise WrongAnswer(_expected(kind.__name__, value))
    try:
        return msgspec.convert(msgspec.structs.asdict(value), kind, strict=True)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise WrongAnswer(f"{kind.__name__}: {error}") from error


def _expected(what: str, value: object) -> str:
    return f"expected {what}, got {type(value).__name__}"


_CHECKS: Final[Mapping[str, Callable[[Any], object]]] = {
    "authenticate": _identity,
    "authorize": _yes_or_no,
    "verify_webhook": _verdict,
    "map_input": _json,
    "resolve_secret": _secret,
    "health": _health,
    "register_cli": _commands,
}
