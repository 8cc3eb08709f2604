"""The paths of endpoints and of their public keys, in the OpenAPI document."""

from typing import Final

from hookyard.gateway.endpoints.bodies import (
    Moved,
    Purge,
    Recover,
    Replay,
    ReplayedView,
    RotateEndpoint,
    SendSample,
)
from hookyard.gateway.endpoints.sample import SampleSent, SampleTried
from hookyard.gateway.endpoints.stats import EndpointStats
from hookyard.gateway.endpoints.views import EndpointListQuery, EndpointPage, EndpointView, NewEndpointView
from hookyard.gateway.keys import PublishedKey
from hookyard.gateway.openapi.merge import merge_patch
from hookyard.gateway.openapi.parts import (
    BODY,
    WRITE,
    Group,
    Known,
    Object,
    header,
    in_path,
    json_body,
    operation,
    problems,
    shown,
)
from hookyard.outbound.endpoints.bodies import ONLY_NEW, NewEndpoint

_TAG: Final = "endpoints"
_NAME: Final = in_path("name", {"type": "string", "minLength": 1})
_LOCATION: Final[Object] = {"Location": {"schema": {"type": "string"}}}
_SECRET: Final[Object] = {"Cache-Control": {"schema": {"const": "no-store"}}}
_CODES: Final = (*WRITE, "not_found", "configured", "endpoint_disabled")


def _paths(known: Known) -> Object:
    create = operation(
        "post",
        "Make an endpoint",
        known,
        tag=_TAG,
        answers={
            "200": json_body(
                "It was made before for the same `Idempotency-Key`; no secret is shown again.",
                known[NewEndpointView],
                _LOCATION | _SECRET,
            ),
            "201": json_body(
                "The endpoint, with its secrets shown this once.", known[NewEndpointView], _LOCATION | _SECRET
            ),
        },
        codes=(*WRITE, "not_found", "exists", "idempotency_mismatch"),
        parameters=[header("Idempotency-Key", "The same key and body make one endpoint.")],
        body=NewEndpoint,
        description="Needs `jobs:read` too, since an endpoint is told the results of jobs.",
    )
    asked = known.parameters(EndpointListQuery)
    base = "/api/v1/endpoints/{name}"
    return {
        "/api/v1/endpoints": {
            **shown("Endpoints, by name", EndpointPage, known, "not_found", tag=_TAG, parameters=asked),
            **create,
        },
        base: _one(known),
        f"{base}/enable": _turn("Let an endpoint get events again", known),
        f"{base}/disable": _turn("Let an endpoint get nothing any more", known),
        f"{base}/rotate": operation(
            "post",
            "Replace the secrets of an endpoint",
            known,
            tag=_TAG,
            answers={"200": json_body("With the new secret, shown this once.", known[NewEndpointView], _SECRET)},
            codes=_CODES,
            parameters=[_NAME],
            body=RotateEndpoint,
            required=False,
            description="The old ones of that kind sign as well until `overlap` is over.",
        ),
        f"{base}/stats": shown(
            "How an endpoint has been lately", EndpointStats, known, "not_found", tag=_TAG, parameters=[_NAME]
        ),
        f"{base}/test": _test(known),
        f"{base}/recover": _page("Send again what failed for good", Recover, Moved, known),
        f"{base}/replay": _page("Send what an endpoint was not told", Replay, ReplayedView, known),
        f"{base}/purge": _page("Delete deliveries of an endpoint", Purge, Moved, known),
        "/keys/{kid}": _key(known),
    }


def _one(known: Known) -> Object:
    view = known[EndpointView]
    change = operation(
        "patch",
        "Change some keys of an endpoint",
        known,
        tag=_TAG,
        answers={"200": json_body("How it is now.", view)},
        codes=(*_CODES, *BODY),
        parameters=[_NAME],
        description="A JSON merge patch (RFC 7396): null takes a key away. Needs `jobs:read` too.",
    )
    change["patch"]["requestBody"] = merge_patch(known, NewEndpoint, without=tuple(ONLY_NEW))
    forget = operation(
        "delete",
        "Forget an endpoint",
        known,
        tag=_TAG,
        answers={"204": {"description": "It is gone; what is pending for it fails when its time comes."}},
        codes=(*_CODES, *BODY),
        parameters=[_NAME],
    )
    return {
        **shown("An endpoint", EndpointView, known, "not_found", tag=_TAG, parameters=[_NAME]),
        **change,
        **forget,
    }


def _turn(summary: str, known: Known) -> Object:
    answers: Object = {"200": json_body("How it is now.", known[EndpointView])}
    codes = (*WRITE, "not_found", *BODY)
    return operation("post", summary, known, tag=_TAG, answers=answers, codes=codes, parameters=[_NAME])


def _test(known: Known) -> Object:
    return operation(
        "post",
        "Send a sample to an endpoint",
        known,
        tag=_TAG,
        answers={
            "200": json_body("Its first attempt is over; only after `Prefer: wait`.", known[SampleTried], _LOCATION),
            "202": json_body("It is on its way.", known[SampleSent], _LOCATION),
        },
        codes=_CODES,
        parameters=[_NAME, header("Prefer", "`wait=N` holds the answer up to N seconds for the first attempt.")],
        body=SendSample,
        required=False,
    )


def _page(summary: str, body: type, answer: type, known: Known) -> Object:
    return operation(
        "post",
        summary,
        known,
        tag=_TAG,
        answers={"200": json_body("How far this call came, and where to go on.", known[answer])},
        codes=_CODES,
        parameters=[_NAME],
        body=body,
        description="One page of the work: call again with `next` as `cursor` until it is null.",
    )


def _key(known: Known) -> Object:
    cached: Object = {"Cache-Control": {"schema": {"type": "string"}}}
    return {
        "get": {
            "operationId": "A public key",
            "tags": [_TAG],
            "summary": "A public key",
            "description": "What receivers verify `v1a` signatures with. For anybody who knows its name.",
            "security": [],
            "parameters": [in_path("kid", {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"})],
            "responses": {
                "200": json_body("The key.", known[PublishedKey], cached),
                **problems(("invalid_request", "not_found", "internal"), known),
            },
        }
    }


GROUP = Group(
    kinds=(
        *(NewEndpoint, EndpointPage, EndpointView, NewEndpointView, EndpointStats, PublishedKey),
        *(RotateEndpoint, SendSample, SampleSent, SampleTried, Recover, Replay, Purge, Moved, ReplayedView),
    ),
    queries=(EndpointListQuery,),
    paths=_paths,
)
