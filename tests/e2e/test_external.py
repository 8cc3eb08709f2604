"""External workers against a real server: its restarts, its kills, and the typed worker."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from msgspec import Struct
from tests.e2e.lab import PATIENCE, TOKEN, Server
from tests.ports import free_port

from hookyard.client import Worker, WorkerJob, WorkRefused
from hookyard.errors import CommandError, RetryLater

WORK = "work-token"


class Image(Struct):
    prompt: str
    n: int = 1


class Drawn(Struct):
    url: str


@pytest.fixture
def external(server: Server) -> Server:
    """A server, not yet started, with commands of external workers."""
    schema = {
        "type": "object",
        "properties": {"prompt": {"type": "string"}, "n": {"type": "integer"}},
        "required": ["prompt"],
    }
    output = {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]}
    retry = {"attempts": 3, "base": "50ms", "jitter": False}
    command = {"input": schema, "output": output, "lease": "5s", "retry": retry}
    server.config["plugins"] = {"render": {"commands": {"image": command, "loose": {"retry": retry}}}}
    server.config["jobs"] = {"lease": "2s"}
    server.config["tokens"][0]["scopes"] += ["jobs:write", "lanes:read"]
    digest = hashlib.sha256(WORK.encode()).hexdigest()
    server.config["tokens"].append({"name": "gpu", "sha256": digest, "scopes": ["work:render/*"]})
    return server


def work(server: Server, what: str, **body: Any) -> httpx.Response:  # noqa: ANN401  any JSON
    return server.client.post(f"/api/v1/work/{what}", json=body, headers={"authorization": f"Bearer {WORK}"})


def trigger(server: Server, payload: dict[str, Any], command: str = "image", **body: Any) -> str:  # noqa: ANN401
    answer = server.client.post(f"/trigger/render/{command}", json={"payload": payload, **body})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def ended(server: Server, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while (job := server.job(job_id))["status"] in {"queued", "running"}:
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def test_a_worker_keeps_its_job_over_a_kill_of_the_server_and_completes_it(external: Server) -> None:
    external.start()
    job_id = trigger(external, {"prompt": "a cat"})
    [job] = work(external, "claim", worker="w", lanes=["render/*"], lease=60).json()["jobs"]
    external.kill()
    external.start()
    assert external.job(job_id)["status"] == "running"
    assert work(external, "extend", job_id=job_id, lease=job["lease"], **{"for": 60}).status_code == 200
    answer = work(external, "complete", job_id=job_id, lease=job["lease"], result={"url": "u"})
    assert answer.status_code == 200, answer.text
    found = external.job(job_id)
    assert (found["status"], found["attempt"], found["result"]) == ("succeeded", 1, {"url": "u"})


def test_a_worker_that_comes_back_late_after_a_kill_is_told_so(external: Server) -> None:
    external.start()
    job_id = trigger(external, {"prompt": "a cat"})
    [late] = work(external, "claim", worker="w", lanes=["render/*"], lease=1).json()["jobs"]
    external.kill()
    external.start()
    [job] = work(external, "claim", worker="v", lanes=["render/*"], wait=30).json()["jobs"]
    assert (job["job_id"], job["attempt"]) == (job_id, 2)
    answer = work(external, "complete", job_id=job_id, lease=late["lease"], result={"url": "late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_lease")
    assert work(external, "complete", job_id=job_id, lease=job["lease"], result={"url": "u"}).status_code == 200
    assert external.job(job_id)["result"] == {"url": "u"}


def test_a_caller_who_hangs_up_leaves_no_job_behind(external: Server) -> None:
    external.start()
    claim = {"worker": "gone", "lanes": ["render/*"], "wait": 30}
    with pytest.raises(httpx.ReadTimeout):
        external.client.post("/api/v1/work/claim", json=claim, headers={"authorization": f"Bearer {WORK}"}, timeout=0.3)
    job_id = trigger(external, {"prompt": "a cat"})
    [job] = work(external, "claim", worker="w", lanes=["render/*"], wait=20).json()["jobs"]
    assert (job["job_id"], job["attempt"]) == (job_id, 1)


class Running:
    """A worker on a loop in a thread of its own."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.error: BaseException | None = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self.worker.serve())
        except WorkRefused as error:
            self.error = error
        finally:
            self.loop.close()

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.worker.stop)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def worker_of(server: Server, *, affinity: tuple[str, ...] = (), concurrency: int = 1, lease: float = 5.0) -> Worker:
    url = str(server.client.base_url)
    return Worker(url, WORK, name="gpu-1", affinity=affinity, concurrency=concurrency, lease=lease, wait=5.0)


