"""The input of a schedule's jobs."""

from collections.abc import Mapping
from typing import Final, cast

import msgspec
from msgspec import Struct

from hookyard.clock import rfc3339
from hookyard.config.model import ScheduleSettings
from hookyard.errors import Refused, place_of
from hookyard.host.registry import Command
from hookyard.timetable import RuleError

_SAMPLE: Final = 1_700_000_000_000


def payload_of(settings: ScheduleSettings, name: str, fire_at: int) -> bytes:
    """The input of the job of one fire time, as JSON."""
    known = {"$fire_time": rfc3339(fire_at), "$schedule": name}
    return msgspec.json.encode(_filled(settings.with_, known))


def check_payload(settings: ScheduleSettings, name: str, command: Command) -> None:
    """Hold what a schedule says of its jobs against the command.

    Raises:
        RuleError: the command does not take it.
    """
    try:
        command.spec.decode(payload_of(settings, name, _SAMPLE))
    except msgspec.DecodeError as error:
        problem, path = place_of(error)
        raise RuleError("with" + path[1:], problem) from error
    if settings.if_running != "skip" and command.keyed is not None:
        problem = f"{command.key} runs under a concurrency key of its own: only skip goes with that"
        raise RuleError("if_running", problem)


def decode_payload(command: Command, args: bytes) -> Struct:
    """The input as the command takes it.

    Raises:
        Refused: it does not take it.
    """
    try:
        return command.spec.decode(args)
    except msgspec.DecodeError as error:
        problem, path = place_of(error)
        raise Refused("invalid_input", problem, path=path) from error


def _filled(raw: object, known: Mapping[str, str]) -> object:
    if isinstance(raw, str):
        return raw[1:] if raw.startswith("$$") else known.get(raw, raw)
    if isinstance(raw, dict):
        return {key: _filled(value, known) for key, value in cast("Mapping[str, object]", raw).items()}
    if isinstance(raw, (list, tuple)):
        return [_filled(value, known) for value in cast("list[object]", raw)]
    return raw
