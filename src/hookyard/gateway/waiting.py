"""What a caller is answered whose job is stored: at once, or after it has waited for the result."""

from hookyard.gateway.accept import CommandWay
from hookyard.gateway.answer import Answer, Headers, value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.request import Preferences
from hookyard.gateway.views import short_view
from hookyard.store.contract import Enqueued


async def answer_to(deps: GatewayDeps, way: CommandWay, stored: Enqueued, prefer: Preferences) -> Answer:
    """Hold the answer as long as the caller prefers: 200 with the outcome, else the 202 (RFC 7240)."""
    applied = ["respond-async"] if prefer.respond_async else []
    if prefer.wait is not None:
        seconds = min(prefer.wait, deps.config.server.max_wait.seconds)
        applied.append(f"wait={seconds:g}")
        job = await deps.dispatcher.wait(stored.job_id, seconds) if seconds else None
        if job is not None:
            return value_answer(short_view(job), 200, _applied(applied[-1:]))
    answer = way.answer(stored)
    answer.headers += _applied(applied)
    return answer


def _applied(preferences: list[str]) -> Headers:
    return [(b"preference-applied", ", ".join(preferences).encode())] if preferences else []
