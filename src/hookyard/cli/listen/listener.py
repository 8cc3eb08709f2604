"""Takes what arrives: verifies it, tells of it, and answers what is its turn."""

import asyncio
from collections.abc import Callable

from hookyard.cli.listen.answers import Answers
from hookyard.cli.listen.arrival import Arrival, SeenIds, named
from hookyard.cli.listen.judge import Judge, Judged
from hookyard.cli.receiver import LARGEST, Incoming, Reply
from hookyard.clock import Clock


class Listener:
    """A receiver of webhooks that tells of each.

    Args:
        judge: says whether one verifies.
        answers: what is answered to those that do; the others get 401.
        clock: says when they come.
        tell: called with each, before it is answered.
        delay: milliseconds to wait before each answer.
        count: after so many it is over; None: never.
    """

    def __init__(
        self,
        judge: Judge,
        answers: Answers,
        clock: Clock,
        tell: Callable[[Arrival], None],
        *,
        delay: int = 0,
        count: int | None = None,
    ) -> None:
        self._judge = judge
        self._answers = answers
        self._clock = clock
        self._tell = tell
        self._delay = delay
        self._left = count
        self._seen = SeenIds()
        self.over = asyncio.Event()
        """Set when as many have come as were waited for, or by whoever wants no more."""
        self.unverified = 0
        """How many did not verify."""

    def use(self, judge: Judge) -> None:
        """Let another one judge from now on."""
        self._judge = judge

    async def take(self, incoming: Incoming) -> Reply:
        """Answer one request."""
        if incoming.method != "POST":
            return Reply(405, (("allow", "POST"),))
        if self.over.is_set() or self._left == 0:
            return Reply(503, (("retry-after", "1"),))
        last = self._counted()
        reply = self._received(incoming)
        if self._delay:
            await self._clock.wait(self.over, self._clock.now() + self._delay)
        if last:
            self.over.set()
        return reply

    def _counted(self) -> bool:
        if self._left is not None:
            self._left -= 1
        return self._left == 0

    def _received(self, incoming: Incoming) -> Reply:
        now = self._clock.now()
        if not incoming.whole:
            judged, reply = Judged(f"the body is larger than {LARGEST >> 20} MiB"), Reply(413)
        elif (judged := self._judge.judge(incoming, now)).problem is not None:
            reply = Reply(401)
        else:
            reply = self._answers.next()
        self.unverified += judged.problem is not None
        event, identifier = named(incoming)
        # What nobody signed is no second coming of anything.
        times, changed = (0, False) if judged.problem is not None else self._seen.count(identifier, incoming.body)
        arrival = Arrival(
            at=now,
            incoming=incoming,
            event=event,
            id=identifier,
            judged=judged,
            times=times,
            changed=changed,
            status=reply.status,
        )
        try:
            self._tell(arrival)
        except OSError:  # whoever read what is printed has gone
            self.over.set()
        return reply
