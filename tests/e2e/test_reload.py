"""A running server takes up what changed, and keeps what it had when the change is a bad one."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.lab import PATIENCE, Server

ECHO = """
from msgspec import Struct
from hookyard import Context, HookContext, Plugin
from pathlib import Path
import helpers
plugin = Plugin("echo")
class In(Struct): x: int = 0
class Out(Struct): said: str
class Wait(Struct):
    file: str
@plugin.command
async def say(data: In, ctx: Context) -> Out:
    return Out(helpers.WORD)
@plugin.command(timeout=60)
async def wait(data: Wait, ctx: Context) -> Out:
    import asyncio
    while not Path(data.file).exists():
        await asyncio.sleep(0.01)
    import helpers
    return Out(helpers.WORD)
@plugin.hook
async def startup(ctx: HookContext) -> None:
    with open({notes!r}, "a") as file: file.write("up " + helpers.WORD + "\\n")
@plugin.hook
async def shutdown(ctx: HookContext) -> None:
    with open({notes!r}, "a") as file: file.write("down " + helpers.WORD + "\\n")
"""


class Yard:
    """A server with a plugin in a folder, whose word can be changed."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.notes = server.folder / "notes"
        self.folder = server.folder / "plugins" / "echo"
        self.folder.mkdir()
        self.write("one")
        server.config["tokens"][0]["scopes"].append("admin")
        server.start()

    def write(self, word: str) -> None:
        (self.folder / "helpers.py").write_text(f"WORD = {word!r}")
        (self.folder / "__init__.py").write_text(ECHO.replace("{notes!r}", repr(str(self.notes))))

    def configure(self, **sections: object) -> None:
        self.server.config |= sections
        (self.server.folder / "config.yaml").write_text(json.dumps(self.server.config))

    def reload(self) -> dict[str, Any]:
        answer = self.server.client.post("/api/v1/reload")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refused(self) -> list[dict[str, Any]]:
        answer = self.server.client.post("/api/v1/reload")
        assert answer.status_code == 422, answer.text
        body = answer.json()
        assert body["code"] == "reload_refused"
        problems: list[dict[str, Any]] = body["problems"]
        return problems

    def call(self, path: str, payload: object, **headers: str) -> dict[str, Any]:
        answer = self.server.client.post(f"/trigger/{path}", json={"payload": payload}, headers=headers)
        assert answer.status_code in {200, 202}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def say(self) -> str:
        said: str = self.call("echo/say", {}, prefer="wait=20")["result"]["said"]
        return said


