"""`/api/v1/lanes`: how full the lanes are, and pausing and resuming them.

The name of a lane has a slash in it, which may come as it is or as `%2F`: servers decode paths before they hand them
on, so that the two cannot be told apart.
"""

from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET, Meta, Struct

from hookyard.auth import LANES_READ, LANES_WRITE
from hookyard.dispatch.lanes import LaneControl
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of, require_nothing
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.lanes.views import LaneChange, LaneList, lane_view, pause_view, plugin_view
from hookyard.gateway.paging import require_no_query
from hookyard.model import EVERY_LANE

_UNKNOWN: Final = "There is no such lane, and no plugin of this name with a lane."


class PauseAsk(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why something is paused."""

    reason: Annotated[str, Meta(max_length=500)] = ""
    """For whoever reads it."""


class LaneRoutes:
    """The routes.

    Args:
        lanes: what they ask.
    """

    def __init__(self, deps: GatewayDeps, lanes: LaneControl) -> None:
        self._deps = deps
        self._lanes = lanes

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            get("/api/v1/lanes")(self.all),
            get("/api/v1/lanes/{path:path}")(self.one),
            post("/api/v1/lanes/{path:path}", status_code=200)(self.change),
        ]

    async def all(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List all lanes."""
        allowed(request, self._deps, LANES_READ)
        require_no_query(request)
        lanes = await self._lanes.states()
        return value_answer(
            LaneList(
                lanes=[lane_view(lane) for lane in lanes],
                plugins=[plugin_view(group) for group in self._lanes.groups(lanes)],
                pauses=[pause_view(pause) for pause in self._lanes.pauses],
            )
        )

    async def one(self, request: Request[Any, Any, Any], path: FromPath[str]) -> ASGIApp:
        """Show a lane."""
        allowed(request, self._deps, LANES_READ)
        require_no_query(request)
        name = path.strip("/")
        found = next((lane for lane in await self._lanes.states() if lane.name == name), None)
        if found is None:
            raise Refused("not_found", "There is no such lane.")
        return value_answer(lane_view(found))

    async def change(self, request: Request[Any, Any, Any], path: FromPath[str]) -> ASGIApp:
        """Pause or resume a lane, a plugin or everything; doing so again changes nothing."""
        name, _, verb = path.strip("/").rpartition("/")
        if verb not in {"pause", "resume"} or not name:
            raise Refused("not_found")
        principal = allowed(request, self._deps, LANES_WRITE)
        try:
            if verb == "pause":
                asked = await body_of(request, self._deps, PauseAsk)
                details = {"reason": asked.reason} if asked.reason else {}
                audit = entry(request, principal, self._deps, "lane.pause", name, details)
                await self._lanes.pause(name, by=principal.name, reason=asked.reason, audit=audit)
            else:
                await require_nothing(request, self._deps)
                await self._lanes.resume(name, audit=entry(request, principal, self._deps, "lane.resume", name))
        except LookupError:
            raise Refused("not_found", _UNKNOWN) from None
        return value_answer(await self._changed(name))

    async def _changed(self, name: str) -> LaneChange:
        pause = next((pause for pause in self._lanes.pauses if pause.lane == name), None)
        return LaneChange(
            lane=name,
            paused=UNSET if pause is None else pause_view(pause),
            lanes=[
                lane_view(lane) for lane in await self._lanes.states() if name in {EVERY_LANE, lane.plugin, lane.name}
            ],
        )
