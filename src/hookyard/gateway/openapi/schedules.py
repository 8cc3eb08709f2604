"""The paths of schedules, in the OpenAPI document."""

from typing import Final

from hookyard.config.model import ScheduleSettings
from hookyard.gateway.openapi.merge import merge_patch
from hookyard.gateway.openapi.parts import BODY, READ, WRITE, Group, Known, Object, in_path, json_body, operation, shown
from hookyard.gateway.schedules.views import (
    NextQuery,
    Preview,
    PreviewQuery,
    SchedulePage,
    ScheduleQuery,
    ScheduleRun,
    ScheduleView,
)

_TAG: Final = "schedules"
_LOCATION: Final[Object] = {"Location": {"schema": {"type": "string"}}}


def _paths(known: Known) -> Object:
    name = in_path("name", {"type": "string"})
    return {
        "/api/v1/schedules": shown(
            "Schedules, by name", SchedulePage, known, "not_found", tag=_TAG, parameters=known.parameters(ScheduleQuery)
        ),
        "/api/v1/schedules/preview": operation(
            "post",
            "Say when a rule fires, and keep nothing",
            known,
            tag=_TAG,
            answers={"200": json_body("The next fire times", known[Preview])},
            codes=(*READ, "not_found"),
            parameters=known.parameters(PreviewQuery),
            body=ScheduleSettings,
        ),
        "/api/v1/schedules/{name}": _one(known, name),
        "/api/v1/schedules/{name}/pause": _turn("Let a schedule fire no more", known, name),
        "/api/v1/schedules/{name}/resume": _turn("Let a schedule fire again", known, name),
        "/api/v1/schedules/{name}/run": operation(
            "post",
            "Make a job of a schedule now",
            known,
            tag=_TAG,
            answers={"202": json_body("The job", known[ScheduleRun], _LOCATION)},
            codes=(*WRITE, "not_found", "invalid_input", "lane_full"),
            parameters=[name],
        ),
    }


def _one(known: Known, name: Object) -> Object:
    view, codes = known[ScheduleView], (*WRITE, "not_found", "exists")
    put = operation(
        "put",
        "Make or replace a schedule",
        known,
        tag=_TAG,
        answers={"200": json_body("It was replaced", view), "201": json_body("It was made", view, _LOCATION)},
        codes=codes,
        parameters=[name],
        body=ScheduleSettings,
    )
    change = operation(
        "patch",
        "Change some keys of a schedule",
        known,
        tag=_TAG,
        answers={"200": json_body("It was changed", view)},
        codes=(*codes, *BODY),
        parameters=[name],
        description="A JSON merge patch (RFC 7396): null takes a key away.",
    )
    change["patch"]["requestBody"] = merge_patch(known, ScheduleSettings)
    gone = {"204": {"description": "It is gone; the jobs it made stay."}}
    forget = operation("delete", "Forget a schedule", known, tag=_TAG, answers=gone, codes=codes, parameters=[name])
    asked = [name, *known.parameters(NextQuery)]
    return {
        **shown("A schedule", ScheduleView, known, "not_found", tag=_TAG, parameters=asked),
        **put,
        **change,
        **forget,
    }


def _turn(summary: str, known: Known, name: Object) -> Object:
    answers = {"200": json_body("How it is now", known[ScheduleView])}
    return operation("post", summary, known, tag=_TAG, answers=answers, codes=(*WRITE, "not_found"), parameters=[name])


GROUP = Group(
    kinds=(ScheduleSettings, SchedulePage, ScheduleView, ScheduleRun, Preview),
    queries=(ScheduleQuery, NextQuery, PreviewQuery),
    paths=_paths,
)