@pytest.fixture
def yard(server: Server) -> Yard:
    return Yard(server)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does; it says nothing that could be waited for."""
    ends = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < ends:
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to pass")


def test_a_changed_plugin_is_taken_up_on_sighup_while_a_job_of_the_old_one_runs(yard: Yard, tmp_path: Path) -> None:
    server, go = yard.server, tmp_path / "go"
    job = yard.call("echo/wait", {"file": str(go)})["job_id"]
    until(lambda: server.job(job)["status"] == "running")
    yard.write("two")
    server.process.send_signal(signal.SIGHUP)
    line = server.wait_for("reload.done")
    assert (line["changed"], line["failed"]) == (["echo"], [])
    assert yard.say() == "two"
    assert yard.notes.read_text() == "up one\nup two\n", "the old one still runs"
    go.touch()
    until(lambda: server.job(job)["status"] == "succeeded")
    assert server.job(job)["result"] == {"said": "one"}
    until(lambda: yard.notes.read_text() == "up one\nup two\ndown one\n")
    assert server.stop() == 0
    assert yard.notes.read_text() == "up one\nup two\ndown one\ndown two\n"


def test_what_did_not_change_is_not_loaded_again(yard: Yard) -> None:
    changes = yard.reload()
    assert {name: value for name, value in changes.items() if value} == {}
    assert yard.notes.read_text() == "up one\n"


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("__init__.py", "import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("helpers.py", "WORD = (", "SyntaxError: '(' was never closed"),
        ("__init__.py", "x = 1", "'plugin' in "),
    ],
)
def test_a_plugin_that_would_not_load_keeps_the_old_one(yard: Yard, file: str, text: str, complaint: str) -> None:
    server = yard.server
    (yard.folder / file).write_text(text)
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("reload.refused")
    (problem,) = yard.refused()
    assert problem["path"] == "plugins.echo"
    assert f"plugins/echo would be failed: {complaint}" in problem["message"]
    assert str(yard.folder) in problem["message"]
    assert yard.say() == "one"
    yard.write("two")
    assert yard.reload()["changed"] == ["echo"]
    assert yard.say() == "two"


def test_a_configuration_with_problems_keeps_the_old_one_and_names_all_of_them(yard: Yard) -> None:
    routes = [{"run": "echo/nothing"}]
    yard.configure(
        sources={"hub": {"scheme": "github", "secrets": ["x"], "routes": routes}},
        lanes={"nobody/here": {"limit": 1}},
    )
    assert {problem["path"] for problem in yard.refused()} == {"sources.hub.routes[0].run", "lanes.nobody/here"}
    (yard.server.folder / "config.yaml").write_text("{")
    assert [problem["line"] for problem in yard.refused()] == [1]
    assert yard.say() == "one"


def test_an_endpoint_that_was_made_over_http_is_never_taken_by_one_of_its_name(yard: Yard) -> None:
    asked = {"name": "crm", "url": "https://crm.example/hook"}
    made = yard.server.client.post("/api/v1/endpoints", json=asked)
    assert made.status_code == 201, made.text
    before = yard.server.client.get("/api/v1/endpoints/crm").json()
    wanted = {"url": "https://else.example/hook", "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}
    yard.configure(endpoints={"crm": wanted})
    (problem,) = yard.refused()
    assert problem["path"] == "endpoints.crm"
    assert "there is one of this name, made over HTTP by token:" in problem["message"]
    assert yard.server.client.get("/api/v1/endpoints/crm").json() == before
    yard.server.stop()
    yard.server.start()
    found = yard.server.client.get("/api/v1/endpoints").json()["endpoints"]
    assert found == [before | {"warning": "the configuration has another of this name, which is not used"}]
    assert yard.server.wait_for("endpoint.name_taken")["level"] == "error"
    assert yard.server.client.delete("/api/v1/endpoints/crm").status_code == 204
    yard.configure(endpoints={"crm": wanted})
    yard.reload()
    assert yard.server.client.get("/api/v1/endpoints/crm").json()["origin"] == "config"


def test_limits_tokens_sources_and_plugins_change_in_place_and_the_rest_is_named(yard: Yard) -> None:
    server = yard.server
    routes = [{"on": "push", "run": "echo/say", "with": {"x": 1}}]
    yard.configure(
        server={"port": 0, "max_wait": "9s"},
        store={"path": "other.db"},
        lanes={"echo/say": {"limit": 3}},
        sources={"github": {"scheme": "github", "secrets": ["the git host's secret"], "routes": routes}},
        plugins={"lab": {"enabled": False}},
    )
    changes = yard.reload()
    assert changes["removed"] == ["lab"]
    assert changes["needs_restart"] == ["server.max_wait", "store.path"]
    assert set(changes["settings"]) == {"lanes", "sources", "plugins"}
    assert server.push(b"{}", delivery="d1").status_code == 202
    shown = {plugin["name"]: plugin for plugin in server.client.get("/api/v1/plugins").json()["plugins"]}
    assert shown["lab"]["state"] == "disabled"
    assert [command["limit"] for command in shown["echo"]["commands"] if command["name"] == "say"] == [3]
    assert "/trigger/lab/double" not in server.client.get("/openapi.json").json()["paths"]
    assert server.trigger("double", {}).status_code == 404

    yard.configure(tokens=[])
    yard.reload()
    assert server.client.get("/api/v1/plugins").status_code == 401


def test_queued_jobs_of_a_removed_command_wait_with_a_reason_and_run_when_it_is_back(
    yard: Yard, tmp_path: Path
) -> None:
    server, go = yard.server, tmp_path / "go"
    yard.configure(lanes={"lab/until": {"limit": 1}})
    yard.reload()
    running, waiting = (
        server.trigger("until", {"file": str(tmp_path / "marks"), "until": str(go)}).json()["job_id"] for _ in range(2)
    )
    until(lambda: server.job(running)["status"] == "running")
    plugin = server.folder / "plugins" / "lab.py"
    source = plugin.read_text()
    plugin.unlink()
    yard.configure(lanes={})
    assert yard.reload()["removed"] == ["lab"]
    go.touch()
    until(lambda: server.job(running)["status"] == "succeeded")
    job = server.job(waiting)
    assert (job["status"], job["reason"], job["attempt"]) == ("queued", "command_missing", 0)
    plugin.write_text(source)
    assert yard.reload()["added"] == ["lab"]
    until(lambda: server.job(waiting)["status"] == "succeeded")


def test_requests_during_fifty_reloads_lose_nothing(yard: Yard) -> None:
    server = yard.server
    wrong: list[str] = []
    stored: list[str] = []
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            answer = server.client.post("/trigger/echo/say", json={"payload": {}})
            if answer.status_code == 202:
                stored.append(answer.json()["job_id"])
            else:
                wrong.append(answer.text)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        for number in range(50):
            yard.write(f"w{number}")
            assert yard.reload()["changed"] == ["echo"]
    finally:
        over.set()
        for sender in senders:
            sender.join()
    assert wrong == []
    assert len(stored) > 50
    assert yard.say() == "w49"
    until(lambda: not server.client.get("/api/v1/jobs", params={"status": "queued"}).json()["jobs"])
    until(lambda: not server.client.get("/api/v1/jobs", params={"status": "running"}).json()["jobs"])
    for status in ("failed", "timed_out", "cancelled"):
        assert server.client.get("/api/v1/jobs", params={"status": status}).json()["jobs"] == []
    seen, cursor = 0, ""
    while True:
        params = {"limit": "200", "status": "succeeded"} | ({"cursor": cursor} if cursor else {})
        page = server.client.get("/api/v1/jobs", params=params).json()
        seen += len(page["jobs"])
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == len(stored) + 1


def test_a_plugin_whose_import_never_ends_does_not_keep_the_server_from_working_and_ending(yard: Yard) -> None:
    marker = yard.server.folder / "importing"
    endless = f"import pathlib, threading\npathlib.Path({str(marker)!r}).touch()\nthreading.Event().wait()"
    (yard.server.folder / "plugins" / "endless.py").write_text(endless)
    yard.server.process.send_signal(signal.SIGHUP)
    until(marker.exists)
    assert yard.say() == "one"
    assert yard.server.stop() == 0


def test_the_memory_of_what_is_reloaded_and_of_what_is_refused_comes_back(yard: Yard) -> None:
    def resident() -> int:
        """MiB."""
        text = Path(f"/proc/{yard.server.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) >> 10

    large = "\nLARGE = bytearray(b'x') * (8 << 20)\n"
    before = resident()
    for number in range(30):
        (yard.folder / "helpers.py").write_text(f"WORD = 'w{number}'{large}")
        assert yard.reload()["changed"] == ["echo"]
        (yard.folder / "helpers.py").write_text(f"WORD = 'r{number}'{large}raise ValueError")
        yard.refused()
    until(lambda: resident() < before + 60)
    assert yard.say() == "w29"


EXEC = """#!/bin/sh
case "$1" in
describe) echo '{"name": "machine", "api": 1, "commands": [{"name": "say", "input": {"type": "object"},
  "output": {"type": "object", "properties": {"said": {"type": "string"}}, "required": ["said"]}}]}' ;;
