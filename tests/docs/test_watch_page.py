"""Watching deliveries: the alarm that the page shows is heard when it has to be, and when nobody can say."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.docs.test_documents import ROOT, blocks
from tests.ports import free_port

WELL = {"live": 7, "faulty": 0, "failing": 0, "failing_since": None, "dead_letters": 0, "to_mend": 0}


@contextmanager
def health(status: int, endpoints: Mapping[str, object]) -> Generator[str]:
    """A gateway of which there is only the health; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "ok", "endpoints": endpoints}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class has it so
            """Nothing is written."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def alarm(url: str) -> str:
    """What the block of the page prints."""
    if missing := [program for program in ("bash", "curl", "jq") if shutil.which(program) is None]:
        pytest.skip(f"the alarm needs {', '.join(missing)}")
    (block,) = (one for one in blocks(ROOT / "docs/how-to/watch-deliveries.md") if "alarm" in one.marks)
    env = {**os.environ, "HOOKYARD_URL": url, "HOOKYARD_TOKEN": "hky_x"}
    done = subprocess.run(["bash", "-c", block.text], env=env, capture_output=True, text=True, check=False, timeout=30)
    assert done.stderr == ""
    return done.stdout


def test_nothing_is_heard_while_all_is_well() -> None:
    with health(200, WELL) as url:
        assert alarm(url) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"faulty": 1},
        {"to_mend": 1},
        {"dead_letters": 1},
        {"failing": 1, "failing_since": "2026-03-14T01:10:22.114Z"},
    ],
)
def test_it_is_heard_when_something_is_wrong(wrong: dict[str, object]) -> None:
    with health(200, {**WELL, **wrong}) as url:
        assert "hookyard endpoints stats" in alarm(url)


def test_it_is_heard_when_nobody_can_say() -> None:
    with health(403, WELL) as url:
        assert "nobody can say" in alarm(url)
    assert "nobody can say" in alarm(f"http://127.0.0.1:{free_port()}")
