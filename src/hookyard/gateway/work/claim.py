"""`POST /api/v1/work/claim`: jobs for a worker, waited for if there are none."""

import asyncio
from typing import Any, Final

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive

from hookyard.auth import Principal
from hookyard.auth.globs import matches
from hookyard.dispatch.work import Given, Work, WorkAsk
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import authenticate, lapsed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.work.bodies import ClaimRequest
from hookyard.gateway.work.views import WorkJobs, given_view

_GLOB: Final = frozenset("*?[")


class WorkClaims:
    """The route."""

    def __init__(self, deps: GatewayDeps, work: Work) -> None:
        self._deps = deps
        self._work = work

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [post("/api/v1/work/claim", status_code=200)(self.claim)]

    async def claim(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Lease jobs for a worker."""
        principal = authenticate(request, self._deps.tokens)
        asked = await body_of(request, self._deps, ClaimRequest)
        ask = WorkAsk(
            worker=asked.worker,
            principal=principal.name,
            tenant=principal.tenant,
            lanes=wanted(asked.lanes, self._work.lanes, principal),
            count=asked.count,
            lease=None if asked.lease is None else round(asked.lease * 1000),
            affinity=asked.affinity,
        )
        given = await self._claim(request.receive, ask, round(asked.wait * 1000))
        if given and asked.wait and lapsed(request, self._deps.tokens):
            self._work.give_back(given)
            raise Refused("unauthenticated")
        return value_answer(WorkJobs([given_view(each) for each in given]))

    async def _claim(self, receive: Receive, ask: WorkAsk, wait: int) -> tuple[Given, ...]:
        """Claim, unless the caller goes away meanwhile: it then frees its place, and takes no job along."""
        claiming = asyncio.ensure_future(self._work.claim(ask, wait))
        leaving = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({claiming, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if _has_left(leaving):
                raise Refused("invalid_request", "The caller went away.")
            given = await claiming
            if _has_left(leaving):
                self._work.give_back(given)
                raise Refused("invalid_request", "The caller went away.")
            return given
        finally:
            leaving.cancel()
            claiming.cancel()
            done, _ = await asyncio.wait({claiming, leaving})
            for each in done:
                if not each.cancelled():
                    each.exception()  # looked at, so that nobody is told of it


def _has_left(leaving: "asyncio.Future[Any]") -> bool:
    return leaving.done() and leaving.exception() is None and leaving.result()["type"] == "http.disconnect"


def wanted(globs: tuple[str, ...], lanes: tuple[str, ...], principal: Principal) -> tuple[str, ...]:
    """The lanes that a worker asks for and may work on.

    Raises:
        Refused: a lane that it names is none of external workers, or it may work on none of them.
    """
    found: dict[str, bool] = {}
    for place, glob in enumerate(globs):
        if _GLOB.isdisjoint(glob):
            if glob not in lanes or not principal.may(f"work:{glob}"):
                raise _unknown(glob, place, principal)
            found[glob] = True
        else:
            found |= {lane: principal.may(f"work:{lane}") for lane in lanes if matches(glob, lane)}
    if found and not any(found.values()):
        raise Refused("forbidden", "The credential does not allow working on any of these lanes.")
    return tuple(lane for lane, may in found.items() if may)


def _unknown(lane: str, place: int, principal: Principal) -> Refused:
    if not principal.may(f"work:{lane}"):
        return Refused("forbidden", f"The credential does not allow working on the lane {lane}.")
    return Refused("not_found", f"There is no lane {lane} of external workers.", path=f"$.lanes[{place}]")