call) echo '{"kind": "result", "output": {"said": "WORD"}}' ;;
esac
"""


def test_an_exec_plugin_is_added_changed_refused_and_removed(yard: Yard) -> None:
    program = yard.server.folder / "plugins" / "machine"

    def write(text: str) -> None:
        program.write_text(text)
        program.chmod(0o755)

    def say() -> str:
        said: str = yard.call("machine/say", {}, prefer="wait=20")["result"]["said"]
        return said

    write(EXEC.replace("WORD", "one"))
    assert yard.reload()["added"] == ["machine"]
    assert say() == "one"
    write(EXEC.replace("WORD", "two"))
    assert yard.reload()["changed"] == ["machine"]
    assert say() == "two"
    write("#!/bin/sh\nexit 3\n")
    (problem,) = yard.refused()
    assert problem["path"] == "plugins.machine"
    assert "plugins/machine describe: it exited with 3" in problem["message"]
    write(EXEC.replace("WORD", "two"))
    assert yard.reload()["changed"] == []
    program.unlink()
    assert yard.reload()["removed"] == ["machine"]


def test_a_plugin_moves_into_workers_and_back(yard: Yard) -> None:
    word = yard.folder / "__init__.py"
    word.write_text(word.read_text().partition("@plugin.hook")[0])
    yard.reload()
    yard.configure(plugins={"echo": {"isolation": "worker"}})
    assert yard.reload()["changed"] == ["echo"]
    assert yard.say() == "one"
    assert yard.server.client.get("/api/v1/plugins/echo").json()["isolation"] == "worker"
    (yard.folder / "helpers.py").write_text("WORD = 'two'")
    assert yard.reload()["changed"] == ["echo"]
    assert yard.say() == "two"
    (yard.folder / "helpers.py").write_text("WORD = ")
    assert "SyntaxError" in yard.refused()[0]["message"]
    assert yard.say() == "two"
    (yard.folder / "helpers.py").write_text("WORD = 'three'")
    yard.configure(plugins={})
    assert yard.reload()["changed"] == ["echo"]
    assert yard.say() == "three"


SAY = """
import os
from pathlib import Path
from msgspec import Struct
from hookyard import Context, Plugin
import helpers
plugin = Plugin("echo")
class In(Struct): x: int = 0
class Out(Struct):
    said: str
    pid: int
