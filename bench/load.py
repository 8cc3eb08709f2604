"""Load from a process of its own, over loopback: wrk where it is installed, else a client in Python."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Target:
    """One URL and what to post to it."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    unique: str = ""
    """The header that has another value in every request."""


@dataclass(frozen=True)
class Load:
    """What one burst of load saw. `refused` are answers that were not 2xx."""

    requests: int
    seconds: float
    errors: int
    refused: int
    p50_ms: float
    p99_ms: float
    late_ms: float = 0.0
    """How late the client itself was at worst in sending what was due; paced load only."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class LoadError(RuntimeError):
    """Some requests failed: the figure would not be about what the row says."""


def client_name() -> str:
    """Which client makes the load, for the report."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return "bench.client (Python)"
    done = subprocess.run([wrk, "-v"], capture_output=True, text=True, check=False)
    return " ".join((done.stdout or done.stderr).split()[:2])


def burst(target: Target, *, connections: int, seconds: float) -> Load:
    """As much as `connections` get through in `seconds`, each sending as soon as it was answered."""
    wrk = shutil.which("wrk")
    if wrk is None:
        if target.unique:
            raise LoadError("only wrk can give a header another value in every request")
        return _python(target, connections=connections, seconds=seconds, rate=None)
    command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(HERE / "wrk.lua")]
    headers = "\n".join(f"{name}: {value}" for name, value in target.headers.items())
    env = {**os.environ, "BENCH_BODY": target.body.decode(), "BENCH_HEADERS": headers}
    if target.unique:
        env["BENCH_UNIQUE"] = target.unique
    return _run([*command, target.url], seconds, env=env)


def paced(target: Target, *, connections: int, seconds: float, rate: float) -> Load:
    """`rate` requests a second, each due at its time whatever the server does; latency counts from then."""
    return _python(target, connections=connections, seconds=seconds, rate=rate)


def _python(target: Target, *, connections: int, seconds: float, rate: float | None) -> Load:
    command = [sys.executable, "-m", "bench.client", target.url]
    command += ["--connections", str(connections), "--seconds", str(seconds)]
    command += [option for name, value in target.headers.items() for option in ("--header", f"{name}: {value}")]
    if rate is not None:
        command += ["--rate", str(rate)]
    return _run(command, seconds, stdin=target.body)


def _run(command: list[str], seconds: float, *, stdin: bytes = b"", env: dict[str, str] | None = None) -> Load:
    done = subprocess.run(
        command, input=stdin, env=env, cwd=HERE.parent, capture_output=True, check=False, timeout=seconds + 60
    )
    found = [line[7:] for line in done.stdout.decode().splitlines() if line.startswith("RESULT ")]
    if done.returncode or not found:
        raise LoadError(f"{command[0]} failed: {done.stdout.decode()[-500:]} {done.stderr.decode()[-500:]}")
    load = Load(**json.loads(found[0]))
    if load.errors or load.refused or not load.requests:
        raise LoadError(f"{load.refused} refused and {load.errors} broken of {load.requests} requests")
    return load
