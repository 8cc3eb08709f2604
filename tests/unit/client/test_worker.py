"""The typed worker and a gateway that refuses: one job's trouble is never another's, and nothing goes on for ever."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.unit.client.yard_of_tests import working

from hookyard.client import Worker, WorkerJob, WorkRefused
from hookyard.client.worker import wire
from hookyard.errors import CommandError

LARGE = 3 << 20


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it, bounded in time."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work

    asyncio.run(bounded())


def exits(worker: Worker) -> None:
    @worker.command("lab/work")
    async def work(data: str, job: WorkerJob) -> str:
        await asyncio.sleep(0)
        if data == "exit":
            sys.exit(3)
        if data == "interrupt":
            raise KeyboardInterrupt
        return f"{job.id} done"


@pytest.mark.parametrize("how", ["exit", "interrupt"])
def test_a_coroutine_that_ends_the_process_ends_its_job_only(how: str) -> None:
    async def go() -> None:
        async with working([how, "well"], exits) as it:
            await it.until(lambda: it.yard.of("complete"))
            [failed] = it.yard.of("fail")
            assert (failed["job_id"], failed["error"]["code"]) == ("j1", "worker_error")
            assert it.yard.of("complete")[0]["result"] == "j2 done"

    run(go())


def makes_much(worker: Worker) -> None:
    @worker.command("lab/work")
    async def work(data: str, job: WorkerJob) -> str:
        await asyncio.sleep(0)
        if data == "fail":
            raise CommandError("No.", code="no", details={"all": "x" * LARGE})
        return f"{job.id}{'x' * LARGE}" if data == "much" else data


@pytest.mark.parametrize("status", [413, 0])
def test_what_is_too_large_is_not_sent_for_ever_and_fails_its_job(status: int) -> None:
    """With 413, and where the connection is only cut, as by a proxy that closes before it has read all."""

    def answer(_call: str, body: dict[str, Any]) -> int:
        return status if len(str(body)) > LARGE else 200

    async def go() -> None:
        async with working(["much", "fail", "well"], makes_much, answer) as it:
            await it.until(lambda: it.yard.of("complete"))
            tries = 1 if status else 2
            assert len(it.yard.of("complete", status)) == len(it.yard.of("fail", status)) == tries
            much, failed = (told["error"] for told in it.yard.of("fail"))
            assert (much["code"], much["retryable"]) == ("too_large", False)
            assert (failed["code"], failed["message"], failed["retryable"]) == ("no", "No.", True)
            assert failed["details"] == {"dropped": "too large"}
            assert it.yard.of("complete")[0]["result"] == "well"

    run(go())


def tells(worker: Worker) -> None:
    @worker.command("lab/work")
    async def work(data: list[str], job: WorkerJob) -> str:
        await asyncio.sleep(0)
        for name in data:
            job.item(name)
        job.log("said")
        job.progress(1)
        return "done"


def test_a_heartbeat_that_is_refused_is_told_again_in_parts_without_what_is_too_large(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(call: str, body: dict[str, Any]) -> int:
        return 413 if call == "extend" and any(item["name"] == "n5" for item in body.get("items", ())) else 200

    async def go() -> None:
        async with working([[f"n{number}" for number in range(9)]], tells, answer) as it:
            await it.until(lambda: it.yard.of("complete"))
            kept = [item["name"] for body in it.yard.of("extend") for item in body.get("items", ())]
            assert kept == [f"n{number}" for number in range(9) if number != 5]
            assert [line["event"] for body in it.yard.of("extend") for line in body.get("lines", ())] == ["said"]
            assert any("progress" in body for body in it.yard.of("extend"))
            assert not it.yard.of("fail")

    run(go())
    [said] = [record.getMessage() for record in caplog.records if "not told" in record.getMessage()]
    assert "heartbeat of job j1: 413" in said
    assert '"name":"n5"' in said


def test_a_heartbeat_has_a_size_and_an_items_data_too() -> None:
    def much(worker: Worker) -> None:
        @worker.command("lab/work")
        async def work(data: str, job: WorkerJob) -> str:
            await asyncio.sleep(0)
            for number in range(40):
                job.item(str(number), data="x" * 60_000)
            job.log(data, all="x" * LARGE)
            with pytest.raises(ValueError, match="the data of the item 'a' have 65537 bytes, and may have 65536"):
                job.item("a", data="x" * 65_535)
            return "done"

    async def go() -> None:
        async with working(["said"], much) as it:
            await it.until(lambda: it.yard.of("complete"))
            told = it.yard.of("extend")
            names = [item["name"] for body in told for item in body.get("items", ())]  # one that is late has none
            assert names == [str(number) for number in range(40)]
            assert max(len(str(body)) for body in told) < 300_000

    run(go())


def holds(go_on: asyncio.Event, begun: asyncio.Event) -> Callable[[Worker], object]:
    def declare(worker: Worker) -> None:
        @worker.command("lab/work")
        async def work(data: str, job: WorkerJob) -> str:
            assert job.id == "j1"
            begun.set()
            await go_on.wait()
            return data

    return declare


def test_a_token_that_is_refused_for_long_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOKEN_PATIENCE", 0.6)

    async def go() -> None:
        go_on, begun = asyncio.Event(), asyncio.Event()
        async with working(["a"], holds(go_on, begun)) as it:
            await begun.wait()
            it.yard.answer = lambda _call, _body: 401
            go_on.set()
            with pytest.raises(WorkRefused) as refused:
                await it.task
            assert (refused.value.status, refused.value.code) == (401, "refused")
            assert len(it.yard.of("complete", 401)) >= wire.TOKEN_REFUSALS
            assert not it.yard.of("fail", 401)

    run(go())


def test_a_token_that_is_taken_again_in_time_delivers_what_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOKEN_PATIENCE", 60.0)

    async def go() -> None:
        go_on, begun = asyncio.Event(), asyncio.Event()
        async with working(["made"], holds(go_on, begun)) as it:
            await begun.wait()
            it.yard.answer = lambda _call, _body: 403
            go_on.set()
            await it.until(lambda: len(it.yard.of("complete", 403)) == 2)
            it.yard.answer = lambda _call, _body: 200
            await it.until(lambda: it.yard.of("complete"))
            assert it.yard.of("complete")[0]["result"] == "made"
            assert not it.task.done()

    run(go())


def test_a_worker_that_has_nothing_in_hand_ends_too_when_its_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOKEN_PATIENCE", 0.3)

    async def go() -> None:
        async with working([], exits) as it:
            await it.until(lambda: it.yard.of("claim"))
            it.yard.answer = lambda _call, _body: 401
            with pytest.raises(WorkRefused):
                await it.task
            assert len(it.yard.of("claim", 401)) >= wire.TOKEN_REFUSALS

    run(go())
