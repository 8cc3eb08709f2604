"""What a server needs of memory that finds 100,000 webhooks to send at its start."""

import contextlib
import itertools
import re
from pathlib import Path

from bench import progress
from bench.fill import filled
from bench.harness import Options, Receiver, Server, hookyard, interleaved, scratch
from bench.rows.deliver import ENDPOINT, receiver_process
from bench.stats import Result

MANY, FEW = 100_000, 1_000


def peak(folder: Path, count: int, listener: Server) -> float:
    """MiB at most until all of them were delivered."""
    folder.mkdir(parents=True)
    filled(folder / "hookyard.db", count, ENDPOINT)
    with hookyard(folder, Receiver(listener.port)) as server, progress.reading(folder / "hookyard.db") as db:
        progress.wait_until_done(db, progress.PENDING, progress.SENDING, patience=300)
        if progress.one(db, progress.DONE_DELIVERIES) != count:
            raise RuntimeError("not all of them arrived")
        status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def run(options: Options) -> list[Result]:
    turns = itertools.count()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(options, "pending"))
        listener = stack.enter_context(receiver_process(folder / "receiver"))
        many, few = interleaved(
            options,
            lambda: peak(folder / f"many-{next(turns)}", MANY, listener),
            lambda: peak(folder / f"few-{next(turns)}", FEW, listener),
        )
    return [
        Result(
            name="pending",
            work=f"memory at most, with {MANY:,} webhooks to send at the start",
            against=f"the same with {FEW:,}",
            unit=" MiB",
            ours=many,
            rival=few,
            goal=1.25,
            better="lower",
        )
    ]
