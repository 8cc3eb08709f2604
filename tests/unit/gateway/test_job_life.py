"""The life of a job as server-sent events: what is told, that nothing is told twice, and where a reader goes on."""

import asyncio
import json
from typing import Any, cast

import pytest
from litestar.types import HTTPDisconnectEvent, HTTPScope, Message
from tests.unit.gateway.lab import READER, Headers, House, bearer, run
from tests.unit.gateway.test_job_changes import change, failed
from tests.unit.gateway.test_jobs import claim, ended, made, token_of

from hookyard.gateway.jobs.events import MOST
from hookyard.model import ErrorInfo, Item, Job, LogLine, Progress
from hookyard.store.contract import AppendLog, Finish, PutItems, PutProgress, Release

Told = list[tuple[str, str, dict[str, Any]]]
"""Id, event and data of every event."""


def told(body: bytes) -> Told:
    """The events of a stream, as a browser takes them apart."""
    found: Told = []
    for block in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def read(house: House, job_id: str, *, after: str | None = None, log: bool = False, items: bool = False) -> Told:
    """The whole stream of a job that has ended."""
    headers: Headers = [bearer(READER), *([] if after is None else [(b"last-event-id", after.encode())])]
    reply = house.call("GET", f"/api/v1/jobs/{job_id}/events", headers, query=asking(log=log, items=items))
    assert reply.status == 200, reply.body
    assert reply["content-type"] == "text/event-stream; charset=utf-8"
    return told(reply.body)


def asking(*, log: bool, items: bool) -> bytes:
    """The query."""
    return b"&".join(name for name, asked in ((b"log=true", log), (b"items=true", items)) if asked)


def names(events: Told) -> list[str]:
    """The names of events."""
    return [name for _, name, _ in events]


def say(house: House, job: Job, *lines: str) -> None:
    """Log lines."""
    found = tuple(
        LogLine(job_id=job.id, attempt=job.attempt, at=house.clock.now(), level="info", event=line) for line in lines
    )
    house.store.apply([AppendLog(now=house.clock.now(), lines=found)])


def progress(house: House, job: Job, done: float) -> None:
    """Say how far it is."""
    word = Progress(done, 10, "on it", house.clock.now())
    house.store.apply([PutProgress(now=house.clock.now(), job_id=job.id, token=token_of(job), progress=word)])


def finish(house: House, job: Job) -> None:
    """End it well."""
    house.clock.advance(10)
    house.store.apply(
        [
            Finish(
                now=house.clock.now(),
                job_id=job.id,
                token=token_of(job),
                status="succeeded",
                outcome="succeeded",
                result=b'{"text":\n"Hi"}',
            )
        ]
    )


class Reader:
    """Somebody who reads a stream while the job lives."""

    def __init__(
        self,
        house: House,
        job_id: str,
        *,
        after: str | None = None,
        log: bool = False,
        items: bool = False,
        token: str = READER,
    ) -> None:
        self._house = house
        self._path = f"/api/v1/jobs/{job_id}/events"
        self._headers = [bearer(token), *([] if after is None else [(b"last-event-id", after.encode())])]
        self._query = asking(log=log, items=items)
        self._gone = asyncio.Event()
        self._news = asyncio.Condition()
        self.status = 0
        self.body = b""
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": self._query,
            "root_path": "",
            "headers": self._headers,
            "client": ("192.0.2.1", 1234),
            "server": ("localhost", 80),
        }
        await self._house.app(cast("HTTPScope", scope), self._receive, self._send)

    async def _receive(self) -> HTTPDisconnectEvent:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        async with self._news:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            elif message["type"] == "http.response.body":
                self.body += message["body"]
            self._news.notify_all()

    async def until(self, count: int) -> Told:
        """The events once there are so many."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(lambda: len(told(self.body)) >= count)
        return told(self.body)

    async def until_it_has(self, text: bytes) -> None:
        """Return when this has come."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(lambda: text in self.body)

    async def leave(self) -> None:
        """Hang up."""
        self._gone.set()
        await asyncio.wait_for(self.task, 20)


# --- of a job that has ended ---------------------------------------------------------------------------------------


def test_a_life_is_told_from_the_queue_to_the_end(house: House) -> None:
    job_id = ended(house)
    events = read(house, job_id)
    assert names(events) == ["queued", "started", "retry", "started", "finished"]
    assert events[0][2]["job_id"] == job_id
    assert events[1][2] == {"attempt": 1, "at": "2023-11-14T22:13:20.000Z"}
    assert (events[2][2]["outcome"], events[2][2]["error"]["code"]) == ("failed", "boom")
    assert (events[4][2]["status"], events[4][2]["result"]) == ("succeeded", {"text": "Hi"})