@plugin.command
async def say(data: In, ctx: Context) -> Out:
    from inner.deep import MARK
    data_file = Path(__file__).with_name("data.txt").read_text()
    return Out(f"{helpers.WORD} {MARK} {data_file}", os.getpid())
@plugin.command
async def fail(data: In, ctx: Context) -> Out:
    return helpers.fail()
"""


@pytest.mark.parametrize("layout", ["package", "project", "file"])
def test_a_worker_that_is_started_anew_runs_what_was_loaded_and_not_what_lies_there(yard: Yard, layout: str) -> None:
    files = {
        "__init__.py": SAY,
        "helpers.py": "WORD = 'one'\ndef fail():\n    raise RuntimeError('it failed')\n",
        "inner/deep.py": "MARK = 'deep'\n",
        "data.txt": "data",
    }
    home = yard.folder
    if layout == "project":
        home = yard.folder / "src"
        entry = '[project]\nname = "echo"\n[project.entry-points.hookyard]\necho = "said:plugin"\n'
        (yard.folder / "__init__.py").unlink()
        (yard.folder / "pyproject.toml").write_text(entry)
        files["said.py"] = files.pop("__init__.py")
    if layout == "file":
        for path in yard.folder.iterdir():
            path.unlink()
        yard.folder.rmdir()
        home = yard.folder.parent
        text = SAY.replace("import helpers\n", "class helpers:\n    WORD = 'one'\n    fail = None\n")
        files = {"echo.py": text.replace("from inner.deep import MARK", "MARK = 'deep'"), "data.txt": "data"}
    for name, text in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    yard.configure(plugins={"echo": {"isolation": "worker", "workers": 1}})
    yard.reload()
    changed = "echo.py" if layout == "file" else "helpers.py"

    def say_anew() -> str:
        """By a process that was started just for it."""
        first = yard.call("echo/say", {}, prefer="wait=20")["result"]
        os.kill(first["pid"], signal.SIGKILL)
        yard.server.wait_for("worker.gone", pid=first["pid"])
        found = yard.call("echo/say", {}, prefer="wait=20")["result"]
        assert found["pid"] != first["pid"]
        return str(found["said"])

    (home / changed).write_text("def (")
    assert "SyntaxError" in yard.refused()[0]["message"]
    assert say_anew() == "one deep data"
    good = files[changed].replace("'one'", "'two'")
    (home / changed).write_text(good)
    if layout != "file":
        (home / "inner" / "deep.py").unlink()
        (home / "inner" / "__init__.py").write_text("raise ValueError('it came later')")
    assert say_anew() == "one deep data"
    if layout != "file":
        job = yard.call("echo/fail", {})
        line = yard.server.wait_for("command.raised", job_id=job["job_id"])
        assert f'File "{home / changed}", line 3' in line["exception"]
        (home / "inner" / "__init__.py").unlink()
        (home / "inner" / "deep.py").write_text(files["inner/deep.py"])
    assert yard.reload()["changed"] == ["echo"]
    assert say_anew() == "two deep data"
