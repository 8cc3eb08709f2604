"""What a caller is answered whose job is stored: at once, or after it has waited for the result."""

from hookyard.auth import Principal
from hookyard.auth.scopes import RESULTS_READ
from hookyard.errors import StoreUnavailable
from hookyard.gateway.accept import CommandWay
from hookyard.gateway.answer import Answer, Headers, value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.permission import sees
from hookyard.gateway.request import Preferences
from hookyard.gateway.views import short_view
from hookyard.store.contract import Enqueued


async def answer_to(
    deps: GatewayDeps, way: CommandWay, stored: Enqueued, prefer: Preferences, principal: Principal
) -> Answer:
    """Hold the answer as long as the caller prefers: 200 with the outcome, else the 202 (RFC 7240).

    Args:
        deps: what the gateway is built from.
        way: into the command.
        stored: the job, or the one that stands for it.
        prefer: what the caller prefers.
        principal: the caller as it came, whatever tenant it named.
    """
    applied = ["respond-async"] if prefer.respond_async else []
    if prefer.wait is not None and await _may_know(deps, stored, principal):
        seconds = min(prefer.wait, deps.config.server.max_wait.seconds)
        applied.append(f"wait={seconds:g}")
        job = await deps.dispatcher.wait(stored.job_id, seconds) if seconds else None
        if job is not None:
            return value_answer(short_view(job), 200, _applied(applied[-1:]))
    answer = way.answer(stored)
    answer.headers += _applied(applied)
    return answer


async def _may_know(deps: GatewayDeps, stored: Enqueued, principal: Principal) -> bool:
    """Whether what becomes of the job is for this caller: its own, or one that `GET /job/{id}` would show it.

    One that stands for the caller's may be anybody's who may run the command in that tenant. Of another's nothing is
    said, nor is the answer held: when it comes would tell when that job ended.
    """
    if not (stored.duplicate or stored.coalesced):
        return True
    try:
        job = await deps.store.job(stored.job_id)
    except StoreUnavailable:  # it is stored all the same
        return False
    return job is not None and sees(principal, job, RESULTS_READ)


def _applied(preferences: list[str]) -> Headers:
    return [(b"preference-applied", ", ".join(preferences).encode())] if preferences else []
