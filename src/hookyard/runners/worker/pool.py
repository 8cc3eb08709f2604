"""The processes of one plugin: started on demand, given their share, replaced when they are worn."""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count
from operator import attrgetter
from sys import maxsize
from time import monotonic
from typing import Final

from hookyard import log
from hookyard.errors import RetryLater
from hookyard.host.foreign.worker.launch import WorkerLaunch
from hookyard.runners.contract import Call
from hookyard.runners.worker.circle import break_circle
from hookyard.runners.worker.process import Worker
from hookyard.runners.worker.ticket import Ticket, Why

LARGE: Final = 1 << 16
"""Bytes of input from which on a command is not sent ahead."""
FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 30.0
"""Seconds between two starts that fail, doubled each time."""
_PLACE: Final = attrgetter("place")

_log = log.get("worker")


class Pool:
    """Runs the commands of one launch.

    A start that fails costs one job an attempt, the oldest that waits, which so says why; all others are put off
    without one being counted, for as long as the next start is.

    Args:
        launch: how its processes are started.
        empty: called when it was retired and its last process is gone.
        clean: takes the plugin's secrets out of a text for the server's log.
    """

    def __init__(self, launch: WorkerLaunch, empty: Callable[[], None], clean: Callable[[str], str] = str) -> None:
        self._launch = launch
        self._empty = empty
        self._clean = clean
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Ticket] = deque()
        self._places = count()
        self._workers: list[Worker] = []
        self._feeding = False
        self._failures = 0
        self._not_before = 0.0
        self._reason = ""
        self._retired = False
        self._closed = False
        self._alone = asyncio.Event()

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that there are."""
        return tuple(worker.pid for worker in self._workers)

    async def run(self, call: Call) -> bytes:
        """See :class:`hookyard.runners.contract.Runner`; RetryLater while the plugin does not start."""
        if self._failures and not self._workers and (wait := self._not_before - monotonic()) > 0:
            raise RetryLater(wait, f"{call.command.key}: {self._reason}")
        ticket = Ticket(call, self._loop, next(self._places))
        self._waiting.append(ticket)
        self._feed_soon()
        try:
            return await ticket.answer
        except asyncio.CancelledError:
            await self._stop(ticket)
            raise

    def retire(self) -> None:
        """No new commands are expected: end the processes once nothing runs."""
        self._retired = True
        self._rest()

    async def aclose(self) -> None:
        """End all processes, and wait until they are gone."""
        self._closed = True
        waiting, self._waiting = self._waiting, deque()
        for ticket in waiting:
            ticket.refuse(RetryLater(0, "the server is shutting down"))
        for worker in list(self._workers):
            if worker.tickets:
                worker.kill("the server shuts down")
            else:
                worker.leave()
        while self._workers:
            self._alone.clear()
            await self._alone.wait()

    # --- what the processes tell -----------------------------------------------------------------------------------

    def ready(self, worker: Worker) -> None:
        """A process has imported the plugin."""
        _log.info("worker.ready", plugin=self._launch.plugin, pid=worker.pid)
        self._failures = 0
        worn = [one for one in self._workers if one.worn and one.state == "ready"]
        if worn:
            max(worn, key=attrgetter("jobs")).leave()
        self._feed()

    def free(self, worker: Worker) -> None:
        """A process has room."""
        if self._waiting or worker.worn:
            self._feed()
        elif self._retired:
            self._rest()

    def returned(self, tickets: list[Ticket]) -> None:
        """Commands that were sent ahead come back, each to its place: put before all, the first would be last."""
        self._waiting = deque(sorted([*tickets, *self._waiting], key=_PLACE))
        self._feed_soon()

    def gone(self, worker: Worker, reason: str | None) -> None:
        """A process has ended."""
        self._workers.remove(worker)
        if reason is not None:
            self._failed(reason)
        else:
            _log.info("worker.gone", plugin=self._launch.plugin, pid=worker.pid, jobs=worker.jobs)
        if self._waiting:
            self._feed_soon()
        self._rest()

    # --- giving ----------------------------------------------------------------------------------------------------

    def _feed_soon(self) -> None:
        """Give what came in this turn of the loop, all at once."""
        if not self._feeding:
            self._feeding = True
            self._loop.call_soon(self._feed)

    def _feed(self) -> None:
        self._feeding = False
        waiting = self._waiting
        ready = [worker for worker in self._workers if worker.state == "ready"]
        if waiting:
            given: dict[Worker, list[Ticket]] = {}
            for worker in ready:
                if waiting and not worker.tickets and self._left(worker):
                    given[worker] = [waiting.popleft()]
            self._give_ahead([worker for worker in ready if not worker.slow or worker in given], given)
            for worker, tickets in given.items():
                worker.give(tickets)
        if not self._closed and self._wants_another(ready):
            self._start()
        elif waiting and len(self._workers) >= self._launch.workers:
            refused = break_circle(self._launch.plugin, self._workers, waiting)
            if refused is not None:
                waiting.remove(refused)

    def _give_ahead(self, workers: list[Worker], given: dict[Worker, list[Ticket]]) -> None:
        waiting = self._waiting
        for index, worker in enumerate(workers):
            if not waiting:
                return
            share = -(-len(waiting) // (len(workers) - index))
            mine = given.setdefault(worker, [])
            room = min(1 + worker.ahead - len(worker.tickets), self._left(worker)) - len(mine)
            for _ in range(min(share, room)):
                if len(waiting[0].call.args) >= LARGE:
                    break
                mine.append(waiting.popleft())
            if not mine:
                del given[worker]

    def _left(self, worker: Worker) -> int:
        """How many more commands a process may be given; as many as ever while its successor does not start."""
        return maxsize if self._failures else worker.left

    def _wants_another(self, ready: list[Worker]) -> bool:
        """Whether one more process would have something to do, and may be started now."""
        if any(worker.state == "starting" for worker in self._workers):
            return False
        worn = any(worker.worn for worker in ready)
        wanted = worn or bool(self._waiting) or any(len(worker.tickets) > 1 for worker in ready)
        return wanted and len(ready) < self._launch.workers + worn and monotonic() >= self._not_before

    def _start(self) -> None:
        try:
            self._workers.append(Worker(self._launch, self, self._clean))
        except OSError as error:
            self._failed(f"{self._launch.spec.argv[0]} cannot be started: {error.strerror or error}")

    def _failed(self, reason: str) -> None:
        self._reason = reason
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2**self._failures)
        self._failures = min(self._failures + 1, 16)
        self._not_before = monotonic() + wait
        _log.error("worker.not_started", plugin=self._launch.plugin, why=self._clean(reason), again_in_s=wait)
        if any(worker.state == "ready" for worker in self._workers):
            self._feed_soon()
            return
        waiting, self._waiting = self._waiting, deque()
        for index, ticket in enumerate(waiting):
            if index:
                ticket.refuse(RetryLater(wait, f"{ticket.call.command.key}: {reason}"))
            else:
                ticket.lose(f"its worker cannot start: {reason}", code="start_failed")

    # --- ending ----------------------------------------------------------------------------------------------------

    async def _stop(self, ticket: Ticket) -> None:
        """The caller gave up: return once the command is over."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            return
        worker = next((worker for worker in self._workers if ticket in worker.tickets), None)
        if worker is None:
            return
        ticket.answer = over = self._loop.create_future()  # the first one was cancelled with its caller
        worker.stop(ticket, Why.CANCELLED)
        while not over.done():
            try:
                await asyncio.wait([over])
            except asyncio.CancelledError:  # in a hurry, then
                worker.hurry()
        if not over.cancelled():
            over.exception()

    def _rest(self) -> None:
        """When nothing is expected and nothing runs, end."""
        if not self._workers:
            self._alone.set()
            if self._retired and not self._waiting:
                self._empty()
        elif self._retired and not self._waiting and not any(worker.tickets for worker in self._workers):
            for worker in list(self._workers):
                worker.leave()
