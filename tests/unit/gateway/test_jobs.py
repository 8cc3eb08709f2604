"""Reading jobs: short for scripts, all of it, and page by page."""

import pytest
from tests.unit.gateway.lab import ACME, ADMIN, CI, READER, House

from hookyard.gateway.paging import AUDIT, EVENTS, JOBS, SCHEDULES, TOKENS
from hookyard.model import Delivery, DeliveryAttempt, ErrorInfo, Job
from hookyard.store.contract import (
    Claim,
    ClaimDeliveries,
    Claimed,
    DeliveriesClaimed,
    Finish,
    FinishDelivery,
    LaneAsk,
    Lease,
    Release,
)

HELLO = {"payload": {"name": "Ada"}}
GONE = "0190f5d2-0000-7000-8000-000000000000"
DELIVERY = "0190f5d2-0000-7000-8000-00000000000d"


def made(house: House, token: str = CI) -> str:
    """The id of a new job."""
    return str(house.trigger(HELLO, token=token).json["job_id"])


def claim(house: House) -> Job:
    """Start the next job."""
    lease = Lease(house.clock.now() % 1_000_000_007 + 1, "w1", house.clock.now() + 60_000)
    ask = Claim(now=house.clock.now(), lanes=(LaneAsk("hello/greet", 1),), lease=lease)
    [result] = house.store.apply([ask])
    assert isinstance(result, Claimed)
    return result.jobs[0]


def token_of(job: Job) -> int:
    """The token of a running job's lease."""
    assert job.lease_token is not None
    return job.lease_token


def ended(house: House, token: str = CI) -> str:
    """The id of a job that failed once, then succeeded, and whose delivery was tried once."""
    job_id = made(house, token)
    job = claim(house)
    house.clock.advance(1000)
    now = house.clock.now()
    error = ErrorInfo("boom", "It broke", retryable=True)
    again = Release(
        now=now, job_id=job_id, token=token_of(job), run_at=now, outcome="failed", reason="plugin_error", error=error
    )
    house.store.apply([again])
    job = claim(house)
    house.clock.advance(500)
    now = house.clock.now()
    delivery = Delivery(
        id=DELIVERY,
        job_id=job_id,
        event="job.succeeded",
        endpoint="ops",
        url=None,
        body=b"{}",
        created_at=now,
        next_at=now,
    )
    done = Finish(
        now=now,
        job_id=job_id,
        token=token_of(job),
        status="succeeded",
        outcome="succeeded",
        result=b'{"text":"Hi"}',
        deliveries=(delivery,),
    )
    house.store.apply([done])
    [sent] = house.store.apply([ClaimDeliveries(now=now, limit=1, lease=Lease(7, "w1", now + 60_000))])
    assert isinstance(sent, DeliveriesClaimed)
    tried = DeliveryAttempt(
        delivery_id=DELIVERY, number=1, started_at=now, duration=12, status=500, error="status 500", response=b"oh\xff"
    )
    house.store.apply(
        [FinishDelivery(now=now, delivery_id=DELIVERY, token=7, status="pending", attempt=tried, next_at=now + 5000)]
    )
    return job_id


def test_a_new_job_is_short(house: House) -> None:
    job_id = made(house)
    assert house.get(f"/job/{job_id}").json == {
        "job_id": job_id,
        "status": "queued",
        "plugin": "hello",
        "command": "greet",
    }


def test_an_ended_job_has_its_result_and_times(house: House) -> None:
    job_id = ended(house)
    assert house.get(f"/job/{job_id}").json == {
        "job_id": job_id,
        "status": "succeeded",
        "plugin": "hello",
        "command": "greet",
        "result": {"text": "Hi"},
        "started_at": "2023-11-14T22:13:21.000Z",
        "completed_at": "2023-11-14T22:13:21.500Z",
    }


def test_all_of_a_job_has_its_attempts_and_deliveries_with_theirs(house: House) -> None:
    job_id = ended(house)
    shown = house.get(f"/api/v1/jobs/{job_id}").json
    assert shown["args"] == {"name": "Ada"}
    assert shown["result"] == {"text": "Hi"}
    assert (shown["attempt"], shown["max_attempts"], shown["lane"], shown["priority"]) == (2, 4, "hello/greet", 3)
    assert shown["principal"] == "token:ci"
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["failed", "succeeded"]
    assert shown["attempts"][0]["error"] == {"code": "boom", "message": "It broke", "retryable": True}
    [delivery] = shown["deliveries"]
    assert (delivery["id"], delivery["status"], delivery["last_status"]) == (DELIVERY, "pending", 500)
    assert delivery["attempts"] == [
        {
            "number": 1,
            "started_at": "2023-11-14T22:13:21.500Z",
            "duration_ms": 12,
            "status": 500,
            "error": "status 500",
            "response": "oh\ufffd",
        }
    ]


