"""`python -m bench`: measure, print the table, write the JSON."""

import argparse
import importlib
import json
import shutil
import tempfile
import time
from pathlib import Path

from bench.harness import Options
from bench.load import client_name
from bench.machine import describe
from bench.rows import ROWS
from bench.stats import Result
from bench.table import figure, print_report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Each row beside its rival.")
    parser.add_argument("--only", action="append", choices=list(ROWS), metavar="NAME", help=", ".join(ROWS))
    parser.add_argument("--repeat", type=int, help="pairs of measurements a row (5; with --quick 3)")
    parser.add_argument("--seconds", type=float, help="length of one burst of load (5; with --quick 2)")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="a few minutes less, a little more noise")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write everything measured there")
    parser.add_argument("--dir", type=Path, help="where the files under test live: on the disk that is meant")
    return parser.parse_args()


def settings(given: argparse.Namespace, folder: Path) -> Options:
    return Options(
        folder=folder,
        repeat=given.repeat or (3 if given.quick else 5),
        seconds=given.seconds or (2.0 if given.quick else 5.0),
        connections=given.connections,
        quick=given.quick,
    )


def measure(names: list[str], options: Options) -> list[Result]:
    results: list[Result] = []
    for name in names:
        print(f"{name} ...", flush=True)
        started = time.monotonic()
        for result in importlib.import_module(ROWS[name]).run(options):
            results.append(result)
            print(f"  {result.name}: {figure(result.as_dict())}", flush=True)
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    return results


def main() -> None:
    given = arguments()
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=given.dir or Path.cwd()))
    try:
        options = settings(given, folder)
        machine = describe(folder)
        if machine["file_system"] == "tmpfs":
            print("warning: that folder is in memory, where an fsync costs nothing: choose another, --dir")
        rows = [result.as_dict() for result in measure(given.only or list(ROWS), options)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report = {
        "taken_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine,
        "settings": {
            "connections": options.connections,
            "repeat": options.repeat,
            "seconds": options.seconds,
            "synchronous": "full",
            "load": client_name(),
        },
        "rows": rows,
    }
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_report(report)


if __name__ == "__main__":
    main()
