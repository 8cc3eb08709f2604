"""Webhooks of a real server from the command line: sent, taken once, replayed, forgotten, explained when refused."""

import json
import subprocess
import sys
from typing import Any

from tests.e2e.lab import PATIENCE, SOURCE_SECRET, TOKEN, Server


def hookyard(server: Server, *words: str, code: int = 0, secret: str = SOURCE_SECRET) -> str:
    """What `hookyard hooks ...` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "hookyard", "hooks", *words],
        check=False,
        cwd=server.folder,
        env={"PATH": "", "HOOKYARD_TOKEN": TOKEN, "HOOKYARD_HOOK_SECRET": secret, "HOOKYARD_URL": url(server)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def url(server: Server) -> str:
    """Where it is."""
    return str(server.client.base_url).rstrip("/")


def started(server: Server) -> Server:
    """A server with a source, whose tester may do all that this needs."""
    server.config["tokens"][0]["scopes"] += ["jobs:*", "sources:*"]
    server.config["sources"] = {
        "hub": {
            "scheme": "github",
            "secrets": [SOURCE_SECRET],
            "routes": [{"on": "push", "run": "lab/double", "with": {"n": "$.repository.id"}}],
        }
    }
    return server.start()


def sent(server: Server, *more: str, code: int = 0, secret: str = SOURCE_SECRET) -> dict[str, Any]:
    """What a sample of a push is answered."""
    to = f"{url(server)}/hooks/hub"
    out = hookyard(server, "send", "github", "push", "--to", to, "--delivery", "d-1", *more, code=code, secret=secret)
    answer: dict[str, Any] = json.loads(out.partition("\n")[2])
    return answer


def test_a_sample_makes_a_job_once_and_again_when_it_is_replayed_or_forgotten(server: Server) -> None:
    started(server)
    first = sent(server)
    known = sent(server)
    assert known == first | {"duplicate": True, "status": known["status"]}, "how it stands meanwhile"
    again = hookyard(server, "replay", first["job_id"]).strip()
    assert again != first["job_id"]
    assert server.job(again)["command"] == "double"
    assert hookyard(server, "forget", "hub", "d-1") == "d-1 is forgotten\n"
    assert hookyard(server, "forget", "hub", "d-1") == "d-1 is not known\n"
    assert sent(server)["job_id"] not in {first["job_id"], again}
    assert "hub     github  vectors" in hookyard(server, "sources")


def test_what_the_server_refuses_is_explained_from_what_was_sent(server: Server) -> None:
    started(server)
    assert sent(server, code=1, secret="a\n")["code"] == "invalid_signature"
    command = hookyard(server, "send", "github", "push", "--to", f"{url(server)}/hooks/hub", "--print")
    (server.folder / "capture").write_text(command, encoding="utf-8")
    explain = ("verify", "capture", "--source", "hub", "--config", "config.yaml")
    assert "✓ it is signed with secret 1 of 1" in hookyard(server, *explain)
    wrong = hookyard(
        server, "send", "github", "push", "--to", f"{url(server)}/hooks/hub", "--print", secret=f"{SOURCE_SECRET}\n"
    )
    (server.folder / "capture").write_text(wrong, encoding="utf-8")
    assert "secret 1 of 1 with a line end (LF) after it" in hookyard(server, *explain, code=1)
