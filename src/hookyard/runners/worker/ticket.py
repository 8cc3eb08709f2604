"""One attempt on its way through a worker."""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Any

from hookyard.context.messages import Ask, CallCommand
from hookyard.errors import AttemptTimedOut, CallError, InvalidOutput, PluginFailed, RetryLater
from hookyard.host.foreign.worker.failures import Failure, to_error, to_failure
from hookyard.host.foreign.worker.messages import NOTHING, Answer, AnyAsk, pack_answer
from hookyard.runners.contract import Call

Send = Callable[[Answer], None]


class Why(Enum):
    """Why a command was asked to stop."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"


class Ticket:
    """One attempt: waiting in its pool, sent ahead to a process, or running there.

    Attributes:
        call: what to run.
        answer: resolved when the attempt is over, and nothing of it runs any more.
        place: in the order in which they came.
        number: under which the process that it was sent to knows it; another one each time it is sent.
        stopping: why it was asked to stop, if it was.
        spoilt: what its process did while it ran, for which its answer does not count.
    """

    __slots__ = ("_asks", "_refusals", "answer", "call", "number", "place", "spoilt", "stopping")

    def __init__(self, call: Call, loop: asyncio.AbstractEventLoop, place: int) -> None:
        self.call = call
        self.place = place
        self.answer: asyncio.Future[bytes] = loop.create_future()
        self.number = 0
        self.stopping: Why | None = None
        self.spoilt: str | None = None
        self._asks: dict[asyncio.Task[None], AnyAsk] | None = None
        self._refusals: dict[asyncio.Task[None], CallError] = {}

    def succeed(self, body: bytes) -> None:
        """The command answered."""
        if self.stopping is not None or self.spoilt is not None:
            self.lose("it answered all the same")
            return
        try:
            self.call.command.spec.check(body)
        except InvalidOutput as error:
            self.refuse(error)
            return
        self._end()
        if not self.answer.done():
            self.answer.set_result(body)

    def fail(self, failure: Failure) -> None:
        """The command raised."""
        if self.stopping is not None or self.spoilt is not None:
            self.lose("it raised all the same")
        else:
            self.refuse(to_error(failure, self.call.command.key))

    def lose(self, problem: str, *, code: str = "exited") -> None:
        """There is no answer of it that counts, for this reason if there is no better one."""
        if self.stopping is not None:
            self._stopped()
        elif self.spoilt is not None:
            self.refuse(PluginFailed(self.call.command.key, self.spoilt, code="protocol_error"))
        else:
            self.refuse(PluginFailed(self.call.command.key, problem, code=code))

    def lose_beside(self, problem: str) -> None:
        """It had begun in a process that was lost for another command's sake: uncounted, where it may run again."""
        if self.stopping is None and self.spoilt is None and self.call.info.max_attempts > 1:
            self.refuse(RetryLater(0, f"{self.call.command.key}: {problem}"))
        else:
            self.lose(problem)

    def refuse(self, error: Exception) -> None:
        """It is over, with this error."""
        self._end()
        if not self.answer.done():
            self.answer.set_exception(error)

    def ask(self, question: int, ask: AnyAsk, send: Send) -> None:
        """Have the host answer a question of the command."""
        task = asyncio.get_running_loop().create_task(self._ask(self.number, question, ask, send))
        if self._asks is None:
            self._asks = {}
        self._asks[task] = ask
        task.add_done_callback(self._asks.pop)

    @property
    def calling(self) -> set[str]:
        """The commands whose end it waits for."""
        return {
            ask.command
            for task, ask in (self._asks or {}).items()
            if isinstance(ask, CallCommand) and ask.wait and task not in self._refusals
        }

    def refuse_calls(self, command: str, error: CallError) -> None:
        """Answer what it waits for of this command with an error."""
        for task, ask in (self._asks or {}).items():
            if isinstance(ask, CallCommand) and ask.wait and ask.command == command:
                self._refusals[task] = error
                task.cancel()

    async def _ask(self, number: int, question: int, ask: Ask[Any], send: Send) -> None:
        try:
            packed = pack_answer(await self.call.port().ask(ask))
            answer = Answer(number, question, packed)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            refusal = None if task is None else self._refusals.pop(task, None)
            if refusal is None:
                raise
            answer = Answer(number, question, NOTHING, to_failure(refusal))
        except Exception as error:  # noqa: BLE001  the command asked, and is told
            answer = Answer(number, question, NOTHING, to_failure(error))
        send(answer)

    def _stopped(self) -> None:
        self._end()
        if self.answer.done():
            return
        if self.stopping is Why.TIMED_OUT:
            self.answer.set_exception(AttemptTimedOut(self.call.command.key, self.call.timeout))
        else:
            self.answer.cancel()

    def _end(self) -> None:
        for task in self._asks or ():
            task.cancel()
