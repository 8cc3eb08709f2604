"""Against adnanh/webhook, which runs a program for each call and keeps nothing of it."""

import json
import shutil
from functools import partial
from pathlib import Path

from bench.harness import LATER, PATH, Options, hookyard, interleaved, rate, scratch, serving
from bench.stats import Result, skipped

WORK = "trigger accepted, durable"
ROWS = {
    "webhook-accepted": ("adnanh/webhook accepting: answers at once, runs /bin/true behind it", 1.2),
    "webhook-executed": ("adnanh/webhook really executing /bin/true: answers when it has ended", 5.0),
}


def hooks(path: Path) -> Path:
    """Two hooks: one answers before its program ran, the other after."""
    common = {"execute-command": "/bin/true", "http-methods": ["POST"]}
    waits = {**common, "include-command-output-in-response": True}
    both = [{"id": "webhook-accepted", **common}, {"id": "webhook-executed", **waits}]
    path.write_text(json.dumps(both), encoding="utf-8")
    return path


def theirs(options: Options, folder: Path, program: str, hook: str) -> float:
    """Its rate, just started: what an earlier burst left to run would still be running."""
    command = [program, "-hooks", str(hooks(folder / "hooks.json")), "-ip", "127.0.0.1"]
    with serving("webhook", lambda port: [*command, "-port", str(port)], folder) as server:
        return rate(options, server.target(f"/hooks/{hook}", LATER))


def run(options: Options) -> list[Result]:
    program = shutil.which("webhook")
    if program is None:
        reason = "`webhook` is not installed (Debian: apt-get install webhook)"
        return [skipped(name, WORK, against, reason, goal) for name, (against, goal) in ROWS.items()]
    results: list[Result] = []
    with scratch(options, "webhook") as folder, hookyard(folder / "ours") as server:
        ours = partial(rate, options, server.target(PATH, LATER))
        for name, (against, goal) in ROWS.items():
            taken, rival = interleaved(options, ours, partial(theirs, options, folder, program, name))
            results.append(Result(name, WORK, against, "/s", taken, rival, goal))
    return results
