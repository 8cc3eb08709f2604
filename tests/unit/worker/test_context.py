import asyncio
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from msgspec import Raw
from tests.unit.worker.lab import Lab, Port, in_lab

from hookyard.config.model import PluginHttp
from hookyard.context.messages import CallCommand, CallDone
from hookyard.errors import CallError
from hookyard.testing.port import FakeArtifact

FILE = Path(__file__).parent / "plugins" / "talks.py"


def answer(call: CallCommand) -> CallDone:
    if call.command == "other/fails":
        raise CallError("it did not", code="gone", job_id="child-2", retryable=False)
    return CallDone(job_id="child-1", status="succeeded", result=Raw(b'{"text":"from afar"}'))


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class has it so
        """Nothing."""


@pytest.fixture
def url() -> Generator[str]:
    """Of a server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def talk(name: str, url: str) -> Port:
    async def test(lab: Lab) -> Port:
        port = Port(secrets={"key": "s3cret"}, call=answer)
        port.other_artifacts["job-0", "theirs"] = FakeArtifact("text/plain", b"of another job")
        said = await lab.text(name, url, port=port)
        assert said.split("|") == [
            *("s3cret", "1", "from afar", "gone", "child-2", "False", "2"),
            *("child-1", "41", "k,n", "n1=41", "nothing"),
            *("b'ab'", "as json", "b'of another job'", "hello"),
            "SecretUnavailable",
        ]
        return port

    return in_lab(test, FILE, http=PluginHttp(allow_http=True, allow_ports="any", allow_networks=("127.0.0.0/8",)))


@pytest.mark.parametrize("name", ["everything", "everything_sync"])
def test_all_of_the_context_works_through_the_channel(name: str, url: str) -> None:
    port = talk(name, url)
    assert [(line.level, line.event) for line in port.lines] == [("info", "said")]
    values = port.lines[0].values
    assert values["number"] == 1
    assert "lock" in str(values["odd"])
    assert [(note.done, note.total, note.message) for note in port.progress] == [(1, 2, "half")]
    assert [(event.type, event.payload) for event in port.events] == [("thing.done", b'{"text":"it","number":0}')]
    assert port.state["k"].value == b"[2]"
    assert port.artifacts["a"].data == b"ab"
    assert port.artifacts["b"] == FakeArtifact("application/json", b'{"text":"as json","number":0}')
    assert port.state.keys() == {"k", "n"}
    calls = [(call.number, call.command, call.wait) for call in port.calls]
    assert calls == [(1, "other/works", True), (2, "other/fails", True), (3, "other/later", False)]


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


@pytest.mark.parametrize("name", ["calls_out", "calls_out_sync"])
def test_http_goes_through_the_guard(name: str) -> None:
    async def test(lab: Lab) -> str:
        return await lab.text(name)

    assert in_lab(test, FILE).startswith("EgressDenied: the plugin may not call '127.0.0.1'")
