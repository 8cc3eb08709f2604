"""Reading what a job's command told: its log, how far it is, what it made, what it emitted and called for."""

import asyncio
import hashlib
from typing import Any

import obstore
import pytest
from msgspec.structs import replace
from obstore.exceptions import GenericError
from tests.unit.gateway.lab import ADMIN, CI, LOOKER, NOBODY, READER, House, Reply, bearer
from tests.unit.gateway.test_jobs import claim, made, token_of

from hookyard.ids import IdSource
from hookyard.model import Artifact, Event, Job, LogLine, Progress
from hookyard.store.contract import AppendLog, Done, Enqueue, Finish, PutArtifact, PutProgress

GONE = "0190f5d2-0000-7000-8000-000000000000"


def running(house: House, token: str = CI) -> Job:
    """A job that runs."""
    made(house, token)
    return claim(house)


def log(house: House, job: Job, count: int) -> None:
    """Log so many lines."""
    lines = tuple(
        LogLine(job_id=job.id, attempt=1, at=house.clock.now(), level="warning", event=f"e{at}", values=b'{"n":[1]}')
        for at in range(1, count + 1)
    )
    assert house.store.apply([AppendLog(now=house.clock.now(), lines=lines)]) == [Done()]


def make(house: House, job: Job, name: str, content: bytes, media_type: str = "text/plain") -> Artifact:
    """Make an artifact."""

    async def write() -> Artifact:
        writer = await house.artifacts.writer(job.id, name, media_type, limit=1 << 30)
        await writer.write(content)
        size, sha256, location = await writer.close()
        return Artifact(
            job_id=job.id,
            name=name,
            media_type=media_type,
            size=size,
            sha256=sha256,
            location=location,
            created_at=house.clock.now(),
        )

    artifact = asyncio.run(write())
    name_it = PutArtifact(now=house.clock.now(), token=token_of(job), artifact=artifact)
    assert house.store.apply([name_it]) == [Done()]
    return artifact


def emit(house: House, job: Job, *kinds: str) -> list[Event]:
    """End a job with events."""
    new_id = IdSource(house.clock)
    house.clock.advance(1)
    events = tuple(
        Event(
            id=new_id(),
            type=kind,
            plugin=job.plugin,
            command=job.command,
            job_id=job.id,
            request_id="r",
            payload=b'{"a": 1}',
            created_at=house.clock.now(),
        )
        for kind in kinds
    )
    finish = Finish(
        now=house.clock.now(),
        job_id=job.id,
        token=token_of(job),
        status="succeeded",
        outcome="succeeded",
        result=b"1",
        events=events,
    )
    assert house.store.apply([finish]) == [Done()]
    return list(events)


def test_a_log_is_read_in_pages(house: House) -> None:
    job = running(house)
    path = f"/api/v1/jobs/{job.id}/log"
    assert house.get(path).json == {"lines": [], "next": None}
    log(house, job, 5)
    page = house.get(path, query=b"limit=2").json
    assert page["lines"][0] == {
        "number": 1,
        "attempt": 1,
        "at": "2023-11-14T22:13:20.000Z",
        "level": "warning",
        "event": "e1",
        "values": {"n": [1]},
    }
    assert page["next"] == 2
    page = house.get(path, query=b"limit=3&after=2").json
    assert ([line["event"] for line in page["lines"]], page["next"]) == (["e3", "e4", "e5"], None)


@pytest.mark.parametrize(
    "query",
    [b"limit=0", b"limit=1001", b"after=-1", b"after=x", b"after=1&after=2", b"since=1", b"after=99999999999999999999"],
)
def test_a_log_query_that_is_wrong_is_refused(house: House, query: bytes) -> None:
    job = running(house)
    reply = house.get(f"/api/v1/jobs/{job.id}/log", query=query)
    assert (reply.status, reply.code) == (400, "invalid_request")


@pytest.mark.parametrize("rest", ["log", "artifacts", "artifacts/a.txt"])
def test_who_may_read_a_job_may_read_what_it_told(house: House, rest: str) -> None:
    job = running(house)
    make(house, job, "a.txt", b"a")
    path = f"/api/v1/jobs/{job.id}/{rest}"
    assert [house.get(path, token).status for token in (CI, READER, ADMIN)] == [200] * 3
    assert [house.get(path, token).status for token in (LOOKER, NOBODY, None)] == [404, 404, 401]
    assert house.get(f"/api/v1/jobs/{GONE}/{rest}", CI).code == "not_found"
    assert house.get(f"/api/v1/jobs/{GONE}/{rest}").code == "not_found"
    assert house.get(f"/api/v1/jobs/nonsense/{rest}").code == "invalid_request"


