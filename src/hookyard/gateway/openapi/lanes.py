"""The paths of lanes, in the OpenAPI document."""

from typing import Final

from hookyard.gateway.lanes.routes import PauseAsk
from hookyard.gateway.lanes.views import LaneChange, LaneList, LaneView
from hookyard.gateway.openapi.parts import WRITE, Group, Known, Object, in_path, json_body, operation, shown

_NAME: Final = "A lane, as `plugin/command` or the name of a Ductile plugin; its slash as it is, or as `%2F`."


def _paths(known: Known) -> Object:
    one = {**in_path("lane", {"type": "string", "minLength": 1}), "description": _NAME}
    some = {**one, "description": f"{_NAME} Or a plugin, for all of its lanes; or `*`, for everything."}
    pause = operation(
        "post",
        "Pause a lane, a plugin, or everything",
        known,
        tag="lanes",
        answers={"200": json_body("How it is now; the same when it was paused before.", known[LaneChange])},
        codes=(*WRITE, "not_found"),
        parameters=[some],
        body=PauseAsk,
        required=False,
        description="Nothing new is started from it; what runs goes on, and what comes in waits. `*` is the emergency "
        "stop. It lasts until it is resumed, also over a restart.",
    )
    resume = operation(
        "post",
        "Go on with a lane, a plugin, or everything",
        known,
        tag="lanes",
        answers={"200": json_body("How it is now; the same when it was not paused.", known[LaneChange])},
        codes=(*WRITE, "not_found"),
        parameters=[some],
        description="What was paused under another name, narrower or wider, stays so.",
    )
    return {
        "/api/v1/lanes": shown("Lanes, by name", LaneList, known, tag="lanes"),
        "/api/v1/lanes/{lane}": shown("A lane", LaneView, known, "not_found", tag="lanes", parameters=[one]),
        "/api/v1/lanes/{lane}/pause": pause,
        "/api/v1/lanes/{lane}/resume": resume,
    }


GROUP: Final = Group(kinds=(LaneList, LaneView, LaneChange, PauseAsk), paths=_paths)
