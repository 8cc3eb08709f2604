"""How much of the server's own speed is left once a trigger is authenticated, decoded and stored durably."""

from bench.harness import LATER, PATH, Options, hookyard, interleaved, noop, rate, scratch
from bench.stats import Result


def run(options: Options) -> list[Result]:
    with (
        scratch(options, "accept") as folder,
        hookyard(folder / "ours") as ours,
        noop(folder / "noop") as bare,
    ):
        taken, answered = interleaved(
            options,
            lambda: rate(options, ours.target(PATH, LATER)),
            lambda: rate(options, bare.target("/noop", LATER)),
        )
    return [
        Result(
            name="accept",
            work="trigger accepted (202 after commit)",
            against="the same server answering a bare ASGI no-op POST",
            unit="/s",
            ours=taken,
            rival=answered,
            goal=0.6,
            note="Jobs are due in an hour, so that nothing runs beside the accepting.",
        )
    ]