def test_the_typed_worker_runs_coroutines_and_functions(external: Server) -> None:
    external.start()
    worker = worker_of(external, concurrency=2, affinity=("m1",))

    @worker.command("render/image")
    async def image(data: Image, job: WorkerJob) -> Drawn:
        await asyncio.sleep(0)
        job.progress(1, 2, "half")
        job.item("1.png", data={"n": data.n})
        job.log("drawing", prompt=data.prompt)
        await job.artifact("1.png", b"png", "image/png")
        return Drawn(f"{data.prompt}/{job.attempt}")

    @worker.command("render/loose")
    def loose(data: dict[str, int], job: WorkerJob) -> int:
        assert not job.cancelled
        return sum(data.values())

    with Running(worker):
        first, second = trigger(external, {"prompt": "cat"}), trigger(external, {"a": 1, "b": 2}, "loose")
        assert ended(external, first)["result"] == {"url": "cat/1"}
        assert ended(external, second)["result"] == 3
        found = external.job(first)
        assert found["progress"]["message"] == "half"
        lines = external.client.get(f"/api/v1/jobs/{first}/log").json()["lines"]
        assert [line["event"] for line in lines] == ["drawing"]
    # It was answered: what it has completed is counted after that is on disk, and before the answer.
    [seen] = external.client.get("/api/v1/workers").json()["workers"]
    assert (seen["name"], seen["affinity"], seen["completed"]) == ("gpu-1", ["m1"], 2)


def test_what_a_handler_raises_becomes_the_end_that_it_means(external: Server) -> None:
    external.start()
    worker = worker_of(external)
    tries: list[int] = []

    @worker.command("render/image")
    async def image(data: Image, job: WorkerJob) -> object:
        tries.append(job.attempt)
        await asyncio.sleep(0)
        if data.prompt == "no":
            raise CommandError("It will not.", code="no", retryable=False, details={"a": 1})
        if data.prompt == "later" and len(tries) < 2:
            raise RetryLater(0.05)
        if data.prompt == "odd":
            raise RuntimeError("secret")
        return {"url": 7} if data.prompt == "wrong" else Drawn("u")

    with Running(worker):
        refused = ended(external, trigger(external, {"prompt": "no"}))
        assert (refused["status"], refused["error"]["code"], refused["error"]["details"]) == ("failed", "no", {"a": 1})
        tries.clear()
        assert ended(external, trigger(external, {"prompt": "later"}))["status"] == "succeeded"
        assert tries == [1, 1]
        odd = ended(external, trigger(external, {"prompt": "odd"}))
        assert (odd["reason"], odd["error"]["code"], odd["attempt"]) == ("attempts_exhausted", "worker_error", 3)
        assert "secret" not in str(odd)
        wrong = ended(external, trigger(external, {"prompt": "wrong"}))
        assert (wrong["status"], wrong["error"]["code"]) == ("failed", "invalid_output")


def test_what_a_handler_says_wrongly_costs_its_own_job_only_and_no_lease(external: Server) -> None:
    external.start()
    worker = worker_of(external, concurrency=2)

    @worker.command("render/loose")
    async def loose(data: dict[str, str], job: WorkerJob) -> str:
        said = data.get("say")
        if said == "no code":
            raise CommandError("It will not.", code="", retryable=False)
        if said == "cancelled":
            raise asyncio.CancelledError
        if said == "no name":
            job.item("")
        if said == "no JSON":
            job.item("a", "failed", error={"code": "x", "message": "y", "details": {"z": object()}})
        job.item("a")
        job.progress(1, 2, "long" * 500)
        await asyncio.sleep(0)
        return "done"

    with Running(worker):
        unsaid = ended(external, trigger(external, {"say": "no code"}, "loose"))
        assert (unsaid["status"], unsaid["error"]["code"], unsaid["attempt"]) == ("failed", "invalid_input", 1)
        for wrong, code in (("cancelled", "cancelled"), ("no name", "worker_error"), ("no JSON", "worker_error")):
            failed = ended(external, trigger(external, {"say": wrong}, "loose"))
            assert (failed["reason"], failed["error"]["code"], failed["attempt"]) == ("attempts_exhausted", code, 3)
        job_id = trigger(external, {}, "loose")
        assert ended(external, job_id)["progress"]["message"] == ("long" * 500)[:500]
        items = external.client.get(f"/api/v1/jobs/{job_id}/items").json()["items"]
        assert [item["name"] for item in items] == ["a"]


