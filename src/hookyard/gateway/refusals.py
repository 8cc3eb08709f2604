"""What is said of a request that is refused: a problem to the caller, one line to the log, and nothing more."""

from typing import Any

from hookyard import log
from hookyard.errors import CODES, Refused
from hookyard.gateway.answer import Answer, problem
from hookyard.inbound import BadSignature

_log = log.get("gateway")


def refuse(error: Refused, request_id: str, *, principal: str | None, peer: str | None) -> Answer:
    """Log a refusal and make its problem document."""
    status = CODES[error.code].status
    facts: dict[str, Any] = {}
    if isinstance(error, BadSignature):
        facts = {"step": error.step} | ({"why": error.why} if error.why else {})
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
    return problem(error, request_id)


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
