"""The benchmarks' own arithmetic, and that the load they make is the load they report."""

from pathlib import Path

import pytest
from bench.harness import LATER, noop
from bench.load import LoadError, burst, paced
from bench.stats import Result, Spread, skipped
from bench.table import markdown


def row(ours: list[float], rival: list[float], **rest: object) -> Result:
    return Result("name", "work", "rival", "/s", ours, rival, **rest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_ratio_is_made_pair_by_pair() -> None:
    assert row([10.0, 40.0, 9.0], [20.0, 50.0, 10.0]).figure == Spread(median=0.8, least=0.5, most=0.9)


def test_a_row_without_a_rival_is_judged_by_its_own_figure() -> None:
    assert row([4.0, 6.0, 9.9], [], goal=10, better="lower").met is True
    assert row([4.0, 11.0, 12.0], [], goal=10, better="lower").met is False


def test_a_ratio_meets_its_goal_from_the_goal_upwards() -> None:
    assert row([6.0], [10.0], goal=0.6).met is True
    assert row([5.9], [10.0], goal=0.6).met is False


REPORT = {
    "taken_at": "2026-01-01T00:00:00Z",
    "machine": {
        **dict.fromkeys(["cpu", "system", "release", "python", "sqlite", "file_system", "hookyard", "commit"], "x"),
        "cores": 2,
        "load": 0.1,
        "fsync_ms": 0.3,
        "libraries": {"uvicorn": "1"},
    },
    "settings": {"connections": 64, "repeat": 5, "seconds": 5.0, "synchronous": "full", "load": "wrk 4"},
    "rows": [
        row([6.0], [10.0], goal=0.6).as_dict(),
        skipped("other", "other work", "other rival", "it is not installed", 5.0).as_dict(),
    ],
}


def test_the_page_says_why_a_row_was_not_measured() -> None:
    page = markdown(REPORT)
    assert "| work | rival | 6.00/s | 10.0/s | 0.60 (0.60 to 0.60) | >= 0.6 | met |" in page
    assert "| other work | other rival |  |  | skipped | >= 5 |  |" in page
    assert "other work: Not measured: it is not installed." in page


def test_runs_that_were_not_taken_side_by_side_have_tables_of_their_own() -> None:
    page = markdown(REPORT, REPORT | {"taken_at": "2026-01-02T03:04:05Z"})
    before, heading, after = page.partition("## The run of 2026-01-02, 03:04 UTC")
    assert heading
    assert before.count("| work | rival |") == after.count("| work | rival |") == 1


def test_the_python_client_loads_and_paces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_installed(name: str) -> None:
        del name

    monkeypatch.setattr("bench.load.shutil.which", nothing_installed)
    with noop(tmp_path) as server:
        target = server.target("/noop", LATER)
        free = burst(target, connections=4, seconds=2)
        timed = paced(target, connections=4, seconds=0.5, rate=200)
    assert free.requests > 4
    assert timed.requests == 100
    assert 0 < timed.p50_ms <= timed.p99_ms


def test_a_burst_that_is_refused_is_no_figure(tmp_path: Path) -> None:
    with noop(tmp_path) as server:
        closed = server.target("/noop", LATER)
    with pytest.raises(LoadError):
        burst(closed, connections=1, seconds=1)
