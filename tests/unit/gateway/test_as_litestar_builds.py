"""A gateway that Litestar builds as for users answers as those of the other tests, whose signatures are remembered."""

import json
import re
from typing import Any

import pytest
from tests.unit.gateway.lab import ADMIN, JSON, Reply, bearer, house_of
from tests.unit.gateway.remembered import as_litestar_does

CALLS: tuple[tuple[str, str, bytes], ...] = (
    ("GET", "/openapi.json", b""),
    ("GET", "/", b""),
    ("GET", "/api/v1/health", b""),
    ("GET", "/api/v1/jobs", b""),
    ("GET", "/api/v1/jobs/none", b""),
    ("GET", "/api/v1/jobs/00000000-0000-7000-8000-000000000000", b""),
    ("GET", "/api/v1/plugins/hello", b""),
    ("GET", "/api/v1/sources/hub", b""),
    ("GET", "/api/v1/schedules?x=1", b""),
    ("POST", "/trigger/hello/greet", b'{"payload": {"name": "Ada"}}'),
    ("POST", "/trigger/hello/greet", b'{"payload": {"name": 7}}'),
    ("POST", "/trigger/hello/nobody", b"{}"),
    ("POST", "/hooks/hub", b"{}"),
    ("POST", "/api/v1/jobs", b'{"plugin": "hello", "command": "greet", "payload": {"name": "Ada"}}'),
    ("POST", "/api/v1/tokens", b'{"name": "x", "scopes": ["no such"]}'),
    ("PATCH", "/api/v1/endpoints/none", b"{}"),
    ("DELETE", "/healthz", b""),
)
OF_ONE_CALL = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|req_\w+")


def plain(reply: Reply) -> tuple[int, dict[str, str], Any]:
    """What an answer says, without what no two calls have in common."""
    headers = {name.decode(): value.decode() for name, value in reply.headers if name != b"x-request-id"}
    headers = {name: OF_ONE_CALL.sub(b"ID", value.encode()).decode() for name, value in headers.items()}
    body = OF_ONE_CALL.sub(b"ID", reply.body)
    found: Any = json.loads(body) if "json" in headers.get("content-type", "") else body
    if headers.get("content-type") == "application/problem+json":
        del found["request_id"]
    headers.pop("content-length", None)
    return reply.status, headers, found


def answers(*, lean: bool) -> list[tuple[int, dict[str, str], Any]]:
    house = house_of(lean=lean)
    found: list[tuple[int, dict[str, str], Any]] = []
    for method, target, body in CALLS:
        path, _, query = target.partition("?")
        found.append(plain(house.call(method, path, [JSON, bearer(ADMIN)], body, query=query.encode())))
    return found


@pytest.mark.parametrize("lean", [True, False])
def test_a_gateway_as_users_build_it_answers_as_those_of_the_other_tests(lean: bool) -> None:
    answers(lean=lean)  # whatever can be remembered is by now
    remembered = answers(lean=lean)
    with as_litestar_does() as parsed:
        real = answers(lean=lean)
    assert len(parsed) > 50, "Litestar took the handlers' signatures apart itself"
    for call, one, other in zip(CALLS, real, remembered, strict=True):
        assert one == other, call
    assert {status for status, _, _ in real} >= {200, 202, 400, 401, 404, 405}


def test_what_is_undone_is_undone() -> None:
    with as_litestar_does() as parsed:
        pass
    house_of()
    assert parsed == []
