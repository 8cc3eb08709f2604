"""A real server process, a real receiver, and the plugin they are tried with."""

import functools
import hashlib
import hmac
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

TOKEN = "hky_for_tests_only"
SOURCE_SECRET = "the git host's secret"
ENDPOINT_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE = 30.0

PLUGIN = '''
"""What the end-to-end tests call."""

import asyncio
import threading
import time
from pathlib import Path

from msgspec import Struct

from hookyard import CommandError, Context, Plugin, Retry, SyncContext

plugin = Plugin("lab")


class Number(Struct):
    n: int = 0


class Mark(Struct):
    file: str
    until: str = ""


@plugin.command
async def double(data: Number, ctx: Context) -> Number:
    """Twice the number."""
    return Number(data.n * 2)


@plugin.command(timeout=60)
async def until(data: Mark, ctx: Context) -> Number:
    """Write down the attempt, then wait for a file to appear."""
    with Path(data.file).open("a") as file:
        file.write(f"{ctx.job.attempt}\\n")
    while not Path(data.until).exists():
        await asyncio.sleep(0.01)
    return Number(ctx.job.attempt)


@plugin.command(retry=Retry(attempts=1))
async def block(data: Number, ctx: Context) -> Number:
    """Hold the event loop for n milliseconds."""
    time.sleep(data.n / 1000)
    return data


@plugin.command(retry=Retry(attempts=1))
async def fail(data: Number, ctx: Context) -> Number:
    """Raise what no caller should read."""
    raise RuntimeError("the password is swordfish")


@plugin.command(retry=Retry(attempts=1))
async def refuse(data: Number, ctx: Context) -> Number:
    """Say no."""
    raise CommandError("No.", code="no", retryable=False, details={"n": data.n})


@plugin.command(retry=Retry(attempts=1))
async def lie(data: Number, ctx: Context) -> Number:
    """Answer another type than declared."""
    return Number("many")


@plugin.command(timeout=60, retry=Retry(attempts=1))
async def stubborn(data: Number, ctx: Context) -> Number:
    """Leave a task behind that will not be cancelled."""
    tasks.append(asyncio.create_task(refuse_to_end()))
    return data


tasks: list[asyncio.Task[None]] = []


async def refuse_to_end() -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass


@plugin.command(timeout=0.2, retry=Retry(attempts=1))
async def never(data: Number, ctx: Context) -> Number:
    """Never return."""
    await asyncio.Event().wait()
    return data


@plugin.command(timeout=0.2, retry=Retry(attempts=1))
def stuck(data: Number, ctx: SyncContext) -> Number:
    """Never return, in a thread."""
    threading.Event().wait()
    return data
'''


