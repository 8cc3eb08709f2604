"""Commands that wait for commands which need a process too, when there is none: who is refused, and if it may retry."""

import asyncio
from collections import defaultdict
from typing import Any, TypeVar, cast

import pytest
from msgspec import Raw
from tests.unit.worker.lab import PLUGINS, Attempt, Lab, Port, in_lab

from hookyard.context import JobInfo
from hookyard.context.messages import Ask, CallCommand, CallDone
from hookyard.errors import CallError, PluginFailed

A = TypeVar("A")
FILE = PLUGINS / "circle.py"
ANSWERED = b'{"text":"answered"}'


class Jobs:
    """Jobs by name, each with a child for what it calls, which is named after it and comes when the test says so.

    Attributes:
        running: each with its answer.
        calls: set when a job has called, and holds its process.
        comes: ... and when its child may come.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.running: dict[str, asyncio.Task[bytes]] = {}
        self.calls: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.comes: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def start(self, command: str, name: str, parent: str | None = None) -> asyncio.Task[bytes]:
        attempt = Attempt(self._lab.command(command), b"{}", 30_000, Calling(self, name))
        attempt.info = JobInfo(id=name, plugin="circle", command=command, max_attempts=4, parent=parent)
        self.running[name] = asyncio.create_task(self._lab.runner.run(attempt))
        return self.running[name]

    async def child(self, question: CallCommand, parent: str) -> CallDone:
        self.calls[parent].set()
        await self.comes[parent].wait()
        command = question.command.partition("/")[2]
        # As in a server, it goes on when nobody waits for it any more.
        child = asyncio.shield(self.start(command, f"{parent}/{command}", parent))
        try:
            return CallDone(f"{parent}/{command}", "succeeded", Raw(await child))
        except CallError as error:
            raise CallError(str(error), code=error.code, retryable=error.retryable) from None

    async def refused(self, name: str) -> CallError:
        """The error of a job whose call was refused, and whose child was for the same reason."""
        with pytest.raises(CallError) as found:
            await self.running[name]
        assert found.value.code == "no_worker_left"
        assert "raise plugins.circle.workers" in str(found.value)
        with pytest.raises(PluginFailed) as lost:
            await self.running[f"{name}/child"]
        assert (lost.value.code, lost.value.retryable) == ("no_worker_left", False)
        return found.value


class Calling(Port):
    """Has its calls made by :class:`Jobs`."""

    def __init__(self, jobs: Jobs, name: str) -> None:
        super().__init__()
        self._jobs, self._name = jobs, name

    async def ask(self, question: Ask[A]) -> A:
        if isinstance(question, CallCommand):
            return cast("A", await self._jobs.child(question, self._name))
        return await super().ask(question)


@pytest.mark.parametrize(("command", "workers"), [("caller", 1), ("chain", 2)])
def test_a_chain_that_takes_every_process_by_itself_need_not_be_tried_again(command: str, workers: int) -> None:
    async def test(lab: Lab) -> None:
        jobs = Jobs(lab)
        first = jobs.start(command, "a")
        last = "a" if command == "caller" else "a/caller"
        for name in {"a", last}:
            jobs.comes[name].set()
        await jobs.calls[last].wait()
        assert (await jobs.refused(last)).retryable is False
        with pytest.raises(CallError, match="no worker is left"):
            await first
        assert len(lab.pids) == workers
        assert await lab.run("child") == ANSWERED

    in_lab(test, FILE, workers=workers)


def test_one_of_two_callers_that_hold_both_processes_may_be_tried_again_and_the_other_goes_on() -> None:
    async def test(lab: Lab) -> None:
        jobs = Jobs(lab)
        older, _ = jobs.start("caller", "a"), jobs.start("caller", "b")
        for name in "ab":
            await jobs.calls[name].wait()
        for name in "ab":
            jobs.comes[name].set()
        assert (await jobs.refused("b")).retryable is True
        assert await older == ANSWERED

    in_lab(test, FILE, workers=2)


@pytest.mark.parametrize(("older", "newer"), [("b", "a/caller"), ("a/caller", "b")])
def test_a_chain_or_who_took_the_rest_may_be_tried_again_and_the_other_goes_on(older: str, newer: str) -> None:
    async def test(lab: Lab) -> None:
        jobs = Jobs(lab)
        jobs.comes["a"].set()
        jobs.start("chain", "a")
        jobs.start("caller", "b")
        for name in (older, newer):
            await jobs.calls[name].wait()
        for name in (older, newer):
            jobs.comes[name].set()
        assert (await jobs.refused(newer)).retryable is True
        assert await jobs.running[older] == ANSWERED
        ended: list[Any] = await asyncio.gather(*jobs.running.values(), return_exceptions=True)
        assert ended.count(ANSWERED) == len(jobs.running) - (2 if newer == "b" else 3)

    in_lab(test, FILE, workers=3)
