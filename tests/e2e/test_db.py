"""The store's file is looked after by other processes while a real server has it open."""

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.lab import Server
from tests.ports import free_port


def hookyard(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hookyard", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_backup_is_made_beside_a_server_that_works_and_another_server_starts_with_it(
    server: Server, tmp_path: Path
) -> None:
    server.start()
    config = server.folder / "config.yaml"
    before = [server.trigger("double", {"n": at}).json()["job_id"] for at in range(20)]
    with ThreadPoolExecutor(4) as pool:
        load = [pool.submit(server.trigger, "double", {"n": at}) for at in range(200)]
        made = hookyard(tmp_path, "db", "backup", str(tmp_path / "copy.db"), "-c", str(config), "--json")
        answers = [one.result().status_code for one in load]
    assert set(answers) == {202}
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["file"] == str(tmp_path / "copy.db")
    assert server.stop() == 0

    (tmp_path / "second").mkdir()
    second = Server(tmp_path / "second")
    second.config["store"] = {"path": str(tmp_path / "copy.db")}
    try:
        second.start()
        assert {second.job(job_id).get("id", second.job(job_id).get("job_id")) for job_id in before} == set(before)
    finally:
        second.end()


def test_beside_a_server_the_file_is_read_and_never_written(server: Server, tmp_path: Path) -> None:
    server.start()
    config = str(server.folder / "config.yaml")
    server.result("double", {"n": 1})
    for command in ("check", "stats"):
        ended = hookyard(tmp_path, "db", command, "-c", config, "--json")
        assert ended.returncode == 0, ended.stderr
    for command in ("vacuum", "migrate"):
        ended = hookyard(tmp_path, "db", command, "-c", config)
        assert ended.returncode == 75
        assert "already served by process" in ended.stderr
    assert server.result("double", {"n": 2}).json()["result"] == {"n": 4}


def test_what_is_over_is_forgotten_while_the_server_runs_and_by_new_settings_after_a_reload(server: Server) -> None:
    server.config["retention"] = {"succeeded": "forever", "every": "1s"}
    server.start()
    done = server.result("double", {"n": 1}).json()["job_id"]
    assert server.job(done)["status"] == "succeeded"
    server.config["retention"] = {"succeeded": "0s", "every": "1s"}
    (server.folder / "config.yaml").write_text(json.dumps(server.config))
    server.process.send_signal(signal.SIGHUP)
    assert server.wait_for("keeper.forgot")["jobs"] == 1
    assert server.client.get(f"/api/v1/jobs/{done}").status_code == 404
    assert server.stop() == 0


def test_the_doctor_knows_a_server_that_works_from_one_that_was_killed(server: Server, tmp_path: Path) -> None:
    server.config["server"]["port"] = free_port()
    server.start()
    config = str(server.folder / "config.yaml")

    def codes() -> set[str]:
        ended = hookyard(tmp_path, "doctor", config, "--json")
        found = {one["code"]: one["what"] for one in json.loads(ended.stdout)["findings"]}
        return {code for code in found if code.startswith(("server.", "store.un"))} | {
            "killed" for what in found.values() if "ended without closing" in what
        }

    assert codes() == set()
    server.kill()
    assert codes() == {"server.stopped", "killed"}
