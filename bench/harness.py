"""Starting what is measured, in processes of its own, and putting pairs of measurements side by side."""

import contextlib
import hashlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port

from bench.load import Load, Target, burst

ROOT = Path(__file__).parents[1]
BODY = b'{"payload":{"name":"Ada"}}'
LATER = b'{"payload":{"name":"Ada"},"delay":3600}'
PATH = "/trigger/bench/echo"


@dataclass(frozen=True)
class Options:
    """How long and how often to measure."""

    folder: Path
    repeat: int = 5
    seconds: float = 5.0
    connections: int = 64
    quick: bool = False
    python_load: bool = False


@dataclass
class Server:
    """A running program that answers HTTP on a port of loopback."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    folder: Path
    token: str = ""

    def target(self, path: str, body: bytes) -> Target:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return Target(f"http://127.0.0.1:{self.port}{path}", body, headers)

    def pause(self, lane: str) -> None:
        """Let nothing start from a lane."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", f"/api/v1/lanes/{lane}/pause", headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"{lane} is not paused: {answer.status} {answer.read()!r}")
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextlib.contextmanager
def serving(
    name: str,
    command: Callable[[int], list[str]],
    folder: Path,
    *,
    env: dict[str, str] | None = None,
    token: str = "",
    patience: float = 20.0,
) -> Iterator[Server]:
    """Run `command(port)` until the block ends; it is ready when the port takes connections."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(port),
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_listens(name, process, port, log, patience)
        yield Server(name, port, process, log, folder, token)
    finally:
        _stop(process)


def _wait_until_it_listens(name: str, process: subprocess.Popen[bytes], port: int, log: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start:\n{log.read_text('utf-8')[-2000:]}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def uvicorn(app: str, lifespan: str = "off") -> Callable[[int], list[str]]:
    """A peer under the settings that `hookyard serve` gives uvicorn (`hookyard.server`)."""
    options = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", lifespan]
    options += ["--no-access-log", "--no-server-header", "--log-level", "warning"]
    program = [sys.executable, "-m", "uvicorn", app, *options, "--host", "127.0.0.1"]
    return lambda port: [*program, "--port", str(port)]


def noop(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """The bare no-op."""
    return serving("noop", uvicorn("bench.peers.noop:app"), folder)


@dataclass(frozen=True)
class Receiver:
    """Where Hookyard sends its webhooks in a row that has some."""

    port: int
    events: tuple[str, ...] = ("job.succeeded",)
    secret: str = field(default_factory=lambda: "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    paths: Mapping[str, str] = field(default_factory=lambda: {"loopback": "/"})
    """The endpoints by name, and where each has its place at the receiver."""


HOOK_SECRET = "It's a Secret to Everybody"
HOOKS = {"push": "bench/push", "typed": "bench/typed_push"}
"""Sources, and the command that each runs."""


def configuration(folder: Path, port: int, token: str, receiver: Receiver | None) -> dict[str, object]:
    """A configuration as a user would write it, with every default that bears on speed left as it is."""
    config: dict[str, object] = {
        "server": {"port": port},
        "store": {"path": str(folder / "hookyard.db")},
        "plugin_dirs": [str(ROOT / "bench" / "plugins")],
        "tokens": [
            {
                "name": "bench",
                "sha256": hashlib.sha256(token.encode()).hexdigest(),
                "scopes": ["admin", "trigger:*/*"],
            }
        ],
    }
    config["sources"] = {
        name: {"scheme": "github", "secrets": [HOOK_SECRET], "routes": [{"on": "push", "run": command}]}
        for name, command in HOOKS.items()
    }
    if receiver is not None:
        config["endpoints"] = {
            name: {
                "url": f"http://127.0.0.1:{receiver.port}{path}",
                "secrets": [receiver.secret],
                "events": list(receiver.events),
            }
            for name, path in receiver.paths.items()
        }
        config["outbound"] = {
            "allow_http": True,
            "allow_ports": [receiver.port],
            "allow_networks": ["127.0.0.0/8"],
        }
    return config


@contextlib.contextmanager
def hookyard(folder: Path, receiver: Receiver | None = None) -> Iterator[Server]:
    """`hookyard serve` on a file in `folder`, logging to a file at its default level."""
    folder.mkdir(parents=True, exist_ok=True)
    token = "hky_" + secrets.token_urlsafe(32)

    def command(port: int) -> list[str]:
        path = folder / "bench.yaml"
        # JSON is YAML.
        path.write_text(json.dumps(configuration(folder, port, token, receiver), indent=2), encoding="utf-8")
        return [str(Path(sys.executable).with_name("hookyard")), "serve", str(path)]

    with serving("hookyard", command, folder, token=token) as server:
        yield server


@contextlib.contextmanager
def scratch(options: Options, name: str) -> Iterator[Path]:
    """A folder for one row, gone afterwards."""
    folder = options.folder / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def interleaved(
    options: Options, ours: Callable[[], float], rival: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """One unmeasured round, then `repeat` pairs, the two taking turns in who goes first."""
    ours(), rival()
    pairs: list[tuple[float, float]] = []
    for turn in range(options.repeat):
        if turn % 2:
            second = rival()
            pairs.append((ours(), second))
        else:
            first = ours()
            pairs.append((first, rival()))
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def rate(options: Options, target: Target) -> float:
    """Requests a second in one burst."""
    return measure(options, target).rate


def measure(options: Options, target: Target, *, connections: int | None = None) -> Load:
    """One burst at this run's length and number of connections."""
    return burst(target, connections=connections or options.connections, seconds=options.seconds)
