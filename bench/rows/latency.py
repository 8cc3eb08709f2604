"""How long a caller waits for its 202 when the server is half busy."""

from bench.harness import LATER, PATH, Options, hookyard, noop, rate, scratch
from bench.load import paced
from bench.stats import Result


def run(options: Options) -> list[Result]:
    ours_p99: list[float] = []
    bare_p99: list[float] = []
    with (
        scratch(options, "latency") as folder,
        hookyard(folder / "ours") as ours,
        noop(folder / "noop") as bare,
    ):
        mine, theirs = ours.target(PATH, LATER), bare.target("/noop", LATER)
        rate(options, mine)
        half = rate(options, mine) / 2
        late = 0.0
        for _ in range(options.repeat):
            load = paced(mine, connections=options.connections, seconds=options.seconds, rate=half)
            ours_p99.append(load.p99_ms)
            late = max(late, load.late_ms)
            beside = paced(theirs, connections=options.connections, seconds=options.seconds, rate=half)
            bare_p99.append(beside.p99_ms)
    return [
        Result(
            name="latency",
            work="accept p99 at half the peak rate",
            against="",
            unit=" ms",
            ours=ours_p99,
            goal=10,
            better="lower",
            note="Counted from when each request was due: a stall is charged for all it kept waiting.",
            extra={
                "rate": round(half),
                "no-op p99 at that rate": round(sorted(bare_p99)[len(bare_p99) // 2], 3),
                "client late at worst, ms": round(late, 3),
            },
        )
    ]
