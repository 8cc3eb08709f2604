"""Tokens of the store, with a real server and the real command line: made, used, counted, and written down nowhere."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.lab import PATIENCE, Server

TOKEN = re.compile(r"hky_[A-Za-z0-9_-]{43}")


def hookyard(server: Server, *arguments: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
    """Call the command line in the server's folder."""
    env = {**os.environ, "HOOKYARD_URL": str(server.client.base_url).rstrip("/")}
    env |= {} if token is None else {"HOOKYARD_TOKEN": token}
    return subprocess.run(
        [sys.executable, "-m", "hookyard", "token", *arguments],
        cwd=server.folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def written(server: Server) -> None:
    """Write the configuration, as a start would."""
    (server.folder / "config.yaml").write_text(json.dumps(server.config))


def made(ended: subprocess.CompletedProcess[str]) -> str:
    """The token that a call printed: alone on standard output, and nowhere else."""
    assert ended.returncode == 0, ended.stderr
    text = ended.stdout.strip()
    assert TOKEN.fullmatch(text)
    assert text not in ended.stderr
    return text


def test_from_the_first_token_to_a_rotation_by_the_command_line_and_no_token_is_written_down(server: Server) -> None:
    del server.config["tokens"]
    written(server)
    admin = made(hookyard(server, "bootstrap", "config.yaml"))
    again = hookyard(server, "bootstrap", "config.yaml")
    assert (again.returncode, again.stdout) == (65, "")
    server.start()
    assert hookyard(server, "bootstrap", "config.yaml", "--force", "--name", "b").returncode == 75
    (server.folder / "admin").write_text(admin + "\n")
    ci = made(hookyard(server, "create", "ci", "--scope", "trigger:lab/*", "--token-file", "admin"))
    more = hookyard(server, "create", "x", "--scope", "admin", token=ci)
    assert (more.returncode, more.stdout) == (77, "")
    server.client.headers["authorization"] = f"Bearer {ci}"
    assert server.result("double", {"n": 2}).json()["result"] == {"n": 4}
    listed = hookyard(server, "list", "--name", "ci", "--json", token=admin)
    [row] = map(json.loads, listed.stdout.splitlines())
    new = made(hookyard(server, "rotate", row["id"], "--overlap", "3600", token=admin))
    for token in (ci, new):
        server.client.headers["authorization"] = f"Bearer {token}"
        assert server.trigger("double", {"n": 2}).status_code == 202
    assert hookyard(server, "revoke", row["id"], token=admin).returncode == 0
    server.client.headers["authorization"] = f"Bearer {ci}"
    assert server.trigger("double", {"n": 2}).status_code == 401
    arguments = Path(f"/proc/{server.process.pid}/cmdline").read_text() + Path(
        f"/proc/{server.process.pid}/environ"
    ).read_text(errors="replace")
    server.client.headers["authorization"] = f"Bearer {admin}"
    audit = server.client.get("/api/v1/audit")
    assert [each["action"] for each in audit.json()["entries"]] == [
        *("token.revoke", "token.rotate", "token.create", "token.create")
    ]
    assert server.stop() == 0
    stored = b"".join(path.read_bytes() for path in server.folder.glob("hookyard.db*"))
    said = json.dumps(server.log)
    for token in (admin, ci, new):
        assert token.encode() not in stored
        assert token not in said + arguments + audit.text
    server.start()
    rows = server.client.get("/api/v1/tokens", params={"name": "ci"}).json()["tokens"]
    assert [(each["state"], each["uses"]) for each in rows] == [("live", 1), ("revoked", 3)]
    assert all("last_used_at" in each for each in rows)


def test_a_server_nobody_can_call_prints_an_admins_token_once_if_it_is_to_and_not_in_its_log(server: Server) -> None:
    del server.config["tokens"]
    server.config["first_admin"] = "print"
    server.start()
    [line] = [each["line"] for each in server.log if TOKEN.search(each.get("line", ""))]
    assert not any(TOKEN.search(json.dumps(each)) for each in server.log if each["event"] != "not json")
    server.client.headers["authorization"] = f"Bearer {line.strip()}"
    assert server.client.get("/api/v1/tokens").status_code == 200
    assert server.stop() == 0
    server.start()
    assert server.client.get("/api/v1/tokens").status_code == 200
    assert server.stop() == 0
    assert not any("line" in each for each in server.log)


def test_without_a_terminal_nothing_is_printed_by_itself(server: Server) -> None:
    del server.config["tokens"]
    server.start()
    assert server.client.get("/api/v1/tokens").status_code == 401
    assert server.stop() == 0
    assert not any("line" in each for each in server.log)


def test_a_reload_is_in_the_audit_log_by_whom_it_was_asked(server: Server) -> None:
    server.config["tokens"][0]["scopes"] = ["admin"]
    server.start()
    assert server.client.post("/api/v1/reload").status_code == 200
    server.process.send_signal(signal.SIGHUP)
    while True:
        entries = server.client.get("/api/v1/audit", params={"action": "server.reload"}).json()["entries"]
        if len(entries) == 2:
            break
        assert server.process.poll() is None
    assert [(each["principal"], each.get("peer")) for each in entries] == [
        ("signal:hup", None),
        ("token:tester", "127.0.0.1"),
    ]
