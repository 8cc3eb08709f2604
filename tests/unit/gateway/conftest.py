"""Fixtures of the gateway tests."""

from collections.abc import Sequence

import pytest
from structlog.testing import CapturingLogger
from tests.unit.gateway.lab import House, house_of


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def house(request: pytest.FixtureRequest) -> House:
    """A gateway; every test runs on the lean path and without it."""
    return house_of(lean=request.param)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Sequence[tuple[str, tuple[object, ...], dict[str, object]]]:
    """The log lines of the gateway: level, event, facts."""
    logger = CapturingLogger()
    monkeypatch.setattr("hookyard.gateway.refusals._log", logger)
    return logger.calls
