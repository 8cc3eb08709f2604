"""What an attempt's end means for its job."""

from typing import Any, cast

import pytest
from msgspec import Struct
from tests.unit.dispatch.lab import new_job

from hookyard import CommandError, Context, Plugin, Retry, RetryLater
from hookyard.dispatch.verdict import Again, Ended, Limits, judge, lost
from hookyard.errors import AttemptTimedOut, CallError, ContextError, EgressDenied, InvalidOutput, PluginFailed
from hookyard.host.registry import Command
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.testing import FakeClock


class Nothing(Struct):
    pass


@pytest.fixture
def command() -> Command:
    plugin: Plugin[None] = Plugin("lab")

    async def work(data: Nothing, ctx: Context[None]) -> Nothing:
        return data

    plugin.command(retry=Retry(attempts=3, base=2.0, factor=3.0, cap=5.0))(work)
    return Command(
        spec=plugin.commands["work"], config=None, lane="lab/work", lane_limit=1, timeout=1000, max_attempts=3
    )


def job(attempt: int = 1) -> Job:
    return new_job(IdSource(FakeClock()), FakeClock(), "succeed", "", attempt=attempt, status="running")


HALF = Limits(draw=0.5)


def test_an_error_waits_for_its_share_of_a_growing_capped_delay(command: Command) -> None:
    ends = [judge(RuntimeError(), job(attempt), command, HALF) for attempt in (1, 2)]
    assert [end.after for end in ends if isinstance(end, Again)] == [1000, 2500]


def test_the_last_attempts_error_ends_the_job(command: Command) -> None:
    end = judge(RuntimeError("secret"), job(3), command, HALF)
    assert isinstance(end, Ended)
    assert (end.status, end.reason) == ("failed", "attempts_exhausted")
    assert end.error is not None
    assert "secret" not in end.error.message


def test_a_time_out_is_tried_again_and_in_the_end_is_one(command: Command) -> None:
    error = AttemptTimedOut("lab/work", 1000)
    assert isinstance(judge(error, job(1), command, HALF), Again)
    end = judge(error, job(3), command, HALF)
    assert isinstance(end, Ended)
    assert (end.status, end.reason) == ("timed_out", "deadline")


def test_an_answer_of_the_wrong_type_is_not_tried_again(command: Command) -> None:
    end = judge(InvalidOutput("lab/work", "no"), job(1), command, HALF)
    assert isinstance(end, Ended)
    assert end.reason == "invalid_output"


def test_retry_later_takes_its_attempt_back_even_the_last(command: Command) -> None:
    end = judge(RetryLater(2.5), job(3), command, HALF)
    assert isinstance(end, Again)
    assert (end.after, end.uncount) == (2500, True)


def test_a_lost_worker_counts_and_too_many_end_the_job() -> None:
    assert isinstance(lost(job(2)), Again)
    end = lost(job(3))
    assert isinstance(end, Ended)
    assert end.reason == "worker_lost"


class Unwritable:
    def __repr__(self) -> str:
        raise RuntimeError("not even this")


@pytest.mark.parametrize("details", [{"cause": Unwritable()}, {1: {2: object()}}, {"half": "\ud800"}])
def test_details_that_are_not_json_are_dropped_and_the_refusal_stands(command: Command, details: Any) -> None:  # noqa: ANN401  anything a plugin may pass
    end = judge(CommandError("no", code="no", retryable=False, details=details), job(1), command, HALF)
    assert isinstance(end, Ended)
    assert (end.status, end.reason) == ("failed", "not_retryable")
    assert end.error is not None
    assert end.error.details is None


def test_half_a_surrogate_pair_in_a_message_is_kept_as_what_can_be_written(command: Command) -> None:
    end = judge(CommandError("no file caf\udce9", retryable=False), job(1), command, HALF)
    assert end.error is not None
    assert end.error.message == "no file caf?"


def test_what_a_plugin_says_is_kept_as_the_types_that_are_declared(command: Command) -> None:
    error = CommandError("no", code="no", retryable=False, details={"at": (1, 2)})
    error.code = cast("str", 404)  # attributes are not checked by anybody
    error.message = cast("str", None)
    end = judge(error, job(1), command, HALF)
    assert end.error is not None
    assert (end.error.code, end.error.message, end.error.details) == ("404", "None", {"at": [1, 2]})


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ContextError("it is refused"), "context_error", "it is refused"),
        (EgressDenied("not there"), "egress_denied", "not there"),
        (CallError("lab/x failed: no", code="no_stock"), "no_stock", "lab/x failed: no"),
        (PluginFailed("lab/work", "it died", code="exited"), "exited", "lab/work: it died"),
    ],
)
def test_what_the_context_and_the_plugins_process_say_is_shown_and_tried_again(
    command: Command, error: Exception, code: str, message: str
) -> None:
    assert isinstance(judge(error, job(1), command, HALF), Again)
    end = judge(error, job(3), command, HALF)
    assert isinstance(end, Ended)
    assert end.reason == "attempts_exhausted"
    assert end.error is not None
    assert (end.error.code, end.error.message, end.error.retryable) == (code, message, True)


def test_a_process_that_can_never_do_better_is_not_tried_again(command: Command) -> None:
    end = judge(PluginFailed("lab/work", "exit 78", retryable=False), job(1), command, HALF)
    assert isinstance(end, Ended)
    assert (end.status, end.reason) == ("failed", "not_retryable")


def test_what_the_context_refuses_for_what_it_is_is_not_asked_again(command: Command) -> None:
    end = judge(ContextError("no such type", retryable=False), job(1), command, HALF)
    assert isinstance(end, Ended)
    assert (end.status, end.reason) == ("failed", "not_retryable")
    assert end.error is not None
    assert (end.error.code, end.error.retryable) == ("context_error", False)


def test_calls_that_stand_too_deep_are_not_made_again(command: Command) -> None:
    end = judge(CallError("lab/x failed: too deep", code="call_depth"), job(1), command, HALF)
    assert isinstance(end, Ended)
    assert (end.status, end.reason) == ("failed", "not_retryable")
    assert end.error is not None
    assert not end.error.retryable
