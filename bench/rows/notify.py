"""And beyond its life: the end is told to a receiver by a signed webhook, whose outcome is stored too."""

import contextlib
import sys
import time

from bench import progress
from bench.harness import (
    BODY,
    PATH,
    Options,
    Receiver,
    Server,
    hookyard,
    interleaved,
    measure,
    noop,
    rate,
    scratch,
    serving,
)
from bench.stats import Result


def told(options: Options, server: Server, receiver: Server) -> float:
    """Jobs a second from the first request to the moment the last delivery's outcome is on disk."""
    with progress.reading(server.folder / "hookyard.db") as db:
        before = progress.one(db, progress.DONE_DELIVERIES)
        heard = int(receiver.get("/count")[1])
        started = time.time()
        load = measure(options, server.target(PATH, BODY))
        jobs, deliveries = (progress.QUEUED, progress.RUNNING), (progress.PENDING, progress.SENDING)
        progress.wait_until_done(db, *jobs, *deliveries, patience=120)
        done = progress.one(db, progress.DONE_DELIVERIES) - before
        ended = progress.one(db, progress.LAST_DELIVERY) / 1000
    if done < load.requests or int(receiver.get("/count")[1]) - heard < done:
        raise RuntimeError(f"{load.requests} jobs were accepted and {done} deliveries arrived")
    return done / (ended - started)


def run(options: Options) -> list[Result]:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(options, "notify"))
        listener = stack.enter_context(
            serving(
                "receiver",
                lambda port: [sys.executable, "-m", "bench.peers.receiver", str(port)],
                folder / "receiver",
            )
        )
        ours = stack.enter_context(hookyard(folder / "ours", Receiver(listener.port)))
        bare = stack.enter_context(noop(folder / "noop"))
        sent, answered = interleaved(
            options, lambda: told(options, ours, listener), lambda: rate(options, bare.target("/noop", BODY))
        )
    return [
        Result(
            name="notify",
            work="... and a signed webhook delivered to a loopback receiver, its outcome stored",
            against="the same no-op",
            unit="/s",
            ours=sent,
            rival=answered,
            goal=0.2,
            note="The receiver, the load and Hookyard share the cores: each job is accepted, run and told. Aim: 0.3.",
        )
    ]
