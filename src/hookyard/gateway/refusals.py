"""What is said of a request that is refused: a problem to the caller, one line to the log, and nothing more."""

from typing import Any, Final

from hookyard import log
from hookyard.bound import Bound
from hookyard.errors import CODES, Refused
from hookyard.gateway.answer import Answer, problem
from hookyard.inbound.verifier import BadSignature

_log = log.get("gateway")
_FLOODING: Final = frozenset({"unauthenticated", "invalid_signature", "rate_limited"})
"""What callers get who have shown no credential, or come too often."""
_UNSIGNED: Final = frozenset({"busy", "invalid_request", "request_timeout", "too_large"})
"""What callers of a source get before anybody has looked at a signature."""


def refuse(
    error: Refused, request_id: str, *, principal: str | None, peer: str | None, bound: Bound | None = None
) -> Answer:
    """Log a refusal, unless it is one of a flood, and make its problem document."""
    unsaid = bound.take() if bound is not None and _may_flood(error.code, principal) else 0
    if unsaid is not None:
        _say(error, request_id, principal, peer, unsaid)
    return problem(error, request_id)


def _may_flood(code: str, principal: str | None) -> bool:
    """Whether anybody at all may get this, as often as they like: who is not known, or only which source they want."""
    return principal is None or code in _FLOODING or (code in _UNSIGNED and principal.startswith("source:"))


def _say(error: Refused, request_id: str, principal: str | None, peer: str | None, unsaid: int) -> None:
    status = CODES[error.code].status
    facts: dict[str, Any] = {}
    if isinstance(error, BadSignature):
        facts = {"step": error.step} | ({"why": error.why} if error.why else {})
    if unsaid:
        facts["unsaid"] = unsaid
    write = _log.info if status < 500 else _log.warning  # noqa: PLR2004  where HTTP draws the line
    write(
        "request.refused",
        status=status,
        code=error.code,
        principal=principal,
        peer=peer,
        request_id=request_id,
        **facts,
    )


def crashed(error: Exception, request_id: str, *, principal: str | None, peer: str | None) -> Answer:
    """Log a failure of our own whole, and tell the caller its request id."""
    _log.error(
        "request.failed",
        status=500,
        code="internal",
        principal=principal,
        peer=peer,
        request_id=request_id,
        exc_info=error,
    )
    return problem(Refused("internal", "Something failed inside Hookyard; the log has it."), request_id)
