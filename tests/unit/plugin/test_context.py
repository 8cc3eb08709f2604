from collections.abc import Callable
from typing import Any

import pytest

from hookyard import Cancelled, Context, JobInfo, Logger, SyncContext
from hookyard.context import CancelFlag

INFO = JobInfo(id="1", plugin="lab", command="one")
Kind = Callable[..., Context[Any] | SyncContext[Any]]
kinds = pytest.mark.parametrize("kind", [Context, SyncContext])


class Recorder:
    """A logger that counts how often it was made."""

    made = 0

    def __call__(self, info: JobInfo) -> Logger:
        assert info is INFO
        self.made += 1
        return self

    def debug(self, event: str, **values: object) -> None: ...
    def info(self, event: str, **values: object) -> None: ...
    def warning(self, event: str, **values: object) -> None: ...
    def error(self, event: str, **values: object) -> None: ...
    def exception(self, event: str, **values: object) -> None: ...


@kinds
def test_a_context_knows_the_job_and_the_configuration(kind: Kind) -> None:
    ctx = kind("settings", INFO, CancelFlag(), Recorder())
    assert ctx.job is INFO
    assert ctx.config == "settings"


@kinds
def test_a_cancelled_job_is_seen_and_raised(kind: Kind) -> None:
    flag = CancelFlag()
    ctx = kind(None, INFO, flag, Recorder())
    before = ctx.cancelled
    ctx.raise_if_cancelled()
    flag.set()
    assert (before, ctx.cancelled) == (False, True)
    with pytest.raises(Cancelled, match="cancelled or its time is up"):
        ctx.raise_if_cancelled()


@kinds
def test_the_logger_is_made_once_and_only_when_it_is_used(kind: Kind) -> None:
    recorder = Recorder()
    ctx = kind(None, INFO, CancelFlag(), recorder)
    assert recorder.made == 0
    assert ctx.log is ctx.log
    assert recorder.made == 1
