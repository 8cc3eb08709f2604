"""Fixtures of the gateway tests."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import pytest
from structlog.testing import CapturingLogger
from tests.unit.gateway.lab import House, house_of
from tests.unit.gateway.remembered import remember_signatures

remember_signatures()

ONE_WAY: Final = {
    "test_audit",
    "test_documents",
    "test_event_types",
    "test_job_changes",
    "test_job_details",
    "test_job_life",
    "test_job_parts",
    "test_jobs",
    "test_plugins",
}
"""About routes that the lean path does not answer: what they trigger only makes the jobs they look at."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try what every other file asks of a gateway on the lean path and without it."""
    if "path_taken" in metafunc.fixturenames and metafunc.definition.path.stem not in ONE_WAY:
        metafunc.parametrize("path_taken", ["lean", "ordinary"], indirect=True)


@pytest.fixture
def path_taken(request: pytest.FixtureRequest) -> str:
    """By which path the hot requests go: `lean` or `ordinary`."""
    return str(getattr(request, "param", "lean"))


@pytest.fixture
def house(path_taken: str) -> House:
    """A gateway."""
    return house_of(lean=path_taken == "lean")


@pytest.fixture
def standing(path_taken: str) -> Iterator[House]:
    """A gateway that is asked by many tests in turn: it refuses what they ask, so that none leaves anything behind."""
    house = one_of(path_taken)
    house.clock.advance(3_600_000)  # no limit remembers the test before
    yield house
    assert not house.dispatcher.jobs


@cache
def one_of(path_taken: str) -> House:
    return house_of(lean=path_taken == "lean")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Sequence[tuple[str, tuple[object, ...], dict[str, object]]]:
    """The log lines of the gateway: level, event, facts."""
    logger = CapturingLogger()
    monkeypatch.setattr("hookyard.gateway.refusals._log", logger)
    return logger.calls