def test_a_job_shows_what_its_caller_asked_for(house: House) -> None:
    asked = {"callback_url": "https://example.com/x", "timeout": 2.5, "tags": ["a"], "delay": 60}
    job_id = house.trigger(HELLO | asked).json["job_id"]
    shown = house.get(f"/api/v1/jobs/{job_id}").json
    assert (shown["callback_url"], shown["timeout"], shown["tags"]) == ("https://example.com/x", 2.5, ["a"])
    assert shown["run_at"] == "2023-11-14T22:14:20.000Z"


@pytest.mark.parametrize("path", ["/job/", "/api/v1/jobs/"])
def test_an_unknown_job_is_404_and_a_malformed_id_400(house: House, path: str) -> None:
    assert house.get(path + GONE).code == "not_found"
    for wrong in ("x", GONE[:-1], GONE.replace("-7", "-4"), "%00", "0" * 5000):
        assert house.get(path + wrong).code == "invalid_request"


@pytest.mark.parametrize("path", ["/job/", "/api/v1/jobs/"])
def test_a_caller_reads_its_own_jobs_and_learns_nothing_of_others(house: House, path: str) -> None:
    own, other = made(house), made(house, ADMIN)
    assert house.get(path + own, CI).status == 200
    theirs, none = house.get(path + other, CI), house.get(path + GONE, CI)
    assert theirs.code == none.code == "not_found"
    assert house.get(path + other, READER).status == 200


# --- pages ------------------------------------------------------------------------------------------------------


def pages(house: House, query: str) -> list[list[str]]:
    """The ids of all pages."""
    found: list[list[str]] = []
    cursor = ""
    while True:
        reply = house.get("/api/v1/jobs", query=f"{query}{cursor}".encode())
        assert reply.status == 200
        found.append([job["job_id"] for job in reply.json["jobs"]])
        if reply.json["next"] is None:
            return found
        cursor = f"&cursor={reply.json['next']}"


def test_pages_show_every_job_once_newest_first(house: House) -> None:
    made_ids = [made(house) for _ in range(7)]
    found = pages(house, "limit=3")
    assert [len(page) for page in found] == [3, 3, 1]
    assert [job for page in found for job in page] == made_ids[::-1]


def test_a_page_that_is_just_full_is_the_last(house: House) -> None:
    for _ in range(3):
        made(house)
    assert [len(page) for page in pages(house, "limit=3")] == [3]


def test_no_jobs_are_an_empty_page(house: House) -> None:
    assert house.get("/api/v1/jobs").json == {"jobs": [], "next": None}


def test_filters_narrow_the_list(house: House) -> None:
    done, waiting = ended(house), made(house)
    look = house.trigger(to="hello/look").json["job_id"]

    def listed(query: bytes) -> list[str]:
        return [job["job_id"] for job in house.get("/api/v1/jobs", query=query).json["jobs"]]

    assert listed(b"status=succeeded") == [done]
    assert listed(b"status=queued&command=greet") == [waiting]
    assert listed(b"plugin=hello&command=look") == [look]
    assert listed(b"plugin=other") == []


def test_a_row_leaves_out_the_bodies(house: House) -> None:
    ended(house)
    [row] = house.get("/api/v1/jobs").json["jobs"]
    assert not {"args", "result", "attempts", "deliveries"} & row.keys()
    assert row["status"] == "succeeded"


@pytest.mark.parametrize(
    "query",
    [b"status=lost", b"limit=0", b"limit=201", b"limit=x", b"cursor=x", b"cursor=", b"cursor=%00", b"nope=1",
     b"limit=1&limit=2", b"cursor=AAAAAAAAAAAAAAAAAAAAAA"],
)  # fmt: skip
def test_a_wrong_query_is_400(house: House, query: bytes) -> None:
    assert house.get("/api/v1/jobs", query=query).code == "invalid_request"