def tell(house: House, job: Job, *names: str) -> None:
    """Tell partial results."""
    items = tuple(Item(job_id=job.id, name=name, status="done", data=b"1", at=house.clock.now()) for name in names)
    house.store.apply([PutItems(now=house.clock.now(), job_id=job.id, token=token_of(job), items=items)])


def items_of(events: Told) -> list[str]:
    """The names of the partial results."""
    return [data["name"] for _, name, data in events if name == "item"]


def test_partial_results_are_told_in_their_order_and_a_reader_goes_on_between_them(house: House) -> None:
    made(house)
    job = claim(house)
    tell(house, job, "b", "a", *(f"n{at:03}" for at in range(60)))
    tell(house, job, "b")
    finish(house, job)
    assert items_of(read(house, job.id)) == [], "only for those who ask"
    events = read(house, job.id, items=True)
    assert items_of(events) == ["a", *(f"n{at:03}" for at in range(60)), "b"]
    assert names(events)[-1] == "finished"
    assert events[2][2] == {"name": "a", "status": "done", "data": 1, "at": "2023-11-14T22:13:20.000Z"}
    for at, (last, *_) in enumerate(events[:-1]):
        assert read(house, job.id, after=last, items=True) == events[at + 1 :]


def test_a_reader_hears_partial_results_while_the_job_runs(house: House) -> None:
    made(house)
    job = claim(house)
    tell(house, job, "a")

    async def story() -> None:
        reader = Reader(house, job.id, items=True)
        assert items_of(await reader.until(3)) == ["a"]
        tell(house, job, "b", "a")
        house.dispatcher.tell(job.id)
        events = await reader.until(5)
        assert items_of(events) == ["a", "b", "a"]
        await reader.leave()

    run(story())


def test_a_reader_goes_on_behind_every_id_and_is_told_nothing_twice(house: House) -> None:
    made(house)
    job = claim(house)
    say(house, job, "one", "two")
    progress(house, job, 3)
    finish(house, job)
    events = read(house, job.id, log=True)
    assert names(events) == ["queued", "started", "progress", "log", "log", "finished"]
    assert len({identifier for identifier, _, _ in events}) == len(events)
    for at, (identifier, _, _) in enumerate(events[:-1]):
        assert read(house, job.id, after=identifier, log=True) == events[at + 1 :]


def test_who_has_been_told_the_end_is_not_to_come_back(house: House) -> None:
    job_id = ended(house)
    last = read(house, job_id)[-1][0]
    path, headers = f"/api/v1/jobs/{job_id}/events", [bearer(READER), (b"last-event-id", last.encode())]
    assert house.call("GET", path, headers).status == 204
    assert change(house, job_id, "retry", body={"force": True}).status == 200
    finish(house, claim(house))
    assert names(read(house, job_id, after=last)) == ["started", "finished"]


def test_a_result_with_line_breaks_is_one_event(house: House) -> None:
    made(house)
    job = claim(house)
    finish(house, job)
    assert read(house, job.id)[-1][2]["result"] == {"text": "Hi"}


def test_a_job_cancelled_in_the_queue_has_no_attempts_to_tell_of(house: House) -> None:
    job_id = made(house)
    assert change(house, job_id, "cancel").status == 200
    assert names(read(house, job_id)) == ["queued", "finished"]


def test_lines_come_before_the_end_of_their_attempt_also_when_there_are_many(house: House) -> None:
    made(house)
    job = claim(house)
    say(house, job, *(f"line {number}" for number in range(450)))
    finish(house, job)
    events = read(house, job.id, log=True)
    assert names(events) == ["queued", "started", *["log"] * 450, "finished"]
    assert [data["number"] for _, name, data in events if name == "log"] == list(range(1, 451))


@pytest.mark.parametrize(
    "given", ["x", "1", "1.1.1.1-1.1", "1.9.1.0-0.0-0-0", "-1.0.0.0-0.0-0-0", "0.0.0.0-0.0-0", "0.0.0.0-0.0-0-0 "]
)
def test_an_id_that_is_none_of_ours_is_400(house: House, given: str) -> None:
    path = f"/api/v1/jobs/{failed(house)}/events"
    assert house.call("GET", path, [bearer(READER), (b"last-event-id", given.encode())]).code == "invalid_request"
    assert house.get(path, query=b"log=maybe").code == "invalid_request"


def test_the_head_of_a_stream_is_no_stream(house: House) -> None:
    reply = house.call("HEAD", f"/api/v1/jobs/{made(house)}/events", [bearer(READER)])
    assert (reply.status, reply.body) == (200, b"")


