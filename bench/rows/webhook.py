"""Against adnanh/webhook, which runs a program for each call and keeps nothing of it."""

import json
import shutil
from pathlib import Path

from bench.harness import LATER, PATH, Options, hookyard, interleaved, rate, scratch, serving
from bench.stats import Result, skipped

WORK = "trigger accepted, durable"
GOALS = {
    "webhook-accepted": (
        "adnanh/webhook accepting: answers at once, starts /bin/true behind it, keeps nothing",
        1.2,
    ),
    "webhook-executed": ("adnanh/webhook really executing /bin/true: answers when it has ended", 5.0),
}


def hooks(path: Path) -> Path:
    """Two hooks: one answers before its program ran, the other after."""
    common = {"execute-command": "/bin/true", "http-methods": ["POST"]}
    path.write_text(
        json.dumps(
            [
                {"id": "webhook-accepted", **common},
                {"id": "webhook-executed", **common, "include-command-output-in-response": True},
            ]
        ),
        encoding="utf-8",
    )
    return path


def run(options: Options) -> list[Result]:
    program = shutil.which("webhook")
    if program is None:
        reason = "`webhook` is not installed (Debian: apt-get install webhook)"
        return [skipped(name, WORK, against, reason, goal) for name, (against, goal) in GOALS.items()]
    results: list[Result] = []
    with scratch(options, "webhook") as folder:
        file = hooks(folder / "hooks.json")

        def command(port: int) -> list[str]:
            return [program, "-hooks", str(file), "-ip", "127.0.0.1", "-port", str(port)]

        with hookyard(folder / "ours") as ours, serving("webhook", command, folder / "peer") as peer:
            for name, (against, goal) in GOALS.items():
                target = peer.target(f"/hooks/{name}", LATER)
                taken, theirs = interleaved(
                    options,
                    lambda: rate(options, ours.target(PATH, LATER)),
                    lambda target=target: rate(options, target),
                )
                results.append(Result(name, WORK, against, "requests/s", taken, theirs, goal))
    return results
