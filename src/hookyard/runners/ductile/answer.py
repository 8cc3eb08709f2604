"""What a Ductile plugin writes on stdout: exactly one JSON object."""

import json
import re
from typing import Final

import msgspec
from msgspec import Raw, Struct

from hookyard.context.logger import shortened
from hookyard.errors import place_of

SILENT: Final = "plugin produced no output on stdout"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class BadAnswer(Exception):  # noqa: N818  a verdict on bytes, kept inside this room
    """It is not an answer; `code` tells what kind of fault that is."""

    def __init__(self, problem: str, code: str = "protocol_error") -> None:
        super().__init__(problem)
        self.code = code


class AnswerEvent(Struct, frozen=True):
    """An event to publish."""

    type: str | None = None
    payload: dict[str, Raw] | None = None
    dedupe_key: str | None = None


class AnswerLog(Struct, frozen=True):
    """A line for the job's log."""

    level: str | None = None
    message: str | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """All members that mean something; others are ignored, and null is the same as left out."""

    status: str | None = None
    result: str | None = None
    error: str | None = None
    retry: bool | None = None
    events: tuple[AnswerEvent, ...] | None = None
    state_updates: dict[str, Raw] | None = None
    logs: tuple[AnswerLog, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether the command succeeded."""
        return self.status == "ok"


def read_answer(stdout: bytes) -> Answer:
    """The answer in what a plugin wrote.

    Raises:
        BadAnswer: there is none; the message says why.
    """
    if not stdout.strip():
        raise BadAnswer(SILENT, "no_output")
    try:
        answer = _decoded(stdout)
    except msgspec.ValidationError as error:
        problem, path = place_of(error)
        place = "the answer" if path == "$" else f"{path.removeprefix('$.')} in the answer"
        raise BadAnswer(f"{place} is of the wrong type: {problem[:1].lower()}{problem[1:]}") from error
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"stdout is not one JSON object: {error}") from error
    wrong = _problem(answer)
    if wrong is not None:
        raise BadAnswer(wrong)
    return answer


def _problem(answer: Answer) -> str | None:
    if not answer.status:
        return "the answer has no status"
    if answer.status not in {"ok", "error"}:
        return f"the status is {shortened(repr(answer.status), 100)}, and must be 'ok' or 'error'"
    if answer.ok and not (answer.result or "").strip():
        return "the status is 'ok', and the result is missing or blank"
    if not answer.ok and not (answer.error or "").strip():
        return "the status is 'error', and the error is missing or blank"
    return None


def _decoded(stdout: bytes) -> Answer:
    try:
        return _decode(stdout)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # Ductile reads bytes that are not UTF-8, and halves of surrogate pairs, as U+FFFD: file names have them.
        try:
            value = json.loads(stdout.decode(errors="replace"), parse_constant=_refuse)
        except ValueError:
            raise error from None
        return _decode(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", json.dumps(value, ensure_ascii=False)).encode())


def _refuse(constant: str) -> object:
    raise ValueError(constant)


_decode: Final = msgspec.json.Decoder(Answer).decode
