"""What a worker writes when no job of it runs is a line of the server's log, and no secret shows there."""

import os
import signal
from pathlib import Path

from tests.e2e.lab import Server

SECRET = "TOPSECRETTOKEN99"
TEXT = '''
import os
import threading
import time
from pathlib import Path
from msgspec import Struct
from hookyard import Context, Plugin

plugin = Plugin("leaky", secrets=("token",))

if Path("known").exists():
    raise RuntimeError("cannot go on with " + Path("known").read_text())


class In(Struct):
    pass


class Out(Struct):
    pid: int


def prints_later(token: str) -> None:
    while not Path("go").exists():
        time.sleep(0.005)
    print("late", token, flush=True)


@plugin.command
async def say(data: In, ctx: Context) -> Out:
    """Leave somebody behind who knows the secret."""
    threading.Thread(target=prints_later, args=(await ctx.secrets.get("token"),), daemon=True).start()
    return Out(os.getpid())
'''


def test_no_secret_shows_in_what_a_worker_says_outside_of_its_jobs(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "leaky"
    folder.mkdir()
    (folder / "leaky.py").write_text(TEXT, "utf-8")
    server.config["plugin_dirs"] = [str(folder)]
    server.config["plugins"] = {"leaky": {"isolation": "worker", "secrets": {"token": SECRET}}}
    server.config["sources"] = {}
    server.start()
    trigger = "/trigger/leaky/say"
    pid = server.client.post(trigger, headers={"prefer": "wait=20"}).json()["result"]["pid"]
    (folder / "go").touch()
    assert server.wait_for("worker.wrote", stream="stdout")["line"] == "late ***"
    (folder / "known").write_text(SECRET, "utf-8")
    os.kill(pid, signal.SIGKILL)
    server.client.post(trigger, json={"max_attempts": 1}, headers={"prefer": "wait=20"})
    assert "cannot go on with ***" in server.wait_for("worker.not_started")["why"]
    assert SECRET not in str(server.log)
