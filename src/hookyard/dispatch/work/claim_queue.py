"""Workers that wait for jobs: each in its turn, and nobody asks the store when there is nothing to get.

A worker that comes stirs its lanes, and of those who wait for a stirred lane the one that has waited longest asks the
store. One that finds less than it may take settles the lane, for all others too.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import islice
from typing import Any, Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.lanes import MOST_LANES
from hookyard.dispatch.work.ask import Given, WorkAsk
from hookyard.dispatch.work.lane_room import LaneRoom
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


class WaitingClaim:
    """One worker that waits.

    Attributes:
        busy: it is asking.
        last: its time is up; what comes of a question under way is its answer.
        gone: nobody waits for its answer any more.
    """

    __slots__ = ("ask", "busy", "done", "error", "given", "gone", "last")

    def __init__(self, ask: WorkAsk) -> None:
        self.ask = ask
        self.done = asyncio.Event()
        self.given: tuple[Given, ...] = ()
        self.error: StoreUnavailable | StoreError | None = None
        self.busy = False
        self.last = False
        self.gone = False

    def end(self, given: tuple[Given, ...] = (), error: StoreUnavailable | StoreError | None = None) -> None:
        """Its answer."""
        self.given, self.error = given, error
        self.done.set()


class ClaimQueue:
    """The queue of those who wait.

    Args:
        claim: asks the store for one worker, in these lanes.
        room: which lanes are open.
        give_back: returns jobs that nobody took.
        recount: learns anew how many jobs of each lane are held; done while nobody asks for more.
    """

    def __init__(
        self,
        claim: Callable[[WorkAsk, tuple[str, ...]], Coroutine[Any, Any, Answer]],
        room: LaneRoom,
        give_back: Callable[[tuple[Given, ...]], None],
        clock: Clock,
        recount: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._claim = claim
        self._room = room
        self._give_back = give_back
        self._clock = clock
        self._count = recount
        self._miscounted = False
        self._turns: dict[WaitingClaim, None] = {}
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
        self.wake()
        for turn in self._turns:
            if not turn.busy:
                turn.end()

    async def stop(self) -> None:
        """Close; returns when the questions under way are answered."""
        self.close()
        if self._task is not None:
            await self._task

    def wake(self) -> None:
        """A lane is stirred, or has room that it had not."""
        if self._turns or self._closed:
            self._wake.set()

    def recount(self) -> None:
        """What is known of how many jobs are held may be wrong."""
        self._miscounted = True
        self.wake()

    def expect(self, at: int) -> None:
        """Something will be due in some lane then."""
        if self._due is None or at < self._due:
            self._due = at
            self.wake()

    @property
    def waiting(self) -> int:
        """How many workers wait."""
        return len(self._turns)

    async def wait(self, ask: WorkAsk, until: int) -> tuple[Given, ...]:
        """Wait for jobs until then; the store is asked at least once, unless all lanes are closed.

        Whoever waits no longer, because it was cancelled, takes no job along.

        Raises:
            StoreUnavailable, StoreError: the store refused, or the server shuts down.
        """
        if self._closed:
            raise StoreUnavailable("The server is shutting down.", code="draining", retry_after=2)
        turn = WaitingClaim(ask)
        self._turns[turn] = None
        self._room.stir(ask.lanes)
        self.wake()
        try:
            if not await self._clock.wait(turn.done, until):
                turn.last = True
                self.wake()
                await turn.done.wait()
        except BaseException:
            turn.gone = True
            if turn.given:
                self._give_back(turn.given)
            raise
        finally:
            del self._turns[turn]
        if turn.error is not None:
            raise turn.error
        return turn.given

    async def _serve_for_ever(self) -> None:
        while not self._is_closed():
            self._wake.clear()
            if self._due is not None and self._due <= self._clock.now():
                self._due = None
                self._room.stir(self._lanes())
            if self._miscounted and self._turns:
                self._miscounted = False
                await self._count()
            width = 1
            while together := list(self._next(width)):
                found = await asyncio.gather(*(self._ask(turn, lanes) for turn, lanes in together))
                width = min(2 * width, _WIDEST) if all(found) else 1
            self._send_home()
            poll = self._clock.now() + _POLL
            times = [at for at in (poll, self._due, self._room.opens_at(self._lanes())) if at is not None]
            if not await self._clock.wait(self._wake, min(times)) and self._clock.now() >= poll:
                self._miscounted = True
                self._room.stir(self._lanes())

    def _is_closed(self) -> bool:
        return self._closed

    def _lanes(self) -> set[str]:
        """Those that anybody waits for."""
        return {lane for turn in self._turns for lane in turn.ask.lanes}

    def _send_home(self) -> None:
        """End the turns of those whose time is up: there is nothing for them."""
        for turn in self._turns:
            if turn.last and not turn.done.is_set():
                turn.end()

    def _next(self, width: int) -> Iterator[tuple[WaitingClaim, tuple[str, ...]]]:
        """Those whose turn it is, the one that waits longest first, and the lanes to ask for."""
        found, room = 0, self._room
        for turn in list(self._turns):
            if found == width or self._closed:
                return
            if turn.done.is_set():
                continue
            tenant = turn.ask.tenant
            wanted = (lane for lane in turn.ask.lanes if room.is_stirred(lane, tenant) and room.is_open(lane))
            if lanes := tuple(islice(wanted, MOST_LANES)):
                found += 1
                yield turn, lanes

    async def _ask(self, turn: WaitingClaim, lanes: tuple[str, ...]) -> bool:
        """Whether it got anything."""
        turn.busy = True
        self._room.settle(lanes, turn.ask.tenant)
        try:
            answer = await self._claim(turn.ask, lanes)
        except (StoreUnavailable, StoreError) as error:
            _log.warning("claim.refused", why=str(error))
            self._room.stir(lanes)
            turn.end(error=error)
            return False
        finally:
            turn.busy = False
        if answer.next_due is not None:
            self.expect(answer.next_due)
        if answer.more or len(answer.given) >= turn.ask.count:
            self._room.stir(lanes)
        if turn.gone:
            if answer.given:
                self._give_back(answer.given)
        elif answer.given or self._closed:
            turn.end(answer.given)
        return bool(answer.given)
