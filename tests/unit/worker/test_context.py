import asyncio
from pathlib import Path

import pytest
from msgspec import Raw
from tests.unit.worker.lab import Lab, Port, in_lab

from hookyard.context.messages import CallCommand, CallDone
from hookyard.errors import CallError

FILE = Path(__file__).parent / "plugins" / "talks.py"


def answer(call: CallCommand) -> CallDone:
    if call.command == "other/fails":
        raise CallError("it did not", code="gone", job_id="child-2", retryable=False)
    return CallDone(job_id="child-1", status="succeeded", result=Raw(b'{"text":"from afar"}'))


def talk(name: str) -> Port:
    async def test(lab: Lab) -> Port:
        port = Port(secrets={"key": "s3cret"}, call=answer)
        assert await lab.text(name, port=port) == "s3cret|1|from afar|gone|child-2|False|2|b'ab'|SecretUnavailable"
        return port

    return in_lab(test, FILE)


@pytest.mark.parametrize("name", ["everything", "everything_sync"])
def test_all_of_the_context_works_through_the_channel(name: str) -> None:
    port = talk(name)
    assert [(line.level, line.event) for line in port.lines] == [("info", "said")]
    values = port.lines[0].values
    assert values["number"] == 1
    assert "lock" in str(values["odd"])
    assert [(note.done, note.total, note.message) for note in port.progress] == [(1, 2, "half")]
    assert [(event.type, event.payload) for event in port.events] == [("thing.done", b'{"text":"it","number":0}')]
    assert port.state["k"].value == b"[2]"
    assert port.artifacts["a"].data == b"ab"
    assert [call.number for call in port.calls] == [1, 2]


def test_the_deadline_counts_from_when_the_command_began() -> None:
    async def test(lab: Lab) -> int:
        return int(await lab.text("deadline", timeout=20_000))

    assert 15_000 < in_lab(test, FILE) <= 20_000


@pytest.mark.parametrize("name", ["asks_for_ever", "asks_for_ever_sync"])
def test_a_question_that_nobody_answers_ends_with_the_command(name: str) -> None:
    never = asyncio.Event()

    class Silent(Port):
        async def ask(self, question: object) -> object:  # type: ignore[override]
            self.begun.set()
            await never.wait()
            return None

    async def test(lab: Lab) -> None:
        before, port = await lab.text("pid"), Silent()
        task = asyncio.create_task(lab.run(name, port=port))
        await port.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await lab.text("pid") == before

    in_lab(test, FILE)


def test_notes_that_come_too_fast_are_dropped_and_counted() -> None:
    async def test(lab: Lab) -> Port:
        port = Port()
        await lab.run("chatters", port=port)
        return port

    port = in_lab(test, FILE)
    dropped = [line.values["count"] for line in port.lines if line.event == "notes.dropped"]
    told = sum(line.event == "chatter" for line in port.lines)
    assert told > 1000
    assert told + sum(int(str(count)) for count in dropped) == 20_000


def test_http_goes_through_the_guard() -> None:
    async def test(lab: Lab) -> str:
        return await lab.text("calls_out")

    assert in_lab(test, FILE).startswith("EgressDenied: the plugin may not call '127.0.0.1'")
