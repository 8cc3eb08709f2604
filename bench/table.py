"""The table of a run, for a terminal or as a page of the documentation.

`python -m bench.table FILE.json ...` prints it; with `--markdown` it is `docs/explanation/speed.md`, where each run has
a table of its own: figures of two runs were not taken side by side.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]
Report = dict[str, Any]


def number(value: float) -> str:
    """Two or three digits that mean something: 0.62, 5.41, 11.2, 12,345."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def figure(row: Row) -> str:
    if row["skipped"]:
        return "skipped"
    spread, unit = row["figure"], "" if row["rival"] else row["unit"]
    return f"{number(spread['median'])}{unit} ({number(spread['least'])} to {number(spread['most'])})"


def goal(row: Row) -> str:
    if row["goal"] is None:
        return ""
    if row["better"] == "higher":
        return f">= {row['goal']:g}"
    return f"< {row['goal']:g}{'' if row['rival'] else row['unit']}"


def verdict(row: Row) -> str:
    return {True: "met", False: "missed", None: ""}[row["met"]]


def measured(row: Row, key: str) -> str:
    value = row.get(f"{key}_median")
    return "" if value is None else f"{number(value)}{row['unit']}"


def cells(row: Row) -> list[str]:
    return [
        row["work"],
        row["against"],
        measured(row, "ours"),
        measured(row, "rival"),
        figure(row),
        goal(row),
        verdict(row),
    ]


HEADINGS = ["work", "against", "Hookyard", "rival", "ratio, median (least to most)", "goal", ""]


def machine_lines(report: Report) -> list[str]:
    machine, settings = report["machine"], report["settings"]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    system = f"{machine['system']} {machine['release']}, load {machine['load']} at the start"
    fsync = f"one fsync costs {machine['fsync_ms']} ms here ({machine['file_system']})"
    bursts = f"{settings['repeat']} pairs of {settings['seconds']:g} s bursts"
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {system}",
        f"Python {machine['python']}, SQLite {machine['sqlite']}, {libraries}",
        f"Durability: synchronous={settings['synchronous']}, answered after commit; {fsync}",
        f"{settings['connections']} connections over loopback, {bursts}; load by {settings['load']}",
        f"Hookyard {machine['hookyard']}, commit {machine['commit']}, {report['taken_at']}",
    ]


def notes(report: Report) -> list[str]:
    found: list[str] = []
    for row in report["rows"]:
        parts = [row["note"], f"Not measured: {row['skipped']}." if row["skipped"] else ""]
        parts += [f"{name}: {value}." for name, value in row["extra"].items()]
        if text := " ".join(part for part in parts if part):
            found.append(f"{row['work']}: {text}")
    return found


def print_report(report: Report, console: Console | None = None) -> None:
    """The table for a terminal."""
    out = console or Console(width=max(Console().width, 140))
    table = Table(*HEADINGS, show_lines=True)
    for row in report["rows"]:
        table.add_row(*cells(row))
    out.print(table)
    for line in [*machine_lines(report), *notes(report)]:
        out.print(line, style="dim", highlight=False)


HEAD = """# Speed

Every figure is a ratio of two measurements taken one right after the other, in one run, on one machine, with
the rival beside it. Absolute rates are of that machine only: compare ratios. `python -m bench` measures them
on yours, and this page is made from its JSON by `python -m bench.table FILE ... --markdown`.

"""


def markdown(first: Report, *others: Report) -> str:
    """The page of the documentation."""
    later = [
        f"\n## The run of {report['taken_at'][:10]}, {report['taken_at'][11:16]} UTC\n\n{section(report)}"
        for report in others
    ]
    return HEAD + section(first) + "".join(later)


def section(report: Report) -> str:
    """What one run measured."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in report["rows"]]
    tail = ["", "Taken on:", "", *[f"- {line}" for line in machine_lines(report)]]
    if said := notes(report):
        tail += ["", "Notes:", "", *[f"- {line}" for line in said]]
    return "\n".join([*lines, *tail, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the table of a run.")
    parser.add_argument("reports", type=Path, nargs="+", help="the JSON that `python -m bench --json` wrote")
    parser.add_argument("--markdown", action="store_true", help="as a page of the documentation")
    options = parser.parse_args()
    reports: list[Report] = [json.loads(path.read_text("utf-8")) for path in options.reports]
    if options.markdown:
        print(markdown(*reports), end="")
    else:
        for report in reports:
            print_report(report)


if __name__ == "__main__":
    main()
