"""Only the sending: webhooks of jobs that are finished, signed, delivered, their outcomes stored."""

import contextlib
import itertools
import subprocess
import sys
import uuid
from pathlib import Path

from tests.ports import free_port

from bench import progress
from bench.fill import BODY as EVENT
from bench.fill import filled
from bench.harness import (
    BODY,
    Options,
    Receiver,
    Server,
    hookyard,
    interleaved,
    noop,
    rate,
    scratch,
    serving,
)
from bench.peers.httpx_loop import connect
from bench.stats import Result

ENDPOINT = "loopback"
SPAN = (
    "SELECT (SELECT max(completed_at) FROM delivery WHERE status = 'delivered')"
    " - (SELECT min(started_at) FROM delivery_attempt)"
)


def receiver_process(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """The receiver, in a process of its own."""
    return serving("receiver", lambda port: [sys.executable, "-m", "bench.peers.receiver", str(port)], folder)


def sent(folder: Path, count: int, listener: Server) -> float:
    """Webhooks a second, from the first request to the last outcome on disk, of a server that starts with all."""
    heard = int(listener.get("/count")[1])
    folder.mkdir(parents=True)
    filled(folder / "hookyard.db", count, ENDPOINT)
    with hookyard(folder, Receiver(listener.port)), progress.reading(folder / "hookyard.db") as db:
        progress.wait_until_done(db, progress.PENDING, progress.SENDING, patience=120)
        took = progress.one(db, SPAN) / 1000
        if progress.one(db, progress.DONE_DELIVERIES) != count:
            raise RuntimeError("not all of them arrived")
    if int(listener.get("/count")[1]) - heard < count:
        raise RuntimeError("the receiver has not seen all of them")
    return count / took


def by_hand(folder: Path, count: int, listener: Server) -> float:
    """The same by the loop that one writes oneself."""
    folder.mkdir(parents=True)
    path = str(folder / "peer.db")
    db = connect(path)
    with db:
        db.execute("BEGIN")
        ids = (str(uuid.uuid4()) for _ in range(count))
        db.executemany(
            "INSERT INTO delivery VALUES (?, ?, 'pending', 0, NULL, NULL)", ((one, EVENT % one.encode()) for one in ids)
        )
        db.execute("COMMIT")
    db.close()
    program = [sys.executable, "-m", "bench.peers.httpx_loop", path, f"http://127.0.0.1:{listener.port}/"]
    done = subprocess.run(
        [*program, Receiver(free_port()).secret], capture_output=True, text=True, check=True, timeout=120
    )
    return float(done.stdout)


def run(options: Options) -> list[Result]:
    count = 10_000 if options.quick else 20_000
    turns = itertools.count()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(options, "deliver"))
        listener = stack.enter_context(receiver_process(folder / "receiver"))
        bare = stack.enter_context(noop(folder / "noop"))

        def ours() -> float:
            return sent(folder / f"ours-{next(turns)}", count, listener)

        against_bare = interleaved(options, ours, lambda: rate(options, bare.target("/noop", BODY)))
        against_loop = interleaved(
            options, ours, lambda: by_hand(folder / f"peer-{next(turns)}", count // 10, listener)
        )
    work = "signed webhooks of finished jobs delivered to a loopback receiver, their outcomes stored"
    return [
        Result(
            "deliver",
            work,
            "the same no-op",
            "/s",
            *against_bare,
            goal=0.25,
            note=f"{count:,} jobs that have ended, each with its webhook still to be sent, when the server starts.",
        ),
        Result(
            "deliver-hand-made",
            work,
            "a loop of httpx.AsyncClient.post, 8 at once, one commit per delivery",
            "/s",
            *against_loop,
            goal=4,
        ),
    ]