def test_artifacts_are_listed_and_sent_with_what_makes_them_harmless(house: House) -> None:
    job = running(house)
    content = bytes(range(256)) * 5000
    make(house, job, "b.bin", content, "application/octet-stream")
    make(house, job, "a.html", b"<script>", "text/html; charset=utf-8")
    listed: list[dict[str, Any]] = house.get(f"/api/v1/jobs/{job.id}/artifacts").json["artifacts"]
    assert [one["name"] for one in listed] == ["a.html", "b.bin"]
    assert listed[1] == {
        "name": "b.bin",
        "media_type": "application/octet-stream",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "created_at": "2023-11-14T22:13:20.000Z",
    }
    sent = house.get(f"/api/v1/jobs/{job.id}/artifacts/b.bin")
    assert (sent.status, sent.body) == (200, content)
    assert sent["content-length"] == str(len(content))
    assert sent["etag"] == f'"{listed[1]["sha256"]}"'
    page = house.get(f"/api/v1/jobs/{job.id}/artifacts/a.html")
    assert page["content-type"] == "text/html; charset=utf-8"
    assert page["x-content-type-options"] == "nosniff"
    assert page["content-disposition"] == "attachment; filename=\"a.html\"; filename*=UTF-8''a.html"


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ('a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"),
        ("tür 1;x=2", "attachment; filename=\"t_r_1_x_2\"; filename*=UTF-8''t%C3%BCr%201%3Bx%3D2"),
        ("日本", "attachment; filename=\"__\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC"),
    ],
)
def test_an_odd_name_is_quoted_in_the_header(house: House, name: str, disposition: str) -> None:
    job = running(house)
    make(house, job, name, b"x")
    sent = house.get(f"/api/v1/jobs/{job.id}/artifacts/{name}")
    assert (sent.status, sent.body, sent["content-disposition"]) == (200, b"x", disposition)


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"other", {}', '{} , "other"', "*"])
def test_an_artifact_may_be_empty_and_is_not_sent_again_to_those_who_have_it(house: House, tags: str) -> None:
    job = running(house)
    make(house, job, "nothing", b"")
    path = f"/api/v1/jobs/{job.id}/artifacts/nothing"
    sent = house.get(path)
    assert (sent.status, sent.body, sent["content-length"]) == (200, b"", "0")
    known: Reply = house.call("GET", path, [bearer(READER), (b"if-none-match", tags.format(sent["etag"]).encode())])
    assert (known.status, known.body) == (304, b"")
    assert house.call("GET", path, [bearer(READER), (b"if-none-match", b'"other"')]).status == 200


def test_a_head_of_an_artifact_has_its_header_and_no_body(house: House) -> None:
    job = running(house)
    make(house, job, "a", b"abc")
    sent = house.call("HEAD", f"/api/v1/jobs/{job.id}/artifacts/a", [bearer(READER)])
    assert (sent.status, sent.body, sent["content-length"]) == (200, b"", "3")


def test_a_part_of_an_artifact_is_sent_to_those_who_ask_for_it(house: House) -> None:
    job = running(house)
    artifact = make(house, job, "a", bytes(range(100)))
    path, etag = f"/api/v1/jobs/{job.id}/artifacts/a", f'"{artifact.sha256}"'.encode()

    def ask(asked: bytes, *more: tuple[bytes, bytes]) -> Reply:
        return house.call("GET", path, [bearer(READER), (b"range", asked), *more])

    part = ask(b"bytes=10-19")
    assert (part.status, part.body, part["content-length"]) == (206, bytes(range(10, 20)), "10")
    assert (part["content-range"], part["etag"]) == ("bytes 10-19/100", etag.decode())
    assert ask(b"bytes=-1").body == bytes([99])
    assert ask(b"bytes=0-9", (b"if-range", etag)).status == 206
    for whole in (ask(b"bytes=0-9", (b"if-range", b'"other"')), ask(b"bytes=0-1,3-4"), ask(b"lines=1-2")):
        assert (whole.status, whole.body) == (200, bytes(range(100)))
        assert whole["accept-ranges"] == "bytes"
    beyond = ask(b"bytes=100-")
    assert (beyond.status, beyond.code, beyond["content-range"]) == (416, "range_not_satisfiable", "bytes */100")
    head = house.call("HEAD", path, [bearer(READER), (b"range", b"bytes=10-19")])
    assert (head.status, head.body, head["content-length"]) == (206, b"", "10")


