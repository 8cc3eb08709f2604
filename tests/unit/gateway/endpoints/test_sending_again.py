"""`test`, `recover`, `replay` and `purge`: page by page, each call bounded, and nothing told twice."""

import asyncio
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from msgspec.structs import replace
from tests.unit.gateway.endpoints.hall import ACME, BEGIN, READER, SECRET, WRITER, Hall, in_hall, refused

from hookyard.gateway.endpoints.sample import first_attempt
from hookyard.gateway.paging import DELIVERIES
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.store.contract import Store
from hookyard.testing import FakeClock
from hookyard.testing.receiver import answering, ok, silent

GONE = answering(500, b"broken")


async def pages(call: Hall, word: str, body: dict[str, Any], token: str = WRITER) -> list[dict[str, Any]]:
    """All pages of one kind of recovery."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await call("POST", f"/endpoints/audit/{word}", {**body, **cursor}, token)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        if found[-1]["next"] is None:
            return found
        cursor = {"cursor": found[-1]["next"]}


def test_a_sample_is_on_its_way_or_its_first_attempt_is_waited_for(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        sent = await call("POST", "/endpoints/audit/test", {}, WRITER)
        assert (sent.status_code, sent.json()["event"]) == (202, "job.succeeded")
        assert sent.headers["location"] == f"/api/v1/deliveries/{sent.json()['delivery_id']}"
        await call.settled("endpoint=audit", 1)  # both at once would go over two connections, in either order
        waiting = asyncio.create_task(call("POST", "/endpoints/audit/test", {"event": "job.failed"}, prefer="wait=5"))
        await call.settled("endpoint=audit", 2)
        answer = await _passing(call, waiting)
        assert answer.status_code == 200, answer.text
        assert answer.headers["preference-applied"] == "wait=5"
        tried = answer.json()
        assert (tried["event"], tried["status"]) == ("job.failed", "delivered")
        assert (tried["attempt"]["number"], tried["attempt"]["status"], tried["attempt"]["response"]) == (1, 200, "ok")
        assert call.receiver.requests[1].headers["webhook-id"] == tried["delivery_id"]
        entries = (await call("GET", "/audit?action=endpoint.test")).json()["entries"]
        assert [entry["details"] for entry in entries] == [{"event": "job.failed"}, {"event": None}]

    in_hall(tmp_path, work)


def test_a_sample_that_failed_says_when_it_is_tried_again_or_that_it_is_not(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", schedule=["0s", "1h"])
        await call.make("once", schedule=["0s"])
        for name, status, next_at in (
            ("audit", "pending", "2026-05-01T01:00:00.000Z"),
            ("once", "failed", None),
        ):
            waiting = asyncio.create_task(call("POST", f"/endpoints/{name}/test", {}, prefer="wait=5"))
            await call.settled(f"endpoint={name}&error=http_500", 1, status)
            tried = (await _passing(call, waiting)).json()
            assert (tried["status"], tried["next_at"], tried["attempt"]["error"]) == (status, next_at, "http_500")

    in_hall(tmp_path, work, GONE)


def test_a_sample_that_takes_longer_than_anybody_waits_is_answered_as_on_its_way(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        waiting = asyncio.create_task(call("POST", "/endpoints/audit/test", {}, prefer="wait=1"))
        await call.receiver.until(lambda: len(call.receiver.requests) == 1)
        assert (await _passing(call, waiting)).status_code == 202
        await call.receiver.aclose()  # or the end would wait for it

    in_hall(tmp_path, work, silent, outbound=_outbound())


def test_an_attempt_that_ends_while_it_is_looked_for_is_shown() -> None:
    sent = Delivery(
        id="d",
        job_id=None,
        request_id="",
        event="job.failed",
        endpoint="e",
        url=None,
        body=b"",
        created_at=1,
        next_at=1,
    )
    tried = DeliveryAttempt(delivery_id="d", number=1, started_at=1, duration=1, status=200, error=None, response=b"")

    class EndsBetween:
        """Knows nothing of the attempt until somebody has looked at the delivery."""

        ended = False

        async def delivery_attempts(self, _: str) -> tuple[DeliveryAttempt, ...]:
            return (tried,) if self.ended else ()

        async def delivery(self, _: str) -> Delivery:
            self.ended = True
            return replace(sent, status="delivered", completed_at=2)

    found, attempt = asyncio.run(first_attempt(cast("Store", EndsBetween()), FakeClock(), sent, 5))
    assert (found.status, attempt) == ("delivered", tried)


async def _passing(call: Hall, waiting: asyncio.Task[httpx.Response]) -> httpx.Response:
    """Let time pass until there is an answer; ten times as fast as it does, or an hour were over in an instant."""
    while not waiting.done():
        call.clock.advance(10)
        await asyncio.sleep(0.001)
    return await waiting


def _outbound() -> dict[str, Any]:
    return {
        "allow_http": True,
        "allow_ports": "any",
        "allow_networks": ["127.0.0.0/8"],
        "timeout": "60s",
        "connect_timeout": "60s",
    }


def test_no_sample_of_what_is_unknown_nor_to_an_endpoint_that_gets_nothing(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        path = "/endpoints/audit/test"
        assert refused(await call("POST", path, {"event": "job.eaten"})) == (400, "invalid_input", "$.event")
        assert refused(await call("POST", path, {"event": ""})) == (400, "invalid_input", "$.event")
        assert refused(await call("POST", path, {"events": "x"})) == (400, "invalid_input", "$.events")
        assert refused(await call("POST", "/endpoints/nope/test", {}))[:2] == (404, "not_found")
        await call("POST", "/endpoints/audit/disable")
        assert refused(await call("POST", path, {}))[:2] == (409, "endpoint_disabled")

    in_hall(tmp_path, work)


def test_what_failed_for_good_is_sent_again_page_by_page_and_a_dry_run_only_counts(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", schedule=["0s"], events=["job.succeeded"])
        for _ in range(5):
            await call.run()
        failed = await call.settled("endpoint=audit", 5, "failed")
        given_up = failed[0]["id"]
        assert refused(await call("POST", f"/deliveries/{given_up}/abandon"))[:2] == (409, "already_terminal")
        counted = await pages(call, "recover", {"since": BEGIN, "limit": 2, "dry_run": True})
        assert [page["count"] for page in counted] == [2, 2, 1]
        whole = await pages(call, "recover", {"since": BEGIN, "cursor": counted[0]["next"], "dry_run": True})
        assert [page["count"] for page in whole] == [3]
        assert (await call("GET", "/audit?action=endpoint.recover")).json()["entries"] == []
        assert all(page["dry_run"] for page in counted)
        assert {one["status"] for one in await call.deliveries("endpoint=audit")} == {"failed"}
        call.receiver.handler = ok
        before = len(call.receiver.requests)
        done = await pages(call, "recover", {"since": "2026-05-01T00:00:00Z", "limit": 2})
        assert len(done) >= 3
        assert sum(page["count"] for page in done) == 5
        again = await call.settled("endpoint=audit", 5)
        assert {one["id"] for one in again} == {one["id"] for one in failed}
        ids = [request.headers["webhook-id"] for request in call.receiver.requests[before:]]
        assert sorted(ids) == sorted(one["id"] for one in failed)
        [first, *rest] = (await call("GET", "/audit?action=endpoint.recover")).json()["entries"][::-1]
        assert first["details"] == {
            "since": BEGIN,
            "until": None,
            "limit": 2,
            "first": True,
            "waiting": False,
        }
        assert {entry["details"]["first"] for entry in rest} == {False}

    in_hall(tmp_path, work, GONE)


def test_only_what_failed_of_an_event_or_with_an_error_is_sent_again(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.*", "greeting.said"])
        await call.run("hello/emit", callback_url=call.receiver.url())
        await call.settled("", 3, "failed")
        since = {"since": BEGIN, "dry_run": True}
        for only, count in (({}, 2), ({"event": "greeting.*"}, 1), ({"event": "job"}, 0), ({"error": "http_500"}, 2)):
            assert [page["count"] for page in await pages(call, "recover", {**since, **only})] == [count], only
        asked = {"since": BEGIN, "event": "greeting.*", "error": "http_500"}
        callbacks = {**asked, "callback": "*"}
        assert (await call("POST", "/deliveries/recover", callbacks, WRITER)).json()["count"] == 0
        callbacks["event"] = "job.succeeded"
        assert (await call("POST", "/deliveries/recover", callbacks, WRITER)).json()["count"] == 1
        call.receiver.handler = ok
        assert [page["count"] for page in await pages(call, "recover", asked)] == [1]
        [sent] = await call.settled("endpoint=audit&event=greeting.said", 1)
        [left] = await call.deliveries("endpoint=audit&event=job.succeeded")
        assert (sent["attempt"], left["status"]) == (2, "failed")
        entries = (await call("GET", "/audit?action=endpoint.recover")).json()["entries"]
        details = {"since": BEGIN, "until": None, "limit": 500, "first": True, "waiting": False}
        assert entries[0]["details"] == {**details, "event": "greeting.*", "error": "http_500"}

    once = {**_outbound(), "callback_secrets": [SECRET], "schedule": ["0s"]}
    in_hall(tmp_path, work, GONE, outbound=once)


def test_only_what_is_of_an_event_or_with_an_error_is_deleted(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.*", "greeting.said"])
        await call.run("hello/emit", callback_url=call.receiver.url())
        await call.settled("", 3, "failed")
        for only, count in (({}, 2), ({"event": "greeting.*"}, 1), ({"event": "job"}, 0), ({"error": "http_500"}, 2)):
            counted = await pages(call, "purge", {"since": BEGIN, "dry_run": True, **only})
            assert [page["count"] for page in counted] == [count], only
        asked = {"since": BEGIN, "event": "greeting.*", "error": "http_500"}
        callbacks = {**asked, "callback": "*"}
        assert (await call("POST", "/deliveries/purge", callbacks, WRITER)).json()["count"] == 0
        callbacks["event"] = "job.succeeded"
        assert (await call("POST", "/deliveries/purge", callbacks, WRITER)).json()["count"] == 1
        assert [page["count"] for page in await pages(call, "purge", {**asked, "error": "http_503"})] == [0]
        assert sum(page["count"] for page in await pages(call, "purge", {**asked, "limit": 1})) == 1
        assert [one["event"] for one in await call.deliveries()] == ["job.succeeded"]
        for kind, first in (("endpoint", {"limit": 1}), ("delivery", {"limit": 500})):
            entries = (await call("GET", f"/audit?action={kind}.purge")).json()["entries"]
            facts = entries[0]["details"]
            assert facts["error"] == "http_500"
            assert facts["limit"] == first["limit"]
            assert facts["statuses"] == ["failed"]
            assert facts["event"] == ("greeting.*" if kind == "endpoint" else "job.succeeded")

    once = {**_outbound(), "callback_secrets": [SECRET], "schedule": ["0s"]}
    in_hall(tmp_path, work, GONE, outbound=once)


def test_only_what_was_missed_of_an_event_is_replayed(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.run("hello/emit")
        await call.make("audit", events=["job.succeeded", "greeting.said"])
        call.clock.advance(1)
        counted = await pages(call, "replay", {"since": BEGIN, "event": "greet*", "dry_run": True})
        assert sum(page["planned"] for page in counted) == 1
        done = await pages(call, "replay", {"since": BEGIN, "event": "greet*"})
        assert sum(page["planned"] for page in done) == 1
        [told] = await call.settled("endpoint=audit", 1)
        assert told["event"] == "greeting.said"
        (entry, *_) = (await call("GET", "/audit?action=endpoint.replay")).json()["entries"]
        assert entry["details"]["event"] == "greet*"
        assert sum(page["planned"] for page in await pages(call, "replay", {"since": BEGIN})) == 1
        wrong = await call("POST", "/endpoints/audit/replay", {"since": BEGIN, "error": "http_500"}, WRITER)
        assert refused(wrong) == (400, "invalid_input", "$.error"), "what was never sent has no error"

    in_hall(tmp_path, work)


def test_what_waits_for_its_next_attempt_is_sent_now_when_the_receiver_is_mended(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", schedule=["0s", "1h"], events=["job.succeeded"])
        for _ in range(3):
            await call.run()
        waiting = await call.settled("endpoint=audit", 3, "pending")

        async def all_tried() -> bool:
            return len(call.receiver.requests) == 3 and all(
                one["attempt"] == 1 for one in await call.deliveries("endpoint=audit")
            )

        await call.until(all_tried)
        await call.settled("endpoint=audit", 3, "pending")
        call.receiver.handler = ok
        assert sum(page["count"] for page in await pages(call, "recover", {"since": BEGIN})) == 0
        now = {"since": BEGIN, "waiting": True, "limit": 2}
        counted = await pages(call, "recover", {**now, "dry_run": True})
        assert sum(page["count"] for page in counted) == 3
        assert len(call.receiver.requests) == 3
        assert sum(page["count"] for page in await pages(call, "recover", now)) == 3
        sent = await call.settled("endpoint=audit", 3)
        assert {one["id"] for one in sent} == {one["id"] for one in waiting}
        assert {one["attempt"] for one in sent} == {2}
        (entry, *_) = (await call("GET", "/audit?action=endpoint.recover")).json()["entries"]
        assert entry["details"]["waiting"] is True

    in_hall(tmp_path, work, GONE)


def test_what_waits_is_sent_now_when_its_endpoint_is_enabled_again(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", schedule=["0s", "1h"], events=["job.succeeded"])
        await call.run()
        await call.settled("endpoint=audit", 1, "pending")
        await call.receiver.until(lambda: len(call.receiver.requests) == 1)
        await call.settled("endpoint=audit", 1, "pending")
        assert (await call("POST", "/endpoints/audit/disable")).status_code == 200
        call.receiver.handler = ok
        assert (await call("POST", "/endpoints/audit/enable")).status_code == 200
        await call.settled("endpoint=audit", 1)

    in_hall(tmp_path, work, GONE)


def test_a_window_takes_in_what_was_made_in_it_only(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", schedule=["0s"], events=["job.succeeded"])
        for _ in range(3):
            await call.run()
            call.clock.advance(10_000)
        await call.settled("endpoint=audit", 3, "failed")
        middle = {"since": BEGIN + 10_000, "until": BEGIN + 20_000}
        for word in ("recover", "purge"):
            counted = await pages(call, word, {**middle, "dry_run": True})
            assert sum(page["count"] for page in counted) == 1, word
        assert sum(page["count"] for page in await pages(call, "purge", middle)) == 1
        assert [one["created_at"] for one in await call.deliveries("endpoint=audit")] == [
            "2026-05-01T00:00:20.000Z",
            "2026-05-01T00:00:00.000Z",
        ]
        assert sum(page["count"] for page in await pages(call, "purge", {"since": 0, "limit": 1})) == 2
        assert await call.deliveries("endpoint=audit") == []

    in_hall(tmp_path, work, GONE)


def test_a_purge_takes_the_statuses_it_is_told_and_the_dead_letters_if_it_is_told_none(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"])
        await call.run()
        await call.settled("endpoint=audit", 1)
        assert sum(page["count"] for page in await pages(call, "purge", {"since": 0})) == 0
        wanted = {"since": 0, "statuses": ["delivered", "failed", "delivered"]}
        assert sum(page["count"] for page in await pages(call, "purge", {**wanted, "dry_run": True})) == 1
        assert sum(page["count"] for page in await pages(call, "purge", wanted)) == 1
        assert await call.deliveries() == []

    in_hall(tmp_path, work)


def test_what_is_left_of_an_endpoint_that_was_deleted_is_purged_by_its_name(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", schedule=["0s"], events=["job.succeeded"])
        for _ in range(2):
            await call.run()
        await call.settled("endpoint=audit", 2, "failed")
        assert (await call("DELETE", "/endpoints/audit")).status_code == 204
        answer = await call("POST", "/endpoints/audit/purge", {"since": 0}, ACME)
        assert refused(answer)[:2] == (404, "not_found"), "a tenant sees its own only"
        for word in ("recover", "replay"):
            assert refused(await call("POST", f"/endpoints/audit/{word}", {"since": 0}))[:2] == (404, "not_found")
        counted = await pages(call, "purge", {"since": 0, "limit": 1, "dry_run": True})
        assert [page["count"] for page in counted] == [1, 1, 0]
        done = await pages(call, "purge", {"since": 0, "limit": 1})
        assert [page["count"] for page in done] == [1, 1, 0], "the last page too, when nothing is left"
        assert await call.deliveries() == []
        assert refused(await call("POST", "/endpoints/audit/purge", {"since": 0}))[:2] == (404, "not_found")

    in_hall(tmp_path, work, GONE)


def test_what_an_endpoint_missed_is_told_once_however_often_it_is_replayed(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded", "greeting.said"])
        await call.run()
        await call.settled("endpoint=audit", 1)
        await call("POST", "/endpoints/audit/disable")
        missed = [await call.run() for _ in range(3)]
        await call.run("hello/emit")
        assert refused(await call("POST", "/endpoints/audit/replay", {"since": 0}))[:2] == (409, "endpoint_disabled")
        await call("POST", "/endpoints/audit/enable")
        call.clock.advance(1)
        counted = await pages(call, "replay", {"since": BEGIN, "limit": 1, "dry_run": True})
        assert sum(page["planned"] for page in counted) == 5
        assert {page["dry_run"] for page in counted} == {True}
        assert len(await call.deliveries("endpoint=audit")) == 1
        done = await pages(call, "replay", {"since": BEGIN, "limit": 1})
        assert {page["dry_run"] for page in done} == {False}
        assert sum(page["planned"] for page in done) == 5
        told = await call.settled("endpoint=audit", 6)
        assert {one["job_id"] for one in told if one["event"] == "job.succeeded"} > set(missed)
        assert sum(page["planned"] for page in await pages(call, "replay", {"since": BEGIN})) == 0

    in_hall(tmp_path, work)


@pytest.mark.parametrize("word", ["recover", "replay", "purge"])
def test_a_recovery_that_is_asked_for_wrongly_does_nothing(tmp_path: Path, word: str) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        path = f"/endpoints/audit/{word}"
        for body, where in (
            ({}, "$.since"),
            ({"since": "yesterday"}, "$.since"),
            ({"since": "2026-05-01T00:00:00"}, "$.since"),
            ({"since": -1}, "$.since"),
            ({"since": 10**18}, "$.since"),
            ({"since": True}, "$.since"),
            ({"since": 5, "until": 5}, "$.until"),
            ({"since": BEGIN, "until": "1999-01-01T00:00:00Z"}, "$.until"),
            ({"since": 0, "limit": 0}, "$.limit"),
            ({"since": 0, "limit": 501}, "$.limit"),
            ({"since": 0, "more": 1}, "$.more"),
            ({"since": 0, "cursor": 1}, "$.cursor"),
            ({"since": 0, "event": ""}, "$.event"),
            ({"since": 0, "event": "e" * 201}, "$.event"),
            ({"since": 0, "event": ["job.failed"]}, "$.event"),
            ({"since": 0, "error": "" if word != "replay" else "timeout"}, "$.error"),
        ):
            assert refused(await call("POST", path, body)) == (400, "invalid_input", where), body
        wrong = DELIVERIES.after("019de0d5-c800-7000-bf01-946b94460cf0")
        for cursor in ("", "r", "o", "nonsense", wrong, "o%00", "ä", "o" * 5000):
            assert refused(await call("POST", path, {"since": 0, "cursor": cursor}))[:2] == (400, "invalid_request")
        assert refused(await call("POST", path, {"since": 0}, READER))[:2] == (403, "forbidden")
        assert refused(await call("POST", f"/endpoints/nope/{word}", {"since": 0}))[:2] == (404, "not_found")
        assert refused(await call("POST", f"{path}?dry_run=true", {"since": 0}))[:2] == (400, "invalid_request")
        if word == "purge":
            for statuses in ([], ["sending"], "failed", ["open"]):
                answer = await call("POST", path, {"since": 0, "statuses": statuses})
                assert refused(answer)[:2] == (400, "invalid_input")
        entries = (await call("GET", f"/audit?action=endpoint.{word}")).json()["entries"]
        assert entries == []

    in_hall(tmp_path, work)
