"""Against the same thing made by hand: FastAPI, sqlite3, one durable commit a request."""

import secrets

from bench.harness import LATER, PATH, Options, hookyard, interleaved, rate, scratch, serving, uvicorn
from bench.stats import Result


def run(options: Options) -> list[Result]:
    with scratch(options, "hand-made") as folder:
        token = secrets.token_urlsafe(32)
        env = {"BENCH_TOKEN": token, "BENCH_DB": str(folder / "peer.db")}
        start = uvicorn("bench.peers.fastapi_sqlite:app", "on")
        with (
            hookyard(folder / "ours") as ours,
            serving("fastapi", start, folder, env=env, token=token) as peer,
        ):
            taken, stored = interleaved(
                options,
                lambda: rate(options, ours.target(PATH, LATER)),
                lambda: rate(options, peer.target(PATH, LATER)),
            )
    return [
        Result(
            name="hand-made",
            work="trigger accepted (202 after commit)",
            against="FastAPI with sqlite3 (WAL, synchronous=FULL), one commit per request",
            unit="/s",
            ours=taken,
            rival=stored,
            goal=10,
        )
    ]
