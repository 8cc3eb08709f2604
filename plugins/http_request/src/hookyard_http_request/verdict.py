"""What an answer, or none, means for the job: done, failed, again, or again later."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from hookyard import CommandError, RetryLater
from hookyard_http_request.config import Method, Target

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_EXCERPT: Final = 500


def is_expected(status: int, expect: tuple[int, ...]) -> bool:
    """Whether a status means success."""
    return status in expect if expect else HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def repeatable(method: Method, target: Target) -> bool:
    """Whether a call that may have arrived can be made again (RFC 9110, section 9.2.2)."""
    return method in _REPEATABLE or target.idempotency_header is not None


def unexpected(name: str, method: Method, target: Target, response: httpx.Response, body: bytes) -> Exception:
    """What a status means that is not a success.

    Args:
        name: the target's.
        body: the first bytes of the answer.
    """
    status = response.status_code
    after = retry_after(response.headers.get("retry-after"))
    busy = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    if after is not None and (busy or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and repeatable(method, target))):
        return RetryLater(min(after, target.max_retry_after), f"target {name!r} answered {status}")
    again = busy or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and repeatable(method, target))
    return CommandError(
        f"target {name!r} answered {status}",
        code="unexpected_status",
        retryable=again,
        details={"target": name, "status": status, "body": body[:_EXCERPT].decode("utf-8", "replace")},
    )


def unanswered(name: str, method: Method, target: Target, error: Exception) -> CommandError:
    """What it means that there was no answer."""
    details = {"target": name}
    unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    again = unsent or repeatable(method, target)
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        msg = f"target {name!r} did not answer within {target.timeout:g} s"
        return CommandError(msg, code="timeout", retryable=again, details=details)
    if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        msg = f"target {name!r}: its URL cannot be called: {error}"
        return CommandError(msg, code="invalid_request", retryable=False, details=details)
    msg = f"target {name!r} cannot be reached: {str(error) or type(error).__name__}"
    return CommandError(msg, code="unreachable", retryable=again, details=details)


def retry_after(value: str | None) -> float | None:
    """Seconds that a `Retry-After` says (RFC 9110, section 10.2.3): a number of them, or a date."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None