def test_a_query_that_is_not_understood_is_400_wherever_one_job_is_asked_for(house: House) -> None:
    path = f"/api/v1/jobs/{made(house)}"
    parts = ("children", "attempts", "deliveries", "tree", "result", "artifacts", "artifacts/x", "items", "log")
    paths = [path, f"{path}/events", *(f"{path}/{part}" for part in parts), path.replace("/api/v1/jobs", "/job")]
    others = ["/api/v1/plugins", "/api/v1/plugins/hello", "/api/v1/health", "/api/v1/tokens/x"]
    for each in (*paths, *others):
        reply = house.get(each, ADMIN, query=b"nope=1")
        assert (each, reply.status, "nope" in reply.json["detail"]) == (each, 400, True)


def test_a_cursor_of_another_list_is_400(house: House) -> None:
    row = str(house.trigger({"payload": {"name": "Ada"}}).json["job_id"])
    lists = {
        "jobs": JOBS, "events": EVENTS, "tokens": TOKENS, "audit": AUDIT, "schedules": SCHEDULES,
    }  # fmt: skip
    for name in ("jobs", "events", "tokens", "audit"):
        for other, cursors in lists.items():
            reply = house.get(f"/api/v1/{name}", ADMIN, query=f"cursor={cursors.after(row)}".encode())
            assert (name, other, reply.status) == (name, other, 200 if name == other else 400)


def test_listing_needs_the_scope(house: House) -> None:
    assert house.get("/api/v1/jobs", CI).code == "forbidden"
    assert house.get("/api/v1/jobs", ADMIN).status == 200


def test_dead_letters_are_listed_by_one_filter(house: House) -> None:
    job_id = made(house)
    made(house)
    job = claim(house)
    assert (job.id, house.get("/api/v1/jobs", query=b"dead=true").json["jobs"]) == (job_id, [])
    while job.attempt < job.max_attempts:
        now = house.clock.now()
        again = Release(
            now=now, job_id=job_id, token=token_of(job), run_at=now, outcome="failed", reason="plugin_error"
        )
        house.store.apply([again])
        house.clock.advance(1000)
        job = claim(house)
    house.store.apply(
        [
            Finish(
                now=house.clock.now(),
                job_id=job_id,
                token=token_of(job),
                status="failed",
                outcome="lost",
                reason="worker_lost",
            )
        ]
    )
    assert [row["job_id"] for row in house.get("/api/v1/jobs", query=b"dead=true").json["jobs"]] == [job_id]
    assert len(house.get("/api/v1/jobs", query=b"dead=false").json["jobs"]) == 2
    assert house.get("/api/v1/jobs", query=b"dead=perhaps").status == 400


def test_a_job_shows_who_runs_it_while_it_runs_and_whose_it_is(house: House) -> None:
    job_id = made(house, ACME)

    def shown() -> list[tuple[str | None, str | None]]:
        [row] = house.get("/api/v1/jobs", ADMIN).json["jobs"]
        views = (row, house.get(f"/api/v1/jobs/{job_id}", ADMIN).json)
        return [(view.get("worker"), view.get("tenant")) for view in views]

    assert shown() == [(None, "acme")] * 2
    job = claim(house)
    assert shown() == [("w1", "acme")] * 2
    done = Finish(
        now=house.clock.now(), job_id=job_id, token=token_of(job), status="succeeded", outcome="succeeded", result=b"1"
    )
    house.store.apply([done])
    assert shown() == [(None, "acme")] * 2


def test_jobs_of_one_tenant_are_asked_for_by_who_has_none_and_of_another_by_nobody(house: House) -> None:
    of_nobody, of_acme = made(house), made(house, ACME)

    def listed(token: str, query: bytes) -> list[str]:
        return [row["job_id"] for row in house.get("/api/v1/jobs", token, query=query).json["jobs"]]

    assert listed(READER, b"") == [of_acme, of_nobody]
    assert listed(READER, b"tenant=acme") == [of_acme]
    assert listed(READER, b"tenant=other") == []
    assert listed(ACME, b"tenant=acme") == [of_acme]
    refused = house.get("/api/v1/jobs", ACME, query=b"tenant=other")
    assert (refused.status, refused.code) == (403, "forbidden")
    assert house.get("/api/v1/jobs", READER, query=b"tenant=").status == 400
