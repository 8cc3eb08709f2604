"""`/api/v1/deliveries`: found by what they are, shown to those who may, sent again and given up."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateway.endpoints.hall import BEGIN, LOOKER, MAKER, NOBODY, READER, WRITER, Hall, in_hall, refused

from hookyard.gateway.deliveries.finding import find
from hookyard.gateway.deliveries.views import OPEN, host_of
from hookyard.gateway.paging import JOBS
from hookyard.ids import IdSource
from hookyard.model import Delivery, DeliveryStatus
from hookyard.store.contract import AppendEvents, DeliveryQuery
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock
from hookyard.testing.receiver import answering, ok

BROKEN = answering(500, b"broken \xff" + b"x" * 5000)
UNKNOWN = "019de0d5-c800-7000-bf01-946b94460cf0"


def test_a_delivery_and_its_tries_are_shown(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"], schedule=["0s"])
        job_id = await call.run(payload={"name": "Grace"})
        [row] = await call.settled("endpoint=audit", 1, "failed")
        assert row == {
            "id": row["id"],
            "event": "job.succeeded",
            "endpoint": "audit",
            "url": None,
            "job_id": job_id,
            "event_id": None,
            "tenant": "",
            "status": "failed",
            "attempt": 1,
            "created_at": "2026-05-01T00:00:00.000Z",
            "next_at": None,
            "completed_at": "2026-05-01T00:00:00.000Z",
            "last_status": 500,
            "last_error": "http_500",
        }
        path = f"/deliveries/{row['id']}"
        whole = (await call("GET", path, None, LOOKER)).json()
        assert whole["body"]["data"]["result"] == {"text": "Grace"}
        assert json.dumps(whole["body"], separators=(",", ":")).encode() == call.receiver.requests[0].body
        assert {**row, "body": whole["body"]} == whole
        # Whoever may not read jobs learns no result here either.
        assert (await call("GET", path, None, READER)).json() == row
        [tried] = (await call("GET", f"{path}/attempts", None, READER)).json()["attempts"]
        assert (tried["number"], tried["status"], tried["error"]) == (1, 500, "http_500")
        assert (tried["started_at"], tried["truncated"]) == ("2026-05-01T00:00:00.000Z", True)
        assert tried["response"].startswith("broken \ufffdx")
        assert len(tried["response"]) == 4096

    in_hall(tmp_path, work, BROKEN)


def test_what_identifies_an_order_is_for_those_who_may_read_jobs(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"], order={"by": "$.data.result.text"})
        await call.run(payload={"name": "Grace"})
        [row] = await call.settled("endpoint=audit", 1)
        assert (await call("GET", f"/deliveries/{row['id']}", None, MAKER)).json()["order_key"] == "Grace"
        assert "order_key" not in (await call("GET", f"/deliveries/{row['id']}", None, READER)).json()

    in_hall(tmp_path, work)


def test_a_callback_url_is_shown_whole_to_those_who_may_read_jobs_only(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        url = call.receiver.url() + "?token=s3cret"
        job_id = await call.run(callback_url=url)
        [row] = await call.settled("callback=true", 1)
        assert (row["endpoint"], row["url"], row["job_id"]) == (None, url, job_id)
        hidden = call.receiver.url().removesuffix("/hook")
        [seen] = await call.deliveries("callback=true", READER)
        assert seen == {**row, "url": hidden}
        assert (await call("GET", f"/deliveries/{row['id']}", None, READER)).json()["url"] == hidden
        assert "s3cret" not in (await call("POST", f"/deliveries/{row['id']}/resend", None, WRITER)).text
        [there] = (await call("GET", f"/jobs/{job_id}/deliveries", None, NOBODY)).json()["deliveries"]
        assert there["url"] == url

    in_hall(tmp_path, work)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.com/a?b=c#d", "https://example.com"),
        ("http://user:pass@example.com:8080/x", "http://example.com:8080"),
        ("https://[::1]:1/x", "https://[::1]:1"),
        ("https://[broken/x", ""),
    ],
)
def test_of_a_url_that_may_hold_secrets_the_host_is_left(url: str, host: str) -> None:
    assert host_of(url) == host


def test_deliveries_are_found_by_what_they_are(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("one", events=["job.succeeded"])
        await call.make("two", events=["job.succeeded", "greeting.said"])
        first = await call.run()
        call.clock.advance(60_000)
        second = await call.run("hello/emit", callback_url=call.receiver.url())
        everything = await call.settled("", 6)
        assert [one["id"] for one in everything] == sorted((one["id"] for one in everything), reverse=True)
        for query, count in (
            ("endpoint=one", 2),
            ("endpoint=two", 3),
            ("endpoint=nope", 0),
            ("callback=true", 1),
            ("callback=false", 6),
            ("event=greeting.said", 1),
            ("event=greeting.*", 1),
            ("event=job.*&endpoint=two", 2),
            ("event=job.succeeded&endpoint=two", 2),
            (f"job_id={first}", 2),
            (f"job_id={second}", 4),
            ("status=delivered", 6),
            ("status=failed", 0),
            ("status=open", 0),
            ("error=http_500", 0),
            ("since=2026-05-01T00:01:00Z", 4),
            (f"until={BEGIN + 60_000}", 2),
            ("tenant=acme", 0),
        ):
            assert len(await call.deliveries(query)) == count, query
        told = await call.deliveries("event=greeting.said")
        assert told[0]["event_id"] is not None
        pages: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = (await call("GET", f"/deliveries?limit=2{cursor}", None, READER)).json()
            pages += page["deliveries"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert [one["id"] for one in pages] == [one["id"] for one in everything]

    in_hall(tmp_path, work)


def test_a_query_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for query in (
            *("status=lost", "status=", "limit=0", "limit=201", "limit=ten", "callback=maybe", "endpoint=", "more=1"),
            *("job_id=nope", "since=noon", "until=-1", "cursor=", "cursor=d", "event=" + "x" * 201, "limit=1&limit=2"),
            *(f"cursor={JOBS.after(UNKNOWN)}", "endpoint=one&callback=true"),
        ):
            assert refused(await call("GET", f"/deliveries?{query}"))[:2] == (400, "invalid_request"), query
        for path in ("/deliveries/nope", "/deliveries/nope/attempts"):
            assert refused(await call("GET", path))[:2] == (400, "invalid_request")
        for path in (f"/deliveries/{UNKNOWN}", f"/deliveries/{UNKNOWN}/attempts"):
            assert refused(await call("GET", path))[:2] == (404, "not_found")
            assert refused(await call("GET", f"{path}?more=1"))[:2] == (400, "invalid_request")
        for word in ("resend", "abandon"):
            path = f"/deliveries/{UNKNOWN}/{word}"
            assert refused(await call("POST", path))[:2] == (404, "not_found")
            assert refused(await call("POST", path, None, READER))[:2] == (403, "forbidden")
            assert refused(await call("POST", path, None, None))[:2] == (401, "unauthenticated")
            assert refused(await call("POST", f"{path}?now=1"))[:2] == (400, "invalid_request")
        assert refused(await call("GET", "/deliveries", None, WRITER))[:2] == (403, "forbidden")

    in_hall(tmp_path, work)


def test_one_is_sent_again_under_its_id_and_one_that_waits_is_given_up(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"], schedule=["0s", "1h"])
        await call.run()

        async def failed() -> bool:
            return bool(await call.deliveries("error=http_500&status=pending"))

        await call.until(failed)
        [row] = await call.deliveries()
        path = f"/deliveries/{row['id']}"
        given_up = await call("POST", f"{path}/abandon", None, WRITER)
        assert given_up.status_code == 200, given_up.text
        assert (given_up.json()["status"], given_up.json()["last_error"]) == ("failed", "abandoned")
        assert refused(await call("POST", f"{path}/abandon"))[:2] == (409, "already_terminal")
        call.receiver.handler = ok
        again = await call("POST", f"{path}/resend", None, WRITER)
        assert (again.status_code, again.json()["id"]) == (200, row["id"])
        [done] = await call.settled("endpoint=audit", 1)
        assert (done["id"], done["attempt"]) == (row["id"], 2)
        assert [request.headers["webhook-id"] for request in call.receiver.requests] == [row["id"]] * 2
        entries = (await call("GET", "/audit?action=delivery")).json()["entries"]
        assert [(entry["action"], entry["target"]) for entry in entries] == [
            ("delivery.resend", row["id"]),
            ("delivery.abandon", row["id"]),
        ]
        assert entries[0]["details"] == {"event": "job.succeeded", "endpoint": "audit", "job_id": row["job_id"]}

    in_hall(tmp_path, work, BROKEN)


def test_nothing_is_sent_again_to_an_endpoint_that_gets_nothing(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"])
        await call.run()
        [row] = await call.settled("endpoint=audit", 1)
        await call("POST", "/endpoints/audit/disable")
        assert refused(await call("POST", f"/deliveries/{row['id']}/resend"))[:2] == (409, "endpoint_disabled")

    in_hall(tmp_path, work)


@given(
    st.lists(st.sampled_from(["pending", "held", "sending", "delivered", "failed"]), max_size=30),
    st.integers(1, 5),
)
def test_pages_of_several_statuses_have_each_delivery_once_and_in_order(
    statuses: list[DeliveryStatus], limit: int
) -> None:
    clock, store = FakeClock(), MemoryStore()
    make_id = IdSource(clock)
    # Those with an order of their own wait for nobody, so that the store keeps each as it is put.
    rows = [_delivery(make_id(), status) for status in statuses]
    store.apply([AppendEvents(now=clock.now(), events=(), deliveries=tuple(rows))])

    async def walk() -> list[Delivery]:
        found: list[Delivery] = []
        before: str | None = None
        while True:
            page = await find(store, DeliveryQuery(limit=limit, before=before), OPEN)
            assert len(page.deliveries) <= limit
            found += page.deliveries
            before = page.next
            if before is None:
                return found

    found = asyncio.run(walk())
    kept = [row.id for row in rows if row.status in OPEN]
    assert [each.id for each in found] == kept[::-1]


def _delivery(delivery_id: str, status: DeliveryStatus) -> Delivery:
    return Delivery(
        id=delivery_id,
        job_id=None,
        event="e",
        endpoint="audit",
        url=None,
        body=b"{}",
        created_at=0,
        status=status,
        next_at=0 if status == "pending" else None,
        lease_token=1 if status == "sending" else None,
        lease_expires_at=1 if status == "sending" else None,
    )
