"""What belongs to a job: attempts, result, relatives, deliveries, items; and lists by every filter."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.lab import ACME, ADMIN, CI, NOBODY, READER, RESULTS, House
from tests.unit.gateway.test_job_changes import failed
from tests.unit.gateway.test_job_details import make
from tests.unit.gateway.test_jobs import DELIVERY, claim, ended, made, token_of

from hookyard import ids
from hookyard.model import ErrorInfo, Item, Job, LogLine
from hookyard.store.contract import AppendLog, Enqueue, Enqueued, Finish, PutItems

PARTS = ["attempts", "children", "deliveries", "items", "tree", "log", "artifacts", "events"]


def part(house: House, job_id: str, name: str, query: bytes = b"") -> dict[str, Any]:
    """What belongs to a job."""
    reply = house.get(f"/api/v1/jobs/{job_id}/{name}", query=query)
    assert reply.status == 200, reply.body
    return reply.json


def child_of(house: House, parent: Job, number: int) -> Job:
    """A job that another one called for."""
    job_id = ids.join(ids.key(parent.id) + number + 1, 5)
    job = replace(parent, id=job_id, parent=parent.id, status="queued", attempt=0, lease_token=None, started_at=None)
    assert house.store.apply([Enqueue(now=house.clock.now(), job=job)]) == [Enqueued(job_id)]
    return job


@pytest.mark.parametrize("name", [*PARTS, "result"])
def test_who_may_not_read_a_job_sees_no_part_of_it(house: House, name: str) -> None:
    job_id = made(house, ADMIN)
    path = f"/api/v1/jobs/{job_id}/{name}"
    assert [house.get(path, token).status for token in (CI, NOBODY, ACME, None)] == [404, 404, 404, 401]
    assert house.get(f"/api/v1/jobs/x/{name}").code == "invalid_request"


def test_attempts_have_their_error_and_what_came_on_stderr(house: House) -> None:
    job_id = ended(house)
    lines = tuple(
        LogLine(job_id=job_id, attempt=attempt, at=1, level="info", event=event, values=b'{"line":"oh"}')
        for attempt, event in ((1, "stderr"), (1, "other"), (2, "stderr"), (2, "stderr"))
    )
    house.store.apply([AppendLog(now=house.clock.now(), lines=lines)])
    first, second = part(house, job_id, "attempts")["attempts"]
    assert (first["outcome"], first["error"]["code"], first["stderr"]) == ("failed", "boom", ["oh"])
    assert (second["outcome"], second["error"], second["stderr"]) == ("succeeded", None, ["oh", "oh"])


def test_deliveries_have_their_tries(house: House) -> None:
    [delivery] = part(house, ended(house), "deliveries")["deliveries"]
    assert (delivery["id"], [one["status"] for one in delivery["attempts"]]) == (DELIVERY, [500])


def test_items_come_page_by_page_by_name(house: House) -> None:
    job_id = made(house)
    job = claim(house)
    now = house.clock.now()
    items = (
        Item(job_id=job_id, name="b", status="done", data=b'{"n":1}', at=now),
        Item(job_id=job_id, name="a", status="failed", error=ErrorInfo("bad", "Bad"), at=now),
        Item(job_id=job_id, name="c", status="done", at=now),
    )
    house.store.apply([PutItems(now=house.clock.now(), job_id=job_id, token=token_of(job), items=items)])
    first = part(house, job_id, "items", b"limit=2")
    assert first["items"] == [
        {
            "name": "a",
            "status": "failed",
            "error": {"code": "bad", "message": "Bad"},
            "at": "2023-11-14T22:13:20.000Z",
        },
        {"name": "b", "status": "done", "data": {"n": 1}, "at": "2023-11-14T22:13:20.000Z"},
    ]
    rest = part(house, job_id, "items", f"after={first['next']}".encode())
    assert ([item["name"] for item in rest["items"]], rest["next"]) == (["c"], None)


def test_a_result_comes_bare(house: House) -> None:
    job_id = ended(house)
    for token in (CI, READER, RESULTS):
        reply = house.get(f"/api/v1/jobs/{job_id}/result", token)
        assert (reply.status, reply["content-type"], reply.body) == (200, "application/json", b'{"text":"Hi"}')


def test_a_large_result_comes_from_where_it_is_kept(house: House) -> None:
    job_id = made(house)
    job = claim(house)
    body = b'{"text":"' + b"x" * 100_000 + b'"}'
    make(house, job, "result.json", body, "application/json")
    end = Finish(
        now=house.clock.now(),
        job_id=job_id,
        token=token_of(job),
        status="succeeded",
        outcome="succeeded",
        result_artifact="result.json",
    )
    house.store.apply([end])
    reply = house.get(f"/api/v1/jobs/{job_id}/result")
    assert (reply.status, reply["content-type"], reply.body) == (200, "application/json", body)
    assert house.get(f"/job/{job_id}").json["result_artifact"] == "result.json"


def test_a_job_without_a_result_says_why(house: House) -> None:
    over, waiting = failed(house), made(house)
    active = house.get(f"/api/v1/jobs/{waiting}/result")
    assert (active.status, active.code, active.json["job_status"]) == (409, "job_active", "queued")
    none = house.get(f"/api/v1/jobs/{over}/result")
    assert (none.status, none.code, none.json["job_status"]) == (404, "not_found", "failed")


def test_a_tree_has_all_above_and_all_below(house: House) -> None:
    made(house)
    root = claim(house)
    child = child_of(house, root, 1)
    other = child_of(house, root, 2)
    grandchild = child_of(house, child, 3)
    tree = part(house, child.id, "tree")
    assert [job["job_id"] for job in tree["ancestors"]] == [root.id]
    assert (tree["job"]["job_id"], tree["more"]) == (child.id, False)
    assert [job["job_id"] for job in tree["descendants"]] == [grandchild.id]
    whole = part(house, root.id, "tree")
    assert [(job["job_id"], job["parent"]) for job in whole["descendants"]] == [
        (child.id, root.id),
        (other.id, root.id),
        (grandchild.id, child.id),
    ]
    assert [job["job_id"] for job in part(house, root.id, "children")["jobs"]] == [child.id, other.id]


def test_a_tree_is_bounded_and_says_so(house: House) -> None:
    made(house)
    root = claim(house)
    for number in range(201):
        child_of(house, root, number)
    tree = part(house, root.id, "tree")
    assert (len(tree["descendants"]), tree["more"]) == (200, True)


# --- lists --------------------------------------------------------------------------------------------------------


def listed(house: House, query: str, token: str = READER) -> list[str]:
    """The ids that a query finds."""
    reply = house.get("/api/v1/jobs", token, query=query.encode())
    assert reply.status == 200, reply.body
    return [job["job_id"] for job in reply.json["jobs"]]


def test_lists_are_narrowed_by_every_filter(house: House) -> None:
    early = failed(house, code="quota_exceeded")
    house.clock.advance(60_000)
    late = str(house.trigger({"payload": {"name": "Ada"}, "tags": ["urgent", "x"]}, token=ADMIN).json["job_id"])
    assert listed(house, "") == [late, early]
    finds_early = [
        "status=failed", "reason=attempts_exhausted", "principal=token:ci", "error=QUOTA", "error=it%20broke",
        "created_until=2023-11-14T22:14:00Z", "finished_since=1", "finished_until=2023-11-14T22:14:00%2B00:00",
    ]  # fmt: skip
    finds_late = [
        "status=queued", "principal=token:admin", "tag=urgent", "tag=x",
        "created_since=2023-11-14T22:14:00Z", "created_since=1700000000000&status=queued",
    ]  # fmt: skip
    for query in finds_early:
        assert listed(house, query) == [early], query
    for query in finds_late:
        assert listed(house, query) == [late], query
    for query in ("lane=hello/greet", "plugin=hello&command=greet"):
        assert listed(house, query) == [late, early], query
    for query in ("lane=other", "source=hub", "tag=y", "error=nothing", "finished_since=2030-01-01T00:00:00Z"):
        assert listed(house, query) == [], query


@pytest.mark.parametrize(
    "query",
    ["reason=boredom", "tag=", "error=", f"error={'x' * 201}", "created_since=yesterday", "created_since=-1",
     "created_until=2023-11-14T22:14:00", "tag=a&tag=b", "dead=perhaps"],
)  # fmt: skip
def test_a_wrong_filter_is_400(house: House, query: str) -> None:
    assert house.get("/api/v1/jobs", query=query.encode()).code == "invalid_request"


def test_a_tenant_sees_its_own_jobs_only(house: House) -> None:
    theirs, own = made(house, CI), made(house, ACME)
    assert listed(house, "", ACME) == [own]
    assert listed(house, "") == [own, theirs]
    assert house.get(f"/api/v1/jobs/{theirs}", ACME).code == "not_found"
    assert house.get(f"/job/{theirs}", ACME).code == "not_found"
    assert house.get(f"/api/v1/jobs/{own}", ACME).status == 200


def test_who_may_read_results_reads_the_short_form_and_no_more(house: House) -> None:
    job_id = ended(house)
    assert house.get(f"/job/{job_id}", RESULTS).status == 200
    assert house.get(f"/api/v1/jobs/{job_id}", RESULTS).code == "not_found"
    assert house.get("/api/v1/jobs", RESULTS).code == "forbidden"