# --- while it lives ------------------------------------------------------------------------------------------------


def test_events_come_as_they_happen_and_the_stream_ends_with_the_job(house: House) -> None:
    job_id = made(house)

    async def follow() -> Told:
        reader = Reader(house, job_id)
        assert names(await reader.until(1)) == ["queued"]
        job = claim(house)
        house.dispatcher.tell(job_id)
        assert names(await reader.until(2)) == ["queued", "started"]
        for done in (1, 2):  # two words in the same millisecond are two
            progress(house, job, done)
            house.dispatcher.tell(job_id)
            assert (await reader.until(2 + done))[-1][2]["done"] == done
        house.dispatcher.tell(job_id)  # nothing new: nothing is told
        finish(house, job)
        house.dispatcher.tell(job_id)
        await asyncio.wait_for(reader.task, 20)
        return told(reader.body)

    assert names(run(follow())) == ["queued", "started", "progress", "progress", "finished"]


def test_an_attempt_that_is_taken_back_and_begins_anew_is_told(house: House) -> None:
    job_id = made(house)

    async def follow() -> Told:
        reader = Reader(house, job_id)
        job = claim(house)
        house.dispatcher.tell(job_id)
        await reader.until(2)
        house.clock.advance(1000)
        now = house.clock.now()
        back = Release(
            now=now,
            job_id=job_id,
            token=token_of(job),
            run_at=now + 5000,
            outcome="released",
            reason="retry_later",
            uncount=True,
        )
        house.store.apply([back])
        house.dispatcher.tell(job_id)
        await reader.until(3)
        house.clock.advance(5000)
        job = claim(house)
        house.dispatcher.tell(job_id)
        await reader.until(4)
        finish(house, job)
        house.dispatcher.tell(job_id)
        await asyncio.wait_for(reader.task, 20)
        return told(reader.body)

    events = run(follow())
    assert names(events) == ["queued", "started", "retry", "started", "finished"]
    assert (events[2][2]["reason"], events[2][2]["run_at"]) == ("retry_later", "2023-11-14T22:13:26.000Z")
    assert [data["attempt"] for _, name, data in events if name == "started"] == [1, 1]


def test_a_stream_ends_when_its_reader_leaves_or_the_server_drains(house: House) -> None:
    job_id = made(house)

    async def follow() -> None:
        leaving = Reader(house, job_id)
        await leaving.until(1)
        await leaving.leave()
        staying = Reader(house, job_id)
        await staying.until(1)
        house.readiness.state = "draining"
        house.dispatcher.tell(job_id)
        await asyncio.wait_for(staying.task, 20)
        assert names(told(staying.body)) == ["queued"]

    run(follow())


def test_one_principal_has_a_bounded_number_of_streams(house: House) -> None:
    job_id = made(house)

    async def follow() -> None:
        readers = [Reader(house, job_id) for _ in range(MOST)]
        for reader in readers:
            await reader.until(1)
        refused = await house.acall("GET", f"/api/v1/jobs/{job_id}/events", [bearer(READER)])
        assert (refused.status, refused.code, refused["retry-after"]) == (429, "rate_limited", "5")
        await readers[0].leave()
        another = Reader(house, job_id)
        assert names(await another.until(1)) == ["queued"]
        for reader in (*readers[1:], another):
            await reader.leave()

    run(follow())


def test_silence_is_broken_by_comments(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.gateway.jobs.stream._BEAT", 0.01)
    job_id = made(house)

    async def follow() -> bytes:
        reader = Reader(house, job_id)
        await reader.until_it_has(b"\n\n: \n\n")
        await reader.leave()
        return reader.body

    assert names(told(run(follow()))) == ["queued"]


def test_a_failed_attempt_is_told_with_when_it_is_tried_again(house: House) -> None:
    job_id = made(house)
    job = claim(house)
    house.clock.advance(100)
    now = house.clock.now()
    again = Release(
        now=now,
        job_id=job_id,
        token=token_of(job),
        run_at=now + 900,
        outcome="failed",
        reason="plugin_error",
        error=ErrorInfo("boom", "It broke", retryable=True),
    )
    house.store.apply([again])

    async def follow() -> Told:
        reader = Reader(house, job_id)
        events = await reader.until(3)
        await reader.leave()
        return events

    assert run(follow())[2][2] == {
        "attempt": 1,
        "outcome": "failed",
        "at": "2023-11-14T22:13:20.100Z",
        "run_at": "2023-11-14T22:13:21.000Z",
        "reason": "plugin_error",
        "error": {"code": "boom", "message": "It broke", "retryable": True},
    }
