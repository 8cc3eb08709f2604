"""What is told of a job before its end: to callback URLs that ask for it, and to endpoints that name it."""

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

import pytest
from msgspec.structs import replace
from tests.unit.outbound.test_outbox import JOB, NOW, NoWriter, endpoint

from hookyard.config.model import Config, OutboundSettings
from hookyard.config.values import Secret
from hookyard.ids import IdSource
from hookyard.model import CallbackEvent, Job, JobOptions, Progress
from hookyard.outbound import Outbound
from hookyard.outbound.outbox import Outbox
from hookyard.testing import FakeClock

T = TypeVar("T")
SIGNED = OutboundSettings(callback_secrets=(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),))
RUNNING = replace(JOB, status="running", result=None, completed_at=None)


def asked(config: Config, question: Callable[[Outbox], T]) -> T:
    async def scenario() -> T:
        clock = FakeClock(NOW)
        return question(Outbound(config, NoWriter(), IdSource(clock), clock).outbox)

    return asyncio.run(scenario())


def called(*events: CallbackEvent, job: Job = RUNNING) -> Job:
    return replace(job, callback_url="https://example.com/done", options=JobOptions(callback_events=events))


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        (("job.*",), []),
        (("*",), []),
        (("job.started",), ["job.started"]),
        (("job.queued", "job.progress", "job.failed"), ["job.queued", "job.progress"]),
    ],
)
def test_endpoints_hear_of_jobs_under_way_only_by_the_very_names(events: tuple[str, ...], wanted: list[str]) -> None:
    config = Config(endpoints={"a": endpoint(events=events)})
    names = ("job.queued", "job.started", "job.progress")
    assert asked(config, lambda outbox: [name for name in names if outbox.notes(name, RUNNING)]) == wanted


def test_a_callback_is_told_what_it_asks_for_and_no_more() -> None:
    config = Config(outbound=SIGNED)
    job = called("started", "progress")
    assert asked(config, lambda outbox: outbox.notes("job.started", job))
    assert asked(config, lambda outbox: outbox.notes("job.progress", job))
    assert not asked(config, lambda outbox: outbox.notes("job.queued", job))
    assert not asked(config, lambda outbox: outbox.notes("job.started", called("finished")))
    assert asked(config, lambda outbox: outbox.plan(called("started", job=JOB), NOW)) == ()
    assert len(asked(config, lambda outbox: outbox.plan(called("finished", job=JOB), NOW))) == 1


def test_what_is_told_says_how_the_job_is() -> None:
    config = Config(endpoints={"a": endpoint(events=("job.progress",))}, outbound=SIGNED)
    job = replace(called("progress"), progress=Progress(3, 10, "three"))
    first, second = asked(config, lambda outbox: outbox.notice(job, "job.progress", NOW))
    assert (first.endpoint, second.url) == ("a", "https://example.com/done")
    assert first.body == second.body
    body = json.loads(first.body)
    assert body["type"] == "job.progress"
    data = body["data"]
    assert (data["status"], data["progress"]) == ("running", {"done": 3, "total": 10, "message": "three"})
    assert "completed_at" not in data


def test_an_end_names_the_artifact_that_holds_a_large_result() -> None:
    job = replace(JOB, result=None, result_artifact="result.json")
    (delivery,) = asked(Config(endpoints={"a": endpoint()}), lambda outbox: outbox.plan(job, NOW))
    data = json.loads(delivery.body)["data"]
    assert data["result_artifact"] == "result.json"
    assert "result" not in data
