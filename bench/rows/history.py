"""Whether a long history makes accepting slower."""

from bench.fill import filled
from bench.harness import LATER, PATH, Options, hookyard, interleaved, rate, scratch
from bench.stats import Result, skipped

LONG, SHORT = 1_000_000, 1_000
WORK = "accept rate with 1,000,000 finished jobs in the file"
AGAINST = "the same with 1,000"


def run(options: Options) -> list[Result]:
    if options.quick:
        return [skipped("history", WORK, AGAINST, "filling a million rows takes minutes: not with --quick", 0.9)]
    with scratch(options, "history") as folder:
        for name, count in (("long", LONG), ("short", SHORT)):
            (folder / name).mkdir()
            seconds = filled(folder / name / "hookyard.db", count)
            print(f"  filled {count:,} jobs in {seconds:.0f} s", flush=True)
        size = (folder / "long" / "hookyard.db").stat().st_size
        with hookyard(folder / "long") as old, hookyard(folder / "short") as young:
            long, short = interleaved(
                options,
                lambda: rate(options, old.target(PATH, LATER)),
                lambda: rate(options, young.target(PATH, LATER)),
            )
    extra = {"file, MiB": round(size / 2**20)}
    return [Result("history", WORK, AGAINST, "/s", long, short, goal=0.9, extra=extra)]
