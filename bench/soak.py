"""Ten minutes of mixed load, and whether descriptors, memory, threads and the write-ahead log stay flat meanwhile.

`python -m bench.soak --minutes 10 --json FILE`. Load is bounded: so many rounds a second, each a handful of calls of
every kind that a server sees in a day. Samples are taken from the operating system every five seconds. A series is
flat when the median of its last fifth is within its bound of the median of its second fifth: the first is the start.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.harness import PATH, Server, hookyard
from bench.rows.growth import JOBS, Caller

EVERY = 5.0
ROUNDS_A_SECOND = 10
ONE = {"plugin": "bench", "command": "echo", "payload": {"name": "b"}}
KINDS = ("descriptors", "resident memory, MiB", "threads", "write-ahead log, MiB")
BOUNDS = {
    "descriptors": 1.05,
    "resident memory, MiB": 1.10,
    "threads": 1.05,
    "write-ahead log, MiB": 1.25,
}
"""How much more the end may have than the beginning."""


@dataclass(frozen=True)
class Series:
    """What became of one figure over the time."""

    name: str
    early: float
    late: float
    least: float
    most: float
    bound: float

    @property
    def flat(self) -> bool:
        return self.late <= self.early * self.bound + 1


def sample(server: Server) -> list[float]:
    """The figures now, in the order of KINDS."""
    folder = Path("/proc") / str(server.process.pid)
    status = dict(line.split(":", 1) for line in (folder / "status").read_text("utf-8").splitlines() if ":" in line)
    log = server.folder / "hookyard.db-wal"
    return [
        float(sum(1 for _ in (folder / "fd").iterdir())),
        int(status["VmRSS"].split()[0]) / 1024,
        float(status["Threads"]),
        log.stat().st_size / 2**20 if log.exists() else 0.0,
    ]


def rounds(server: Server, stop: threading.Event, counts: dict[str, int], seed: int) -> None:
    """Calls of every kind, over and over."""
    caller, draw = Caller(server), random.Random(seed)
    made: list[str] = []
    while not stop.wait(draw.random() * 2 / ROUNDS_A_SECOND):
        for name, call in _round(caller, draw, made).items():
            try:
                call()
            except RuntimeError as error:
                print(f"  {name}: {error}"[:200], flush=True)
                counts[f"{name}: refused"] = counts.get(f"{name}: refused", 0) + 1
            else:
                counts[name] = counts.get(name, 0) + 1


def _round(caller: Caller, draw: random.Random, made: list[str]) -> dict[str, Callable[[], object]]:
    def post(path: str, content: object) -> bytes:
        return caller.ask("POST", path, json.dumps(content).encode())

    def trigger() -> None:
        bodies = [{"payload": {"name": "x" * draw.randrange(2000)}} for _ in range(draw.randrange(1, 20))]
        made.extend(json.loads(post(PATH, body))["job_id"] for body in bodies)
        del made[:-200]

    def later() -> None:
        job = json.loads(post(PATH, {"payload": {"name": "later"}, "delay": 3600}))["job_id"]
        post(f"{JOBS}/{job}/cancel", {})

    def again() -> None:
        job = json.loads(post(PATH, {"payload": {"name": "once"}}))["job_id"]
        _until_it_ended(caller, job)
        post(f"{JOBS}/{job}/retry", {"force": True})
        _until_it_ended(caller, job)
        caller.ask("DELETE", f"{JOBS}/{job}")

    def unique() -> None:
        post(PATH, {"payload": {"name": "u"}, "unique": {"key": str(draw.randrange(5)), "policy": "skip"}})

    calls: dict[str, Callable[[], object]] = {
        "trigger": trigger,
        "cancel": later,
        "retry and delete": again,
        "unique": unique,
        "list": lambda: caller.page(f"limit={draw.randrange(1, 200)}"),
        "filter": lambda: caller.page("status=cancelled&limit=50"),
        "bulk": lambda: post(
            f"{JOBS}/bulk", {"jobs": [{"plugin": "bench", "command": "echo", "payload": {"name": "b"}}] * 20}
        ),
        "openapi": lambda: caller.ask("GET", "/openapi.json"),
        "health": lambda: caller.ask("GET", "/readyz"),
    }
    if made:
        calls["get"] = lambda: caller.ask("GET", f"{JOBS}/{draw.choice(made)}")
    return calls


def _until_it_ended(caller: Caller, job: str) -> None:
    for _ in range(200):
        if json.loads(caller.ask("GET", f"/job/{job}"))["status"] not in {"queued", "running"}:
            return
        time.sleep(0.01)
    raise RuntimeError(f"{job} does not end")


def run(minutes: float, threads: int) -> tuple[list[Series], dict[str, int]]:
    """Load a server of its own for so long."""
    folder = Path(tempfile.mkdtemp(prefix=".soak-", dir=Path.cwd()))
    stop, counts = threading.Event(), dict[str, int]()
    try:
        with hookyard(folder) as server:
            callers = [threading.Thread(target=rounds, args=(server, stop, counts, seed)) for seed in range(threads)]
            for caller in callers:
                caller.start()
            samples: list[list[float]] = []
            end = time.monotonic() + minutes * 60
            while time.monotonic() < end:
                time.sleep(EVERY)
                samples.append(sample(server))
                if len(samples) % 12 == 0:
                    print(
                        f"  {len(samples) * EVERY / 60:.0f} min:",
                        dict(zip(KINDS, samples[-1], strict=True)),
                        flush=True,
                    )
            stop.set()
            for caller in callers:
                caller.join()
    finally:
        stop.set()
        shutil.rmtree(folder, ignore_errors=True)
    fifth = max(1, len(samples) // 5)
    found: list[Series] = []
    for name, values in zip(KINDS, zip(*samples, strict=True), strict=True):
        early, late = statistics.median(values[fifth : 2 * fifth]), statistics.median(values[-fifth:])
        found.append(
            Series(name, round(early, 1), round(late, 1), round(min(values), 1), round(max(values), 1), BOUNDS[name])
        )
    return found, counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=4, help="callers, each with a connection of its own")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found, counts = run(options.minutes, options.threads)
    for series in found:
        print(("flat  " if series.flat else "GROWS ") + str(series))
    print(counts)
    if options.json is not None:
        series = [{**asdict(each), "flat": each.flat} for each in found]
        options.json.write_text(
            json.dumps({"minutes": options.minutes, "series": series, "calls": counts}, indent=2) + "\n"
        )
    raise SystemExit(0 if all(series.flat for series in found) else 1)


if __name__ == "__main__":
    main()
