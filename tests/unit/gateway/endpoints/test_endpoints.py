"""`/api/v1/endpoints`: made, shown, changed and forgotten, and what is refused."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.gateway.endpoints.hall import (
    ADMIN,
    FIXED,
    LOOKER,
    MAKER,
    NOBODY,
    READER,
    SECRET,
    WRITER,
    Hall,
    in_hall,
    refused,
)

from hookyard.config.model import EndpointRules
from hookyard.gateway.endpoints.views import view_of
from hookyard.model import Endpoint
from hookyard.outbound.endpoints import Entry
from hookyard.outbound.endpoints.private import Private

VALUE = "the-value-of-a-header"


def test_an_endpoint_is_made_shown_changed_and_forgotten_and_its_secrets_are_shown_once(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        asked = call.body(name="audit", events=["job.succeeded"], rate="10/1s", timeout=5, headers={"X-Team": VALUE})
        made = await call("POST", "/endpoints", asked, MAKER)
        assert (made.status_code, made.headers["location"]) == (201, "/api/v1/endpoints/audit")
        assert made.headers["cache-control"] == "no-store"
        body = made.json()
        [secret] = body.pop("new_secrets")
        assert secret.startswith("whsec_")
        shown = await call("GET", "/endpoints/audit", None, READER)
        assert shown.json() == body
        assert secret not in shown.text
        assert VALUE not in shown.text
        assert body == {
            "name": "audit",
            "origin": "http",
            "state": "live",
            "tenant": "",
            "created_at": "2026-05-01T00:00:00.000Z",
            "created_by": "token:maker",
            "updated_at": "2026-05-01T00:00:00.000Z",
            "url": call.receiver.url(),
            "description": "",
            "metadata": {},
            "events": ["job.succeeded"],
            "commands": ["*/*"],
            "if": None,
            "signature": "standard",
            "http_signature": False,
            "envelope": None,
            "schedule": None,
            "jitter": None,
            "timeout": "5s",
            "connect_timeout": None,
            "max_retry_after": None,
            "concurrency": None,
            "rate": "10/1s",
            "order": None,
            "breaker": {"failures": 10, "cooldown": "30s", "longest": "10m"},
            "disable_after": "5d",
            "enabled": True,
            "secrets": [
                {
                    "kind": "v1",
                    "id": sha256(secret.encode()).hexdigest()[:8],
                    "created_at": "2026-05-01T00:00:00.000Z",
                }
            ],
            "public_keys": [],
            "header_names": ["X-Team"],
        }
        call.clock.advance(1000)
        patch = {"rate": None, "description": "ours", "headers": {"X-Team": None, "X-Other": VALUE}, "breaker": "off"}
        changed = await call("PATCH", "/endpoints/audit", patch, MAKER)
        assert changed.status_code == 200
        assert changed.json() == {
            **body,
            "rate": None,
            "description": "ours",
            "header_names": ["X-Other"],
            "breaker": "off",
            "updated_at": "2026-05-01T00:00:01.000Z",
        }
        assert (await call("DELETE", "/endpoints/audit", None, WRITER)).status_code == 204
        assert refused(await call("GET", "/endpoints/audit"))[:2] == (404, "not_found")
        entries = (await call("GET", "/audit?action=endpoint")).json()["entries"]
        assert [entry["action"] for entry in entries] == ["endpoint.delete", "endpoint.change", "endpoint.create"]
        assert {entry["target"] for entry in entries} == {"audit"}
        host = call.receiver.url().removesuffix("/hook")
        assert entries[1]["details"] == {"keys": sorted(patch), "url": host}
        assert entries[2]["details"] == {"url": host, "events": ["job.succeeded"], "tenant": ""}
        assert VALUE not in json.dumps(entries)
        assert secret not in json.dumps(entries)

    in_hall(tmp_path, work)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"url": None}, "$.url"),
        ({"url": ""}, "$.url"),
        ({"url": 7}, "$.url"),
        ({"url": "ftp://example.com"}, "$.url"),
        ({"url": "https://user:pass@example.com"}, "$.url"),
        ({"url": "http://10.0.0.1/"}, "$.url"),
        ({"name": "a/b"}, "$.name"),
        ({"name": "ä"}, "$.name"),
        ({"name": "x" * 65}, "$.name"),
        ({"name": "a\n"}, "$.name"),
        ({"events": []}, "$.events"),
        ({"events": ["job.succeded"]}, "$.events[0]"),
        ({"events": "job.*"}, "$.events"),
        ({"events": ["x"] * 101}, "$.events"),
        ({"if": "data."}, "$.if"),
        ({"secrets": ["whsec_"]}, "$.secrets[0]"),
        ({"secrets": ["plain text"]}, "$.secrets[0]"),
        ({"secrets": [SECRET] * 11}, "$.secrets"),
        ({"sign": ["v2"]}, "$.sign[0]"),
        ({"sign": ["v1a"], "signature": "plain"}, "$.secrets"),
        ({"headers": {"Host": "x"}}, "$.headers.Host"),
        ({"headers": {"webhook-id": "x"}}, "$.headers.webhook-id"),
        ({"headers": {"X-Line": "a\r\nb: c"}}, "$.headers.X-Line"),
        ({"headers": {"X Y": "a"}}, '$.headers["X Y"]'),
        ({"tls": {"cert": "no pem", "key": "no pem"}}, "$.tls"),
        ({"tls": {"cert": 1}}, "$.tls.cert"),
        ({"rate": "many"}, "$.rate"),
        ({"timeout": "soon"}, "$.timeout"),
        ({"schedule": ["0s", "9999d"]}, "$.schedule[1]"),
        ({"order": {"by": "$"}}, "$.order.by"),
        ({"breaker": {"failures": 0}}, "$.breaker.failures"),
        ({"jitter": 2}, "$.jitter"),
        ({"metadata": {"": "x"}}, '$.metadata[""]'),
        ({"metadata": {"x": 1}}, "$.metadata.x"),
        ({"allow_networks": ["10.0.0.0/8"]}, "$.allow_networks"),
        ({"origin": "config"}, "$.origin"),
        ({"tenant": "no tenant!"}, "$.tenant"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_and_nothing_is_kept(
    tmp_path: Path, change: dict[str, Any], path: str
) -> None:
    async def work(call: Hall) -> None:
        body = {key: value for key, value in {**call.body(), **change}.items() if value is not None}
        status, code, where = refused(await call("POST", "/endpoints", body))
        assert (status, code) == (400, "invalid_input")
        assert where == path
        listed = (await call("GET", "/endpoints")).json()["endpoints"]
        assert [one["name"] for one in listed] == [FIXED]
        text = json.dumps((await call("GET", "/audit")).json()["entries"])
        assert "endpoint.create" not in text

    in_hall(tmp_path, work)


def test_a_patch_is_held_to_the_same_rules_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", headers={"X-A": "1"})
        before = (await call("GET", "/endpoints/audit")).json()
        for patch, path in (
            ({"url": None}, "$.url"),
            ({"url": "http://10.0.0.1/"}, "$.url"),
            ({"more": 1}, "$.more"),
            ({"events": ["job.succeded"]}, "$.events[0]"),
            ({"secrets": [SECRET]}, "$.secrets"),
            ({"sign": ["v1"]}, "$.sign"),
            ({"name": "other"}, "$.name"),
            ({"tenant": "acme"}, "$.tenant"),
            ({"headers": {"Connection": "close"}}, "$.headers.Connection"),
            ({"breaker": {"failures": -1}}, "$.breaker.failures"),
        ):
            assert refused(await call("PATCH", "/endpoints/audit", patch)) == (400, "invalid_input", path), patch
        assert refused(await call("PATCH", "/endpoints/audit", [1]))[:2] == (400, "invalid_input")
        assert (await call("GET", "/endpoints/audit")).json() == before

    in_hall(tmp_path, work)


def test_a_name_is_made_up_or_taken_once(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        first = (await call("POST", "/endpoints", call.body())).json()["name"]
        second = (await call("POST", "/endpoints", call.body())).json()["name"]
        assert first != second
        assert (await call("GET", f"/endpoints/{first}")).status_code == 200
        for taken in (first, FIXED):
            assert refused(await call("POST", "/endpoints", call.body(name=taken)))[:2] == (409, "exists")

    in_hall(tmp_path, work)


def test_the_same_key_and_body_make_one_endpoint_whose_secret_is_shown_once(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        async def post(key: str, token: str = ADMIN, **more: object) -> httpx.Response:
            return await call("POST", "/endpoints", call.body(**more), token, **{"idempotency-key": key})

        two = await asyncio.gather(post("k"), post('"k"'))
        assert sorted(answer.status_code for answer in two) == [200, 201]
        made, again = sorted(two, key=lambda answer: -answer.status_code)
        assert again.headers["location"] == made.headers["location"]
        assert len(made.json()["new_secrets"]) == 1
        assert again.json() == made.json() | {"new_secrets": [], "duplicate": True}
        name = made.json()["name"]
        await call("PATCH", f"/endpoints/{name}", {"description": "changed"})
        assert (await post("k")).json()["description"] == "changed"
        other = await post("k", description="another")
        assert refused(other)[:2] == (409, "idempotency_mismatch")
        assert name in other.json()["detail"]
        assert (await post("k", MAKER)).status_code == 201
        assert [(await post("n", name="crm")).status_code for _ in range(2)] == [201, 200]
        assert refused(await post("m", name="crm"))[:2] == (409, "exists")
        assert refused(await post(""))[:2] == (400, "invalid_request")
        await call("DELETE", f"/endpoints/{name}")
        assert (await post("k")).status_code == 201, "it is gone, and so is its key"
        entries = (await call("GET", "/audit?action=endpoint.create")).json()["entries"]
        assert len(entries) == 4

    in_hall(tmp_path, work)


def test_what_is_wrong_with_a_body_is_said_in_words_and_with_the_very_key(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for asked, path, words in (
            ({"name": "a b"}, "$.name", "a name of at most 64 letters"),
            ({"tenant": "a b"}, "$.tenant", "a tenant: at most 64 letters"),
            ({"order": {"by": "customer"}}, "$.order.by", "a path into the body such as $.data.payload.customer"),
            ({"headers": {"X-A": "1", "a b": "x"}}, '$.headers["a b"]', "the name of an HTTP header"),
            ({"metadata": {"b": "x", "a": 1}}, "$.metadata.a", "`str`, got `int`"),
        ):
            answer = await call("POST", "/endpoints", call.body(**asked))
            assert refused(answer) == (400, "invalid_input", path)
            assert words in answer.json()["detail"]
            assert "regex" not in answer.json()["detail"]

    in_hall(tmp_path, work)


def test_one_of_the_configuration_can_be_enabled_and_disabled_but_not_changed(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        shown = (await call("GET", f"/endpoints/{FIXED}")).json()
        assert (shown["origin"], shown["created_by"], shown["secrets"]) == (
            "config",
            "config",
            [{"kind": "v1", "id": sha256(SECRET.encode()).hexdigest()[:8]}],
        )
        for method, path, body in (
            ("PATCH", "", {"description": "x"}),
            ("DELETE", "", None),
            ("POST", "/rotate", {}),
        ):
            assert refused(await call(method, f"/endpoints/{FIXED}{path}", body))[:2] == (409, "configured")
        off = (await call("POST", f"/endpoints/{FIXED}/disable")).json()
        assert (off["state"], off["disabled"]) == ("disabled", {"at": "2026-05-01T00:00:00.000Z", "reason": "user"})
        on = (await call("POST", f"/endpoints/{FIXED}/enable")).json()
        assert on["state"] == "live"
        assert "disabled" not in on
        entries = (await call("GET", "/audit?action=endpoint")).json()["entries"]
        assert [entry["action"] for entry in entries] == ["endpoint.enable", "endpoint.disable"]

    in_hall(tmp_path, work)


def test_endpoints_are_listed_by_name_in_pages_and_by_how_they_are(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for name in ("c", "a", "b"):
            await call.make(name, enabled=name != "b")
        await call("POST", "/endpoints/c/disable")
        first = (await call("GET", "/endpoints?limit=2", None, READER)).json()
        rest = (await call("GET", f"/endpoints?limit=2&cursor={first['next']}", None, READER)).json()
        assert [one["name"] for page in (first, rest) for one in page["endpoints"]] == ["a", "b", "c", FIXED]
        assert rest["next"] is None
        for state, names in (("live", ["a", FIXED]), ("off", ["b"]), ("disabled", ["c"])):
            found = (await call("GET", f"/endpoints?state={state}")).json()["endpoints"]
            assert [one["name"] for one in found] == names
            assert {one["state"] for one in found} == {state}
        assert (await call("GET", "/endpoints?failing=true")).json()["endpoints"] == []
        for query in ("state=other", "cursor=n", "cursor=s", "limit=0", "limit=201", "more=1", "limit=1&limit=2"):
            assert refused(await call("GET", f"/endpoints?{query}"))[:2] == (400, "invalid_request"), query

    in_hall(tmp_path, work)


@pytest.mark.parametrize(
    ("enabled", "disabled_at", "problem", "state"),
    [
        (True, None, None, "live"),
        (True, None, "url: it is not https.", "faulty"),
        (True, 1, "url: it is not https.", "disabled"),
        (False, 1, "url: it is not https.", "off"),
        (None, None, "It cannot be read any more.", "faulty"),
    ],
)
def test_how_an_endpoint_is_in_one_word(
    enabled: bool | None, disabled_at: int | None, problem: str | None, state: str
) -> None:
    row = Endpoint(
        name="a", origin="http", spec=b"{}", created_at=1, created_by="", updated_at=1, disabled_at=disabled_at
    )
    settings = None if enabled is None else EndpointRules(url="http://receiver.example/", enabled=enabled)
    entry = Entry(row=row, settings=settings, private=Private(), problem=problem)
    view = view_of(entry, 2, "")
    assert (view.state, view.problem or None) == (state, problem)


def test_who_may_do_what(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        window = {"since": 0}
        reads = [
            ("GET", "/endpoints", None),
            ("GET", "/endpoints/audit", None),
            ("GET", "/endpoints/audit/stats", None),
        ]
        writes: list[tuple[str, str, object]] = [
            ("POST", "/endpoints/audit/disable", None),
            ("POST", "/endpoints/audit/enable", None),
            ("POST", "/endpoints/audit/rotate", {}),
            ("POST", "/endpoints/audit/test", {}),
            ("POST", "/endpoints/audit/recover", window),
            ("POST", "/endpoints/audit/replay", window),
            ("POST", "/endpoints/audit/purge", window),
        ]
        settings: list[tuple[str, str, object]] = [
            ("POST", "/endpoints", call.body()),
            ("PATCH", "/endpoints/audit", {"description": "x"}),
        ]
        for method, path, body in (*reads, *writes, *settings):
            assert refused(await call(method, path, body, None))[:2] == (401, "unauthenticated"), path
            assert refused(await call(method, path, body, NOBODY))[:2] == (403, "forbidden"), path
        for method, path, body in reads:
            assert (await call(method, path, body, READER)).status_code == 200
            assert refused(await call(method, path, body, WRITER))[:2] == (403, "forbidden")
        for method, path, body in writes:
            assert refused(await call(method, path, body, LOOKER))[:2] == (403, "forbidden"), path
            assert (await call(method, path, body, WRITER)).status_code in {200, 202}, path
        for method, path, body in settings:
            # Whoever may not read jobs gets at no results by an endpoint of his own.
            assert refused(await call(method, path, body, WRITER))[:2] == (403, "forbidden")
            assert (await call(method, path, body, MAKER)).status_code in {200, 201}
        assert refused(await call("POST", "/endpoints", call.body(tenant="acme"), MAKER)) == (
            403,
            "forbidden",
            "$.tenant",
        )
        assert (await call("POST", "/endpoints", call.body(tenant="acme"), ADMIN)).json()["tenant"] == "acme"

    in_hall(tmp_path, work)


def test_no_more_endpoints_than_there_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.outbound.endpoints.manage.MOST", 2)

    async def work(call: Hall) -> None:
        await call.make("a")
        answer = await call("POST", "/endpoints", call.body(name="b"))
        assert refused(answer)[:2] == (503, "busy")
        assert (await call("GET", "/endpoints/b")).status_code == 404
        await call("DELETE", "/endpoints/a")
        await call.make("b")

    in_hall(tmp_path, work)


def test_what_is_hostile_is_refused_and_nothing_fails_inside(tmp_path: Path) -> None:
    deep = b'{"metadata":' * 900 + b"1" + b"}" * 900

    async def work(call: Hall) -> None:
        await call.make("audit")
        for path in ("/endpoints", "/endpoints/audit"):
            method = "POST" if path == "/endpoints" else "PATCH"
            for body, status, code in (
                (b"x" * (1 << 17), 413, "too_large"),
                (deep, 400, None),
                (b"[" * 60_000, 400, None),
                (b'{"url": "\xff"}', 400, "invalid_json"),
                (b'{"url": "\\ud800"}', 400, "invalid_json"),
                (b"{", 400, "invalid_json"),
                (b"[]", 400, "invalid_input"),
                (b"null", 400, "invalid_input"),
                (b'"text"', 400, "invalid_input"),
            ):
                answer = await call(method, path, body)
                assert refused(answer)[0] == status, (path, body[:20])
                assert code in {None, refused(answer)[1]}, (path, body[:20])
            other = await call(method, path, b"<a/>", **{"content-type": "text/xml"})
            assert refused(other)[:2] == (415, "unsupported_media_type")
        for name in ("a%2Fb", "..%2Faudit", "audit%00", "%C3%A4", "audit%20", "AUDIT", "x" * 5000):
            for method, word in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/rotate"), ("GET", "/stats")):
                answer = await call(method, f"/endpoints/{name}{word}")
                assert refused(answer)[:2] == (404, "not_found"), (method, name, word)
        assert refused(await call("POST", "/endpoints/audit/enable", {"more": 1}))[:2] == (400, "invalid_request")
        assert refused(await call("POST", "/endpoints/audit/enable?now=1"))[:2] == (400, "invalid_request")
        assert refused(await call("DELETE", "/endpoints/audit", {"more": 1}))[:2] == (400, "invalid_request")
        assert (await call("GET", "/endpoints/audit")).status_code == 200

    in_hall(tmp_path, work, server={"max_body": "64KiB"})


def test_changes_count_against_the_limit_of_changes_and_reads_against_that_of_reads(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        for _ in range(2):
            assert (await call("POST", "/endpoints/audit/test", {})).status_code == 202
        assert refused(await call("POST", "/endpoints/audit/test", {}))[:2] == (429, "rate_limited")
        assert refused(await call("POST", "/endpoints", call.body()))[:2] == (429, "rate_limited")
        for _ in range(3):
            assert (await call("GET", "/deliveries")).status_code == 200
        assert refused(await call("GET", "/endpoints/audit"))[:2] == (429, "rate_limited")

    in_hall(tmp_path, work, limits={"changes": "3/1m", "reads": "3/1m"})