class Server:
    """`hookyard serve` in a process of its own, in a folder of its own."""

    process: subprocess.Popen[str]
    _reader: threading.Thread

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: dict[str, Any] = {
            "server": {"port": 0},
            "plugin_dirs": ["plugins"],
            "tokens": [
                {
                    "name": "tester",
                    "sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
                    "scopes": ["trigger:*/*", "jobs:read"],
                }
            ],
        }
        self._started = False
        self._reading = True
        self.log: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self.client = httpx.Client(timeout=PATIENCE, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False)
        (folder / "plugins").mkdir()
        (folder / "plugins" / "lab.py").write_text(PLUGIN)

    def start(self, *, log: bool = True) -> "Server":
        """Start it and wait until it listens; without `log` its log loses its reader then."""
        (self.folder / "config.yaml").write_text(json.dumps(self.config))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hookyard", "serve", "config.yaml"],
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started = True
        self.log = []
        self._reader = threading.Thread(target=self._read, args=(self.process, self.log), daemon=True)
        self._reader.start()
        self.client.base_url = httpx.URL(self.wait_for("server.listening")["url"])
        self._reading = log
        return self

    def _read(self, process: subprocess.Popen[str], log: list[dict[str, Any]]) -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                if not self._reading:
                    break
                try:
                    event = json.loads(line)
                except ValueError:
                    event = {"event": "not json", "line": line}
                self._note(log, event)
        self._note(log, {"event": "the end"})

    def _note(self, log: list[dict[str, Any]], event: dict[str, Any]) -> None:
        with self._news:
            log.append(event)
            self._news.notify_all()

    def wait_for(self, event: str, **members: object) -> dict[str, Any]:
        """The first log line of this event with these members since the server started."""
        for seen in itertools.count():
            with self._news:
                came = self._news.wait_for(functools.partial(self._has_line, seen), PATIENCE)
            assert came, f"the server did not say {event} {members}: {self.log[-5:]}"
            line = self.log[seen]
            if line["event"] == event and all(line.get(name) == value for name, value in members.items()):
                return line
            assert line["event"] != "the end", f"the server ended before it said {event}: {self.log[-5:]}"
        raise AssertionError

    def _has_line(self, number: int) -> bool:
        return len(self.log) > number

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def until(self, what: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Ask the server again and again until this is so; False when it never was."""
        ends = time.monotonic() + patience
        while not what():
            if time.monotonic() > ends:
                return False
            time.sleep(0.05)
        return True

    def stop(self) -> int:
        """As an operator would; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)  # what it said last is in `log` then
        return code

    def trigger(self, command: str, payload: object, **headers: str) -> httpx.Response:
        return self.client.post(
            f"/trigger/lab/{command}",
            json={"payload": payload},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def result(self, command: str, payload: object) -> httpx.Response:
        """Trigger, and wait for the end."""
        return self.trigger(command, payload, prefer="wait=20")

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def push(self, body: bytes, *, delivery: str, secret: str = SOURCE_SECRET, event: str = "push") -> httpx.Response:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-github-event": event,
            "x-github-delivery": delivery,
            "x-hub-signature-256": f"sha256={digest}",
        }
        return self.client.post("/hooks/github", content=body, headers=headers)

    def end(self) -> None:
        self.client.close()
        if self._started and self.process.poll() is None:
            self.kill()


class Receiver:
    """A subscriber that verifies with the independent `standardwebhooks` package and remembers what came."""

    def __init__(self, port: int = 0) -> None:
        receiver = self
        self._arrived: dict[str, set[str]] = {}
        self.bodies: dict[str, dict[str, Any]] = {}
        self.forged = 0
        self.answer: Callable[[], int] = lambda: 204
        self._news = threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.take(dict(self.headers), body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
                """Say nothing."""

        self._server = _Quiet(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def arrived(self) -> dict[str, set[str]]:
        """Job id -> the webhook ids under which it was told; as it is now, while more may come."""
        with self._news:
            return {job_id: set(ids) for job_id, ids in self._arrived.items()}

    def take(self, headers: dict[str, str], body: bytes) -> int:
        headers = {name.lower(): value for name, value in headers.items()}
        status = self.answer()
        if status >= 300:
            return status
        try:
            Webhook(ENDPOINT_SECRET).verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        event = json.loads(body)
        job_id = event["data"].get("job_id", "")  # without one: Hookyard's own
        with self._news:
            self._arrived.setdefault(job_id, set()).add(headers["webhook-id"])
            self.bodies[job_id] = event
            self._news.notify_all()
        return status

    def wait_for(self, job_ids: set[str], patience: float = PATIENCE) -> None:
        """Until a verified webhook about each of these jobs has come."""
        with self._news:
            done = self._news.wait_for(lambda: job_ids <= self._arrived.keys(), patience)
        assert done, f"no webhook about {len(job_ids - self._arrived.keys())} of {len(job_ids)} jobs"

    def wait_until(self, what: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Until this is so, which is looked at whenever a verified webhook has come."""
        with self._news:
            assert self._news.wait_for(what, patience), f"{len(self._arrived)} jobs were told"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a killed server resets its connections."""


def listen_to(server: Server, receiver_url: str) -> None:
    """Configure the receiver as an endpoint for everything, retried quickly."""
    server.config["endpoints"] = {"receiver": {"url": receiver_url, "secrets": [ENDPOINT_SECRET]}}
    server.config["outbound"] = {
        "allow_http": True,
        "allow_networks": ["127.0.0.0/8"],
        "allow_ports": "any",
        "callback_secrets": [ENDPOINT_SECRET],
        "schedule": [0, *["100ms"] * 300],
        "jitter": 0,
    }
