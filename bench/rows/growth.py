"""Whether anything that is asked over HTTP costs more with a long history: one row for each kind of question."""

import http.client
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from bench.fill import filled
from bench.harness import LATER, PATH, Options, Server, hookyard, scratch
from bench.stats import Result, skipped

LONG, SHORT = 1_000_000, 1_000
GOAL = 1.5
REQUESTS = 200
"""Of each kind and server in a repeat, a few at a time in turn."""
TURN = 20
JOBS = "/api/v1/jobs"

Ask = Callable[[], None]


class Caller:
    """One kept-alive connection to a server."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self._headers = {"Authorization": f"Bearer {server.token}"}

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {content[:200]!r}")
        return content

    def page(self, query: str) -> tuple[list[dict[str, object]], str | None]:
        found = json.loads(self.ask("GET", f"{JOBS}?{query}"))
        return found["jobs"], found["next"]


def questions(caller: Caller, middle: float) -> dict[str, Ask]:
    """What is asked, by name; `middle` is when half of the history had been made."""
    newest, _ = caller.page("limit=1")
    some = str(newest[0]["id"] if "id" in newest[0] else newest[0]["job_id"])

    def get(path: str) -> Ask:
        return lambda: void(caller.ask("GET", path))

    return {
        "accept": lambda: void(caller.ask("POST", PATH, LATER)),
        "get": get(f"{JOBS}/{some}"),
        "newest page": get(f"{JOBS}?limit=50"),
        "page of what failed": get(f"{JOBS}?status=failed&limit=50"),
        "page of a rare command": get(f"{JOBS}?plugin=bench&command=rare&limit=50"),
        "page of a source": get(f"{JOBS}?source=github&limit=50"),
        "page of a tag": get(f"{JOBS}?tag=nightly&limit=50"),
        "page of an error's text": get(f"{JOBS}?status=failed&error=disk_full&limit=50"),
        "page of what nobody made": get(f"{JOBS}?principal=token%3Anobody&limit=50"),
        "deep page": get(f"{JOBS}?limit=50&cursor={quote(_behind(caller, middle))}"),
    }


def void(_: object) -> None:
    """Nothing."""


def _behind(caller: Caller, moment: float) -> str:
    """The cursor of the page after the one that begins at this time."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    _, cursor = caller.page(f"limit=50&created_until={quote(text)}")
    if cursor is None:
        raise RuntimeError("the middle of the history has no next page")
    return cursor


def run(options: Options) -> list[Result]:
    """One row for each question."""
    if options.quick:
        work, against = "p50 over HTTP with 1,000,000 jobs in the file", "the same with 1,000"
        return [skipped("growth", work, against, "filling a million rows takes minutes: not with --quick", GOAL)]
    with scratch(options, "growth") as folder:
        middles = [_fill(folder / name, count) for name, count in (("long", LONG), ("short", SHORT))]
        with hookyard(folder / "long") as old, hookyard(folder / "short") as young:
            asked, rival = (
                questions(Caller(server), middle) for server, middle in zip((old, young), middles, strict=True)
            )
            return [_row(options, name, asked[name], rival[name]) for name in asked]


def _fill(folder: Path, count: int) -> float:
    """Fill a file in this folder; returns when half of it was made."""
    folder.mkdir()
    seconds = filled(folder / "hookyard.db", count)
    print(f"  filled {count:,} jobs in {seconds:.0f} s", flush=True)
    return time.time() - seconds / 2


def _row(options: Options, name: str, ours: Ask, rival: Ask) -> Result:
    long: list[float] = []
    short: list[float] = []
    timed(ours), timed(rival)  # unmeasured: caches and prepared statements
    for _ in range(options.repeat):
        turns = [(timed(ours), timed(rival)) for _ in range(REQUESTS // TURN)]
        long.append(statistics.median(one for mine, _ in turns for one in mine))
        short.append(statistics.median(one for _, theirs in turns for one in theirs))
    return Result(
        name="growth",
        work=f"{name}: p50 with 1,000,000 jobs in the file",
        against="the same with 1,000",
        unit=" ms",
        ours=long,
        rival=short,
        goal=GOAL,
        better="lower",
    )


def timed(ask: Ask) -> list[float]:
    """How long each of a few took, in milliseconds."""
    times: list[float] = []
    for _ in range(TURN):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return times