def test_an_artifact_that_is_not_there_or_whose_content_is_gone_is_not_found(house: House) -> None:
    job = running(house)
    lost = make(house, job, "lost", b"x")
    asyncio.run(house.artifacts.delete(lost.location))
    for name in ("lost", "never"):
        reply = house.get(f"/api/v1/jobs/{job.id}/artifacts/{name}")
        assert (reply.status, reply.code) == (404, "not_found")


def test_an_artifact_whose_content_cannot_be_read_now_is_not_said_to_be_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running(house)
    make(house, job, "there", b"x")

    async def silent(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise GenericError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(obstore, "get_async", silent)
        reply = house.get(f"/api/v1/jobs/{job.id}/artifacts/there")
        assert (reply.status, reply.code, reply["retry-after"]) == (503, "store_unavailable", "5")
    assert house.get(f"/api/v1/jobs/{job.id}/artifacts/there").status == 200


def test_events_are_listed_newest_first_in_pages(house: House) -> None:
    job = running(house)
    events = emit(house, job, "one", "two", "one")
    page = house.get("/api/v1/events", query=b"limit=2").json
    assert [one["id"] for one in page["events"]] == [events[2].id, events[1].id]
    assert page["events"][0] == {
        "id": events[2].id,
        "type": "one",
        "plugin": "hello",
        "command": "greet",
        "job_id": job.id,
        "request_id": "r",
        "created_at": "2023-11-14T22:13:20.001Z",
        "payload": {"a": 1},
    }
    rest = house.get("/api/v1/events", query=b"limit=2&cursor=" + page["next"].encode()).json
    assert ([one["id"] for one in rest["events"]], rest["next"]) == ([events[0].id], None)
    counts = {
        query: len(house.get("/api/v1/events", query=query.encode()).json["events"])
        for query in ("type=one", "type=none", "plugin=hello", f"job_id={job.id.upper()}", f"job_id={GONE}")
    }
    assert list(counts.values()) == [2, 0, 3, 3, 0]


@pytest.mark.parametrize("query", [b"limit=201", b"cursor=x", b"job_id=x", b"kind=one", b"type=a&type=b"])
def test_an_event_query_that_is_wrong_is_refused(house: House, query: bytes) -> None:
    reply = house.get("/api/v1/events", query=query)
    assert (reply.status, reply.code) == (400, "invalid_request")


def test_events_need_the_scope_that_reads_all_jobs(house: House) -> None:
    tokens = (READER, ADMIN, CI, NOBODY, None)
    assert [house.get("/api/v1/events", token).status for token in tokens] == [200, 200, 403, 403, 401]


def test_progress_parent_and_children_are_shown(house: House) -> None:
    job = running(house)
    plain = house.get(f"/api/v1/jobs/{job.id}").json
    assert plain["children"] == []
    assert "progress" not in plain
    assert "parent" not in plain
    now = house.clock.now()
    house.store.apply(
        [PutProgress(now=now, job_id=job.id, token=token_of(job), progress=Progress(3, 10, "on it", now))]
    )
    child = replace(job, id=IdSource(house.clock, after=1 << 59)(), parent=job.id)
    house.store.apply([Enqueue(now=now, job=child)])
    shown = {"done": 3.0, "total": 10.0, "message": "on it", "at": "2023-11-14T22:13:20.000Z"}
    full = house.get(f"/api/v1/jobs/{job.id}").json
    assert (full["progress"], full["children"]) == (shown, [child.id])
    assert house.get(f"/job/{job.id}").json["progress"] == shown
    rows = {row["job_id"]: row for row in house.get("/api/v1/jobs").json["jobs"]}
    assert rows[job.id]["progress"] == shown
    assert rows[child.id]["parent"] == job.id
    assert house.get(f"/api/v1/jobs/{child.id}").json["parent"] == job.id
    house.store.apply([PutProgress(now=now, job_id=job.id, token=token_of(job), progress=Progress(4, at=now))])
    assert house.get(f"/job/{job.id}").json["progress"] == {"done": 4.0, "at": "2023-11-14T22:13:20.000Z"}
