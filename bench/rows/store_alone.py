"""The store without the rest, against raw APSW writing the same rows; measured by `bench.store`."""

import json
import os
import statistics
import subprocess
import sys

from bench.harness import ROOT, Options, scratch
from bench.stats import Result

OURS = "coalescer, 64 callers"


def run(options: Options) -> list[Result]:
    with scratch(options, "store") as folder:
        path = folder / "store.json"
        command = [sys.executable, "-m", "bench.store", "--json", str(path)]
        command += ["--repeats", str(options.repeat), "--seconds", str(min(options.seconds, 3.0))]
        # Its files go into folders of their own below this one, on the disk that is meant.
        env = {**os.environ, "TMPDIR": str(folder)}
        subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=True, timeout=600)
        samples: dict[str, list[float]] = json.loads(path.read_text("utf-8"))["all"]
    ours = samples.pop(OURS)
    rival = max(samples, key=lambda name: statistics.median(samples[name]))
    return [
        Result(
            name="store",
            work="the store alone, 64 callers, enqueue and finish",
            against="raw APSW writing the same rows in batches of 64",
            unit="/s",
            ours=ours,
            rival=samples[rival],
            goal=0.6,
            note=f"The rival is the faster of its ways to write them: {rival}.",
        )
    ]
