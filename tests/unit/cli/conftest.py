"""The command line, called as `hookyard` calls it but within the test's own process."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.unit.cli.gateway import Gateway, serving

from hookyard.cli import main


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def hookyard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Call the command line with some arguments."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["hookyard", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        code = caught.value.code
        assert isinstance(code, int)
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return call


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """A gateway that answers what the test says; the command line asks it with a token."""
    with serving() as found:
        monkeypatch.setenv("HOOKYARD_URL", found.url)
        monkeypatch.setenv("HOOKYARD_TOKEN", "hky_for_tests_only")
        yield found
