"""Plugins that misbehave, processes that end, disks that fill: each costs only its own job, and nothing accepted."""

import contextlib
import hmac
import json
import resource
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.e2e.lab import Receiver, Server


def test_a_broken_plugin_that_a_route_names_costs_only_its_own_events(server: Server) -> None:
    (server.folder / "plugins" / "broken.py").write_text("import nothing_of_this_name\n")
    server.config["sources"] = {
        "git": {"scheme": "github", "secrets": ["s"], "routes": [{"on": "push", "run": "broken/run"}]}
    }
    server.start()
    [warning] = [line for line in server.log if line["event"] == "route.unavailable"]
    assert (warning["level"], warning["route"]) == ("warning", "sources.git.routes[0].run")
    headers = {
        "x-github-event": "push",
        "x-github-delivery": "1",
        "x-hub-signature-256": "sha256=" + hmac.digest(b"s", b"{}", "sha256").hex(),
    }
    answer = server.client.post("/hooks/git", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "plugin_unavailable")
    assert server.result("double", {"n": 2}).json()["result"] == {"n": 4}


def test_a_plugin_that_raises_fails_its_job_and_shows_callers_nothing_of_the_error(server: Server) -> None:
    server.start()
    answer = server.result("fail", {}).json()
    assert answer["status"] == "failed"
    assert answer["error"]["code"] == "plugin_error"
    assert "swordfish" not in json.dumps(answer)
    assert "swordfish" in json.dumps(server.wait_for("command.raised"))


def test_what_a_plugin_refuses_is_shown_as_it_says(server: Server) -> None:
    server.start()
    answer = server.result("refuse", {"n": 3}).json()
    assert answer["error"] == {"code": "no", "message": "No.", "details": {"n": 3}}


def test_a_wrong_result_type_fails_its_job(server: Server) -> None:
    server.start()
    job = server.job(server.result("lie", {}).json()["job_id"])
    assert (job["status"], job["reason"]) == ("failed", "invalid_output")


@pytest.mark.parametrize("command", ["never", "stuck"])
def test_a_plugin_that_never_returns_times_out_alone(server: Server, command: str) -> None:
    server.start()
    stuck = [server.trigger(command, {}).json()["job_id"] for _ in range(10)]
    assert server.result("double", {"n": 2}).json()["result"] == {"n": 4}
    for job_id in stuck:
        server.wait_for("job.timed_out", job_id=job_id)
    assert server.job(stuck[0])["reason"] == "deadline"


def test_a_plugin_that_blocks_the_loop_costs_no_other_job_its_attempt_or_its_lease(
    server: Server, tmp_path: Path
) -> None:
    server.config["jobs"] = {"lease": "2s"}
    server.start()
    others = [
        server.trigger("until", {"file": str(tmp_path / f"log{n}"), "until": str(tmp_path / "go")}).json()["job_id"]
        for n in range(5)
    ]
    blocker = server.trigger("block", {"n": 5000}).json()["job_id"]
    (tmp_path / "go").touch()
    for job_id in others:
        assert server.job(job_id)["attempt"] == 1
    assert server.job(blocker)["attempt"] == 1
    server.wait_for("loop.stalled")
    seen = [(tmp_path / f"log{n}").read_text() for n in range(5)]
    assert seen == ["1\n"] * 5
    assert not [line for line in server.log if line["event"] in {"job.lease_lost", "job.stale"}]


def test_sigterm_lets_a_running_job_finish(server: Server, tmp_path: Path) -> None:
    server.start()
    job_id = server.trigger("until", {"file": str(tmp_path / "log"), "until": str(tmp_path / "go")}).json()["job_id"]
    server.process.terminate()
    server.wait_for("drain.waiting")
    (tmp_path / "go").touch()
    assert server.process.wait(30) == 0
    server.start()
    assert server.job(job_id)["status"] == "succeeded"
    assert (tmp_path / "log").read_text() == "1\n"


def test_a_job_that_outlasts_the_drain_goes_back_without_its_attempt_being_counted(
    server: Server, tmp_path: Path
) -> None:
    server.config["jobs"] = {"drain": "100ms"}
    server.start()
    job_id = server.trigger("until", {"file": str(tmp_path / "log"), "until": str(tmp_path / "go")}).json()["job_id"]
    assert server.until((tmp_path / "log").exists)
    assert server.stop() == 0
    server.start()
    server.wait_for("job.running", job_id=job_id)
    (tmp_path / "go").touch()
    server.wait_for("job.succeeded", job_id=job_id)
    assert server.job(job_id)["result"] == {"n": 1}
    assert (tmp_path / "log").read_text() == "1\n1\n"


def test_a_second_signal_gives_running_jobs_back_at_once_without_counting_their_attempt(
    server: Server, tmp_path: Path
) -> None:
    server.config["jobs"] = {"drain": "60s"}
    server.start()
    job_id = server.trigger("until", {"file": str(tmp_path / "log"), "until": str(tmp_path / "go")}).json()["job_id"]
    server.process.terminate()
    server.wait_for("drain.waiting")
    server.process.terminate()
    assert server.process.wait(30) == 0
    (tmp_path / "go").touch()
    server.start()
    server.wait_for("job.succeeded", job_id=job_id)
    assert server.job(job_id)["attempt"] == 1


