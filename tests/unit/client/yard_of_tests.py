"""A gateway that is asked by workers, and answers as a test says; real bytes over loopback."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from hookyard.client import Worker, WorkRefused
from hookyard.testing.receiver import Received, Receiver, receiving

Answering = Callable[[str, dict[str, Any]], int]
"""The status that a call (`complete`, ...) with a body is answered; 0 cuts the connection."""


def ok(_call: str, _body: dict[str, Any]) -> int:
    """Everything is taken."""
    return 200


class FakeYard:
    """What was asked, and what is answered.

    Attributes:
        told: the calls that were answered, in order: name, body, status.
        answer: says the status of a call that is no claim, or of a claim.
        jobs: the payloads that are still given out.
    """

    def __init__(self, jobs: list[object]) -> None:
        self.told: list[tuple[str, dict[str, Any], int]] = []
        self.answer: Answering = ok
        self.jobs = jobs
        self.url = ""
        self._given = 0

    def of(self, call: str, status: int = 200) -> list[dict[str, Any]]:
        """The bodies of these calls with this answer."""
        return [body for name, body, answered in self.told if (name, answered) == (call, status)]

    async def __call__(self, _receiver: Receiver, request: Received, writer: asyncio.StreamWriter) -> None:
        """Answer one call."""
        call, body = request.line.split(" ")[1].rpartition("/")[2], json.loads(request.body)
        status = self.answer(call, body)
        self.told.append((call, body, status))
        if not status:
            writer.transport.abort()
            return
        content: dict[str, Any] = {}
        if status != 200:
            content = {"code": "refused", "detail": "No."}
        elif call == "claim":
            content = {"jobs": [self._give(self.jobs.pop(0))] if self.jobs else []}
            if not content["jobs"]:
                await asyncio.sleep(0.02)  # as a claim is held when there is nothing
        encoded = json.dumps(content).encode()
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(encoded)) + encoded)

    def _give(self, payload: object) -> dict[str, Any]:
        self._given += 1
        return {
            "job_id": f"j{self._given}",
            "lease": "1",
            "plugin": "lab",
            "command": "work",
            "lane": "lab/work",
            "payload": payload,
            "attempt": 1,
            "max_attempts": 1,
            "timeout": 60,
            "deadline": "2030-01-01T00:00:00Z",
        }


class Working:
    """A worker that works."""

    def __init__(self, yard: FakeYard, receiver: Receiver, task: "asyncio.Task[None]") -> None:
        self.yard = yard
        self.task = task
        self._receiver = receiver

    async def until(self, what: Callable[[], object]) -> None:
        """Return when it is so."""
        await self._receiver.until(what, 20)


@asynccontextmanager
async def working(
    jobs: list[object], declare: Callable[[Worker], object], answer: Answering = ok
) -> AsyncGenerator[Working]:
    """A worker with these jobs before it, stopped at the end."""
    yard = FakeYard(jobs)
    yard.answer = answer
    async with receiving(yard) as receiver:
        worker = Worker(f"http://127.0.0.1:{receiver.port}", "t", name="w", lease=3.0, wait=0)
        declare(worker)
        task = asyncio.create_task(worker.serve())
        try:
            yield Working(yard, receiver, task)
        finally:
            worker.stop()
            async with asyncio.timeout(20):
                with suppress(WorkRefused):
                    await task
