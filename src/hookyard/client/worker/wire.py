"""What passes between a worker and the gateway."""

import random
import time
from collections.abc import Mapping
from typing import Any, Final, Literal

import httpx
import msgspec
from msgspec import Raw, Struct

LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts to reach the gateway, at most."""
_FIRST_PAUSE: Final = 0.25
TOKEN_REFUSALS: Final = 3
TOKEN_PATIENCE: Final = 60.0
"""Seconds for which a token that was taken may be refused before the worker ends: it may be put right."""
STALE: Final = frozenset({404, 409})
"""Answers that mean: the job is not, or no longer, this worker's."""
UNWELCOME: Final = frozenset({401, 403})
"""Answers that mean: not with this token."""
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others when asked again."""


class Claimed(Struct, frozen=True, kw_only=True):
    """A job as the gateway hands it over."""

    job_id: str
    lease: str
    plugin: str
    command: str
    lane: str
    payload: Raw
    attempt: int
    max_attempts: int
    timeout: float
    deadline: str
    affinity: str | None = None
    tags: tuple[str, ...] = ()
    cancel_requested: bool = False
    request_id: str = ""


class ClaimAnswer(Struct, frozen=True):
    """What a claim brought."""

    jobs: tuple[Claimed, ...]


class ExtendAnswer(Struct, frozen=True):
    """What a heartbeat is answered."""

    cancel_requested: bool = False


class _Problem(Struct, frozen=True):
    code: str = ""
    detail: str = ""
    path: str = ""


class WorkRefused(Exception):  # noqa: N818  it is the gateway's answer
    """The gateway refuses a call.

    Args:
        status: of HTTP.
        code: the problem's word, such as `forbidden`; empty where the answer was none of Hookyard's.
        detail: a sentence.
        path: the JSON path of what was wrong in the body, if it said one.
    """

    def __init__(self, status: int, code: str, detail: str, path: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}{f' at {path}' if path else ''}")
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path


class Unreachable(Exception):  # noqa: N818  a state of the world
    """The gateway cannot be reached, or cannot answer now.

    Args:
        why: what happened.
        after: seconds after which it asks to be called again, if it does.
    """

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


def body_of(answer: httpx.Response) -> bytes:
    """The body of an answer of success.

    Raises:
        Unreachable: it may be one when asked again.
        WorkRefused: it will not.
    """
    if answer.is_success:
        return answer.content
    if answer.status_code in _PASSING:
        after = answer.headers.get("retry-after", "")
        raise Unreachable(f"answered {answer.status_code}", float(after) if after.isdigit() else None)
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem(detail=answer.text[:200])
    raise WorkRefused(answer.status_code, problem.code, problem.detail, problem.path)


class Unwelcome:
    """How long the gateway has refused this worker's token, after it had taken it.

    Attributes:
        error: what it said last, once that has gone on for too long.
    """

    def __init__(self) -> None:
        self.error: WorkRefused | None = None
        self._times = 0
        self._since = 0.0

    def over(self) -> None:
        """It is taken."""
        self._times = 0

    def again(self, error: WorkRefused) -> bool:
        """It is refused; whether that has gone on for too long: a few times, and for a minute."""
        if not self._times:
            self._since = time.monotonic()
        self._times += 1
        if self._times >= TOKEN_REFUSALS and time.monotonic() - self._since >= TOKEN_PATIENCE:
            self.error = error
        return self.error is not None


class Backoff:
    """How long to wait before the gateway is asked again: longer each time, and never for two workers the same."""

    def __init__(self) -> None:
        self._longest = _FIRST_PAUSE

    def reset(self) -> None:
        """It has answered."""
        self._longest = _FIRST_PAUSE

    def pause(self, after: float | None = None) -> float:
        """Seconds to wait now."""
        least = 0.0 if after is None else min(after, LONGEST_PAUSE)
        drawn = self._longest * random.uniform(0.5, 1.0)  # noqa: S311  it only spreads callers
        self._longest = min(self._longest * 2, LONGEST_PAUSE)
        return least + drawn


def encoded(path: str, body: Mapping[str, Any]) -> tuple[str, bytes, dict[str, str]]:
    """A call: its path, its body, its headers."""
    return f"/api/v1/work/{path}", msgspec.json.encode(body), {"content-type": "application/json"}


ItemStatus = Literal["done", "failed"]
LogLevel = Literal["debug", "info", "warning", "error"]