def test_a_handler_that_blocks_the_loop_keeps_its_lease(external: Server) -> None:
    external.start()
    worker = worker_of(external, lease=4)

    @worker.command("render/image")
    async def image(data: Image, job: WorkerJob) -> Drawn:
        del data
        time.sleep(8)  # noqa: ASYNC251  the point
        return Drawn(str(job.attempt))

    with Running(worker):
        assert ended(external, trigger(external, {"prompt": "slow"}))["result"] == {"url": "1"}


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_cancelled_job_ends_its_handler(external: Server, *, in_thread: bool) -> None:
    external.start()
    worker = worker_of(external, lease=1.5)
    begun, over = threading.Event(), threading.Event()

    if in_thread:

        @worker.command("render/image")
        def blocking(data: Image, job: WorkerJob) -> None:
            del data
            begun.set()
            assert job.wait_cancelled(PATIENCE)
            over.set()
            job.raise_if_cancelled()
    else:

        @worker.command("render/image")
        async def image(data: Image, job: WorkerJob) -> None:
            del data, job
            begun.set()
            try:
                await asyncio.sleep(PATIENCE)
            finally:
                over.set()

    with Running(worker):
        job_id = trigger(external, {"prompt": "x"})
        assert begun.wait(PATIENCE)
        assert external.client.post(f"/api/v1/jobs/{job_id}/cancel").is_success
        assert over.wait(PATIENCE)
        assert ended(external, job_id)["status"] == "cancelled"


def test_the_worker_lives_through_a_restart_of_the_server_and_delivers_what_it_made(external: Server) -> None:
    external.config["server"]["port"] = free_port()
    external.start()
    worker = worker_of(external, lease=30.0)
    begun, go_on = threading.Event(), threading.Event()

    @worker.command("render/image")
    def image(data: Image, job: WorkerJob) -> Drawn:
        begun.set()
        assert go_on.wait(PATIENCE)
        return Drawn(f"{data.prompt}/{job.attempt}")

    with Running(worker):
        job_id = trigger(external, {"prompt": "cat"})
        assert begun.wait(PATIENCE)
        external.kill()
        go_on.set()  # it is done while there is no server
        external.start()
        assert ended(external, job_id)["result"] == {"url": "cat/1"}
        assert ended(external, trigger(external, {"prompt": "next"}))["status"] == "succeeded"


def test_a_worker_that_may_not_work_says_so(external: Server) -> None:
    external.start()
    worker = Worker(str(external.client.base_url), TOKEN, name="x")

    @worker.command("render/image")
    async def image(data: Image, job: WorkerJob) -> Drawn:
        raise AssertionError((data, job))

    running = Running(worker)
    running.thread.join(PATIENCE)
    assert isinstance(running.error, WorkRefused)
    assert (running.error.status, running.error.code) == (403, "forbidden")


def too_few(job: WorkerJob) -> WorkerJob:
    return job


def too_many(data: Image, job: WorkerJob, more: int) -> tuple[Image, WorkerJob, int]:
    return data, job, more


@pytest.mark.parametrize("function", [too_few, too_many])
def test_a_function_that_cannot_run_a_command_is_refused_where_it_is_declared(function: Callable[..., Any]) -> None:
    worker = Worker("http://127.0.0.1:1", "t", name="x")
    with pytest.raises(TypeError, match="render/image: a function takes its input, with a type, and the job"):
        worker.command("render/image")(function)


PROGRAM = """
import asyncio, sys
from hookyard.client import Worker, WorkerJob

worker = Worker(sys.argv[1], sys.argv[2], name="drained", drain=float(sys.argv[3]), lease=30, wait=5)

@worker.command("render/loose")
async def loose(data: dict[str, float], job: WorkerJob) -> str:
    print("begun", flush=True)
    await asyncio.sleep(data["seconds"])
    return "done"

worker.run()
"""


@pytest.mark.parametrize(("seconds", "drain", "status"), [(0.5, 20.0, "succeeded"), (60.0, 0.2, "queued")])
def test_sigterm_drains_a_worker_and_gives_back_what_is_not_done(
    external: Server, tmp_path: Path, seconds: float, drain: float, status: str
) -> None:
    external.start()
    (tmp_path / "program.py").write_text(PROGRAM)
    job_id = trigger(external, {"seconds": seconds}, "loose")
    command = [sys.executable, str(tmp_path / "program.py"), str(external.client.base_url), WORK, str(drain)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    found = external.job(job_id)
    assert found["status"] == status
    assert found["attempt"] == (1 if status == "succeeded" else 0)
