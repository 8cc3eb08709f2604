"""Workers that wait for jobs: each in its turn, and nobody asks the store when there is nothing to get.

A lane is *stirred* when something in it may have become due: a job came in or came back, a lane's limit or a key has
room again, a pause ended. Only a worker that has just come, or one of a stirred lane, asks the store; one that finds
less than it may take settles the lane again, for all others too.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.work.ask import Given, WorkAsk
from hookyard.errors import StoreError, StoreUnavailable

_POLL: Final = 5_000
"""Milliseconds after which all lanes are stirred: beneath the events, should one be missed."""
_WIDEST: Final = 32
"""How many workers ask the store together, at most; their claims are one transaction."""
_log = log.get("work")


class Answer:
    """What the store gave for one turn."""

    __slots__ = ("given", "more", "next_due")

    def __init__(self, given: tuple[Given, ...], next_due: int | None = None, *, more: bool = False) -> None:
        self.given = given
        self.next_due = next_due
        self.more = more


class Turn:
    """One worker that waits.

    Attributes:
        fresh: it has not asked the store yet.
        busy: it is asking.
        last: its time is up; what comes of a question under way is its answer.
        gone: nobody waits for its answer any more.
    """

    __slots__ = ("ask", "busy", "done", "error", "fresh", "given", "gone", "last")

    def __init__(self, ask: WorkAsk) -> None:
        self.ask = ask
        self.done = asyncio.Event()
        self.given: tuple[Given, ...] = ()
        self.error: StoreUnavailable | StoreError | None = None
        self.fresh = True
        self.busy = False
        self.last = False
        self.gone = False

    def end(self, given: tuple[Given, ...] = (), error: StoreUnavailable | StoreError | None = None) -> None:
        """Its answer."""
        self.given, self.error = given, error
        self.done.set()


class Turns:
    """The queue of those who wait.

    Args:
        claim: asks the store for one worker, in these lanes.
        is_open: whether anything may be given out from a lane now.
        give_back: returns jobs that nobody took.
    """

    def __init__(
        self,
        claim: Callable[[WorkAsk, tuple[str, ...]], Coroutine[Any, Any, Answer]],
        is_open: Callable[[str], bool],
        give_back: Callable[[tuple[Given, ...]], None],
        clock: Clock,
    ) -> None:
        self._claim = claim
        self._is_open = is_open
        self._give_back = give_back
        self._clock = clock
        self._turns: dict[Turn, None] = {}
        self._stirred: set[str] = set()
        self._wake = asyncio.Event()
        self._due: int | None = None
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve."""
        self._task = asyncio.create_task(self._serve_for_ever(), name="hookyard-work")

    def close(self) -> None:
        """Send everybody home with nothing, and give out nothing more."""
        self._closed = True
        self._wake.set()
        for turn in list(self._turns):
            if not turn.busy:
                turn.end()

    async def stop(self) -> None:
        """Close; returns when the questions under way are answered."""
        self.close()
        if self._task is not None:
            await self._task

    def stir(self, lane: str) -> None:
        """Something in this lane may have become due."""
        self._stirred.add(lane)
        if self._turns:
            self._wake.set()

    def expect(self, at: int) -> None:
        """Something will be due in some lane then."""
        if self._due is None or at < self._due:
            self._due = at
            self._wake.set()

    @property
    def waiting(self) -> int:
        """How many workers wait."""
        return len(self._turns)

    async def wait(self, ask: WorkAsk, until: int) -> tuple[Given, ...]:
        """Wait for jobs until then; the store is asked at least once.

        Whoever waits no longer, because it was cancelled, takes no job along.

        Raises:
            StoreUnavailable, StoreError: the store refused.
        """
        if self._closed:
            raise StoreUnavailable("The server is shutting down.", code="draining", retry_after=2)
        turn = Turn(ask)
        self._turns[turn] = None
        self._wake.set()
        try:
            if not await self._clock.wait(turn.done, until):
                turn.last = True
                if turn.fresh or turn.busy:
                    await turn.done.wait()
        except BaseException:
            turn.gone = True
            if turn.given:
                self._give_back(turn.given)
            raise
        finally:
            self._turns.pop(turn, None)
        if turn.error is not None:
            raise turn.error
        return turn.given

    async def _serve_for_ever(self) -> None:
        while not self._closed:
            self._wake.clear()
            now = self._clock.now()
            if self._due is not None and self._due <= now:
                self._due = None
                self._stir_all()
            width = 1
            while not self._closed and (together := list(self._next(width))):
                found = await asyncio.gather(*(self._ask(turn, lanes) for turn, lanes in together))
                width = min(2 * width, _WIDEST) if all(found) else 1
            poll = self._clock.now() + _POLL
            if not await self._clock.wait(self._wake, poll if self._due is None else min(self._due, poll)):
                self._stir_all()

    def _stir_all(self) -> None:
        self._stirred.update(lane for turn in self._turns for lane in turn.ask.lanes)

    def _next(self, width: int) -> Iterable[tuple[Turn, tuple[str, ...]]]:
        """Those whose turn it is, the one that waits longest first, and the lanes to ask for."""
        found = 0
        for turn in list(self._turns):
            if found == width:
                return
            wanted = turn.ask.lanes if turn.fresh else [lane for lane in turn.ask.lanes if lane in self._stirred]
            lanes = tuple(lane for lane in wanted if self._is_open(lane))
            if turn.done.is_set():
                continue
            if lanes:
                found += 1
                yield turn, lanes
            elif turn.fresh:
                turn.fresh = False
                self._stirred.update(turn.ask.lanes)  # until one of them opens
                if turn.last:
                    turn.end()

    async def _ask(self, turn: Turn, lanes: tuple[str, ...]) -> bool:
        """Whether it got anything."""
        turn.fresh, turn.busy = False, True
        self._stirred.difference_update(lanes)
        try:
            answer = await self._claim(turn.ask, lanes)
        except (StoreUnavailable, StoreError) as error:
            _log.warning("claim.refused", why=str(error))
            self._stirred.update(lanes)
            turn.end(error=error)
            return False
        finally:
            turn.busy = False
        if answer.next_due is not None:
            self.expect(answer.next_due)
        if answer.more or len(answer.given) == turn.ask.count:
            self._stirred.update(lanes)
        if turn.gone:
            if answer.given:
                self._give_back(answer.given)
        elif answer.given or turn.last or self._closed:
            turn.end(answer.given)
        return bool(answer.given)