def test_a_task_that_a_plugin_left_behind_does_not_keep_the_process_from_ending(server: Server) -> None:
    server.start()
    assert server.result("stubborn", {}).status_code == 200
    assert server.stop() == 0
    server.wait_for("server.tasks_left")


def test_a_log_that_nobody_reads_any_more_stops_nothing(server: Server) -> None:
    server.start(log=False)
    for n in range(50):
        assert server.result("fail", {}).json()["status"] == "failed"
        assert server.result("double", {"n": n}).json()["result"] == {"n": 2 * n}
    assert server.stop() == 0


@pytest.mark.parametrize("head", [b"GET /healthz HTTP/1.1\r\nx: " + b"a" * 400_000, b"GET /" + b"a" * 400_000])
def test_a_head_without_end_is_refused_and_costs_nobody_else(server: Server, head: bytes) -> None:
    server.start()
    url = server.client.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):  # the answer may come before all of it is sent
            connection.sendall(head)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                answer += piece
    assert answer == b"" or b" 431 " in answer.split(b"\r\n")[0]
    assert server.result("double", {"n": 2}).json()["result"] == {"n": 4}


def test_what_is_no_http_is_refused_like_everything_else(server: Server) -> None:
    server.start()
    url = server.client.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=20) as connection:
        connection.sendall(b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "invalid_request"
    server.wait_for("server.says", message="Invalid HTTP request received.")
    assert not [line for line in server.log if line["event"] == "not json"]


def test_a_killed_servers_running_job_is_run_again_and_the_attempt_counts(server: Server, tmp_path: Path) -> None:
    server.start()
    job_id = server.trigger("until", {"file": str(tmp_path / "log"), "until": str(tmp_path / "go")}).json()["job_id"]
    server.wait_for("job.running", job_id=job_id)
    server.kill()
    (tmp_path / "go").touch()
    server.start()
    server.wait_for("job.succeeded", job_id=job_id)
    job = server.job(job_id)
    assert job["attempt"] == 2
    assert [attempt["outcome"] for attempt in job["attempts"]] == ["lost", "succeeded"]


def test_a_delivery_that_nobody_took_is_sent_after_a_restart_under_the_same_id(
    listening: Server, receiver: Receiver
) -> None:
    ids: set[str] = set()
    receiver.answer = lambda: 500
    server = listening.start()
    job_id = server.trigger("double", {"n": 1}).json()["job_id"]
    server.wait_for("delivery.retry")
    ids.add(server.job(job_id)["deliveries"][0]["id"])
    server.kill()
    receiver.answer = lambda: 204
    server.start()
    receiver.wait_for({job_id})
    assert receiver.arrived[job_id] == ids


def test_a_second_process_on_the_same_file_is_refused_with_a_clear_message(server: Server) -> None:
    server.start()
    second = subprocess.run(
        [sys.executable, "-m", "hookyard", "serve", "config.yaml"],
        cwd=server.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 75
    assert "hookyard.db" in second.stderr
    assert str(server.process.pid) in second.stderr
    assert server.result("double", {"n": 2}).json()["result"] == {"n": 4}


def test_a_full_disk_is_answered_503_and_the_server_recovers_when_space_returns(server: Server) -> None:
    server.start()
    assert server.result("double", {"n": 1}).status_code == 200
    pid = server.process.pid
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    size = max(path.stat().st_size for path in server.folder.glob("hookyard.db*"))
    # A write beyond this size fails in the kernel, as on a full disk; the limit can be lifted from outside.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(server.trigger, "double", {"n": n}) for n in range(200)]
        answers = [call.result() for call in calls]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert {answer.status_code for answer in answers} <= {202, 503}
    assert all(answer.json()["code"] == "store_unavailable" for answer in refused)
    assert all("retry-after" in answer.headers for answer in refused)
    unready = server.client.get("/readyz")
    assert (unready.status_code, unready.json()["code"]) == (503, "store_unavailable")
    assert unready.json()["detail"] == "The store cannot take this now: its disk cannot be read or written."
    assert server.client.get("/healthz").status_code == 200
    health = server.client.get("/api/v1/health").json()
    assert (health["status"], health["store"]) == ("failing", "unavailable")
    assert health["store_problem"] == unready.json()["detail"]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    # Nobody calls while it is not ready: it finds out by itself.
    assert server.until(lambda: server.client.get("/readyz").status_code == 200)
    assert server.result("double", {"n": 21}).json()["result"] == {"n": 42}
    assert server.wait_for("store.available")["refused"] >= 1
    said = [line for line in server.log if line["event"] == "store.unavailable"]
    assert "IOError" in said[0]["error"]
    assert len(said) < len(refused) / 2, "the log is not as full as the disk"
    kept = [answer.json()["job_id"] for answer in answers if answer.status_code == 202]
    for job_id in kept:
        assert server.job(job_id)["status"] in {"queued", "running", "succeeded"}
    assert server.client.get("/readyz").status_code == 200


def test_a_taken_port_is_a_clear_error(server: Server, tmp_path: Path) -> None:
    server.start()
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.yaml").write_text(f"server: {{port: {server.client.base_url.port}}}\n")
    second = subprocess.run(
        [sys.executable, "-m", "hookyard", "serve", "config.yaml"],
        cwd=other,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode != 0
    assert "Cannot listen" in second.stderr
    assert "Traceback" not in second.stderr
