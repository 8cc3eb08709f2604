"""One worker process, as its pool sees it: what runs there, what was sent ahead, and how that ends."""

import asyncio
from collections import deque
from collections.abc import Callable
from signal import SIGKILL, SIGXCPU
from sys import maxsize
from time import monotonic
from typing import Final, Literal, Protocol

from msgspec import MsgspecError
from msgspec.structs import replace

from hookyard import log
from hookyard.context.messages import LogNote
from hookyard.errors import PluginFailed
from hookyard.host.foreign.worker.failures import Failure
from hookyard.host.foreign.worker.interview import why_not
from hookyard.host.foreign.worker.launch import WorkerLaunch
from hookyard.host.foreign.worker.messages import (
    Answer,
    Asked,
    Bye,
    Cancel,
    Failed,
    Go,
    Ready,
    Result,
    Run,
    Told,
    encode,
    from_worker,
)
from hookyard.process.channel import Channel, ChannelError
from hookyard.process.persistent import ending
from hookyard.runners.worker.body import Body
from hookyard.runners.worker.ending import Ending, Stage
from hookyard.runners.worker.output import Stream
from hookyard.runners.worker.ticket import Ticket, Why

SLOW: Final = 0.02
"""Seconds after which a command is slow: what was sent after it is taken back, for another process to run."""
AHEAD: Final = 31
"""The most commands that are sent ahead to a process that runs one."""
IMPORT: Final = 30.0
"""Seconds a process may take to get ready."""
UNFINISHED: Final = 2.0
"""Seconds without a byte after which half a message is not its worker's: that one sends none in pieces."""
_WRAP: Final = 1 << 32

State = Literal["starting", "ready", "leaving", "gone"]
_log = log.get("worker")


class Owner(Protocol):
    """What a process tells its pool."""

    def ready(self, worker: "Worker") -> None:
        """The plugin is imported."""
        ...

    def free(self, worker: "Worker") -> None:
        """Something of it is through: it may have room for more."""
        ...

    def returned(self, tickets: list[Ticket]) -> None:
        """These have not begun, and are to be run elsewhere."""
        ...

    def gone(self, worker: "Worker", reason: str | None) -> None:
        """It has ended; with a reason, if it never got ready."""
        ...


class Worker:
    """One process.

    Args:
        launch: how it is started.
        owner: its pool.
        clean: takes the plugin's secrets out of a text for the server's log.

    Attributes:
        tickets: what it has; the first one runs, the others were sent ahead.
        jobs: how many it has run.
        slow: the first one has run for so long that nothing is sent after it.
        ahead: how many may be sent ahead. Short commands raise it and a slow one ends it, since what is sent ahead
            of slow ones goes back and forth, and others overtake it.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, launch: WorkerLaunch, owner: Owner, clean: Callable[[str], str] = str) -> None:
        self.state: State = "starting"
        self.tickets: deque[Ticket] = deque()
        self.jobs = 0
        self.slow = False
        self.ahead = 0
        self._launch = launch
        self._owner = owner
        self._clean = clean
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._weighed = 0
        self._heard = 0
        self._began = monotonic()
        self._half_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._imported = False
        self._dismissed = False
        self._broke: str | None = None
        """Why its process is ended from here, if it is."""
        self._lost_channel = False
        self._body = Body(launch, self._line, self._catch_up)
        self._ending = Ending(self._body.process, launch.spec.grace / 1000, self._look_by)
        self._channel = Channel(self._body.sock, received=self._take, batch=self._taken, broken=self._broken)
        self._loop.add_reader(self._body.process.pidfd, self._ended)
        self._send(launch.hello)
        self._look_by(monotonic() + IMPORT)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._body.process.pid

    @property
    def worn(self) -> bool:
        """Whether it has run as many commands as one process may."""
        most = self._launch.recycle_jobs
        return most is not None and self.jobs >= most

    @property
    def left(self) -> int:
        """How many more commands it may be given while its successor is on its way: in all twice its share."""
        most = self._launch.recycle_jobs
        return maxsize if most is None else max(0, 2 * most - self.jobs - len(self.tickets))

    # --- commands ---------------------------------------------------------------------------------------------

    def give(self, tickets: list[Ticket]) -> None:
        """Send commands: the first begins at once when nothing runs, the others when it is their turn."""
        idle = not self.tickets
        numbers: list[int] = []
        for ticket in tickets:
            self._number = (self._number + 1) % _WRAP
            call = ticket.call
            message = Run(self._number, call.command.spec.name, call.args, call.info, call.timeout)
            try:
                self._channel.put(encode(message))
            except ChannelError as error:
                problem = f"the input cannot be sent: {error}"
                ticket.refuse(PluginFailed(call.command.key, problem, retryable=False))
                continue
            ticket.number = self._number
            numbers.append(self._number)
            self.tickets.append(ticket)
        if not numbers:
            return
        self._body.allow(numbers)
        self._channel.flush()
        if idle:
            self._begin(monotonic())
        else:
            self._look_by(max(self._began, monotonic()) + SLOW)

    def take_back(self) -> list[Ticket]:
        """The commands that have not begun, which never will here."""
        numbers = self._body.forbid(len(self.tickets) + 1)
        if not numbers:
            return []
        back = [ticket for ticket in self.tickets if ticket.number in numbers]
        self.tickets = deque(ticket for ticket in self.tickets if ticket.number not in numbers)
        return back

    def stop(self, ticket: Ticket, why: Why) -> None:
        """End a command; others that wait here go back."""
        back = self.take_back()
        ticket.stopping = ticket.stopping or why
        if ticket in back:
            back.remove(ticket)
            ticket.lose("it never began")
        else:
            ticket.call.cancel.set()
            if self._ending.stage == Stage.NONE:
                self._send(Cancel(ticket.number))
                self._ending.asked()
        if back:
            self._owner.returned(back)
        self._owner.free(self)

    def hurry(self) -> None:
        """Do not wait any longer for what was asked to stop."""
        self.state = "leaving"
        self._ending.kill()

    # --- the end ----------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Have it end by itself, once what it runs is through; what was sent ahead goes back."""
        if self.state in {"starting", "ready"}:
            self.state = "leaving"
            self._dismissed = True
            back = self.take_back()
            if back:
                self._owner.returned(back)
            if not self.tickets:
                self._say_goodbye()

    def kill(self, reason: str) -> None:
        """End it now."""
        if self._broke is None and self.state != "gone":
            self._broke = reason
            self.state = "leaving"
            _log.error("worker.killed", plugin=self._launch.plugin, pid=self.pid, why=self._clean(reason))
            self._ending.kill()

    def _say_goodbye(self) -> None:
        self._send(Bye())
        self._ending.asked()

    def _broken(self, reason: str, gone: bool) -> None:
        if not gone:
            self.kill(f"its worker process broke the protocol: {reason}")
        elif self.state != "gone":  # as a rule it has just ended; if not, it has no way to go on
            self.state = "leaving"
            self._lost_channel = True
            self._ending.asked()

    def _ended(self) -> None:
        """The process is gone: what it still said comes first, then what it leaves."""
        if self._broke is None:
            self._channel.read()
        self._loop.remove_reader(self._body.process.pidfd)
        computed = self._body.computed
        returncode = self._body.process.reap()
        if self._timer is not None:
            self._timer.cancel()
        back = self.take_back()
        self._body.drain()
        self.state = "gone"
        ended = ending(returncode or 0)
        if self._lost_channel and self._ending.stage >= Stage.TERMINATED:
            ended = "closed its end of the channel, and was ended for it"
        how = f"its worker process {ended}{self._exhausted(returncode or 0, computed)}{self._body.words}"
        reason = None
        if not (self._imported or self._dismissed):
            reason = self._broke or why_not(self._launch.spec.argv[0], returncode, self._body.words, self._body.tail)
        lost, self.tickets = self.tickets, deque()
        for index, ticket in enumerate(lost):
            if index:
                ticket.lose_beside(self._broke or how)
            else:
                ticket.lose(self._broke or how, code="exited" if self._broke is None else "protocol_error")
        self._channel.close()
        self._body.close()
        if back:
            self._owner.returned(back)
        self._owner.gone(self, reason)

    def _exhausted(self, returncode: int, computed: float) -> str:
        """That it was its limit of processor time, if it was, to be put behind how it ended."""
        most = self._launch.hello.limits.cpu
        ours = returncode == -SIGKILL and (self._ending.stage == Stage.KILLED or computed < (most or 0))
        if most is None or ours or returncode not in {-SIGXCPU, -SIGKILL}:
            return ""
        return f": limits.cpu ({most} s, for all the jobs of one process) was reached"

    # --- what comes ---------------------------------------------------------------------------------------------

    def _take(self, packed: memoryview) -> None:
        try:
            message = from_worker(packed)
        except MsgspecError as error:
            self._spoil(f"what came is no message: {error}")
            return
        except RecursionError:  # only what a log line holds nests, and an interpreter of its own may let it go deeper
            self._line("stderr", "(a line of the log was dropped: its values nest too deeply)")
            return
        if isinstance(message, Result | Failed):
            self._through(message)
        elif isinstance(message, Told | Asked):
            if self.tickets and self.tickets[0].number == message.number:
                self._said(self.tickets[0], message)
        elif not isinstance(message, Ready):
            self._broke = message.reason  # and ends by itself
        elif self.state == "starting":
            self.state = "ready"
            self._imported = True
            self._body.drain()
            self._owner.ready(self)

    def _spoil(self, problem: str, *, by_first: bool = True) -> None:
        """Its plugin wrote to the channel: nothing more begins there, and it ends with what has begun."""
        reason = f"its worker process broke the protocol: {problem}"
        self.leave()
        if self.tickets and by_first:
            self.tickets[0].spoilt = reason
        if len(self.tickets) < 2:  # noqa: PLR2004  else the first is through there, and its answer is on its way
            self.kill(reason)

    def _through(self, message: Result | Failed) -> None:
        if not self.tickets or self.tickets[0].number != message.number:
            again = message.number == self._heard  # who answers twice has the second answer charged to nobody
            self._spoil(f"it answered number {message.number}, which is not what it runs", by_first=not again)
            return
        self._heard = message.number
        if message.wrote:
            self._body.drain()
            self._channel.put(encode(Go(message.number)))
        self._body.part()
        ticket = self.tickets.popleft()
        self.jobs += 1
        now = monotonic()
        self.ahead = 0 if now - self._began > SLOW else min(AHEAD, 2 * self.ahead + 1)
        self._ending.over()
        if isinstance(message, Result):
            ticket.succeed(message.body)
        else:
            ticket.fail(self._judged(message.error))
        if self.tickets:
            self._begin(now)

    def _judged(self, error: Failure) -> Failure:
        most = self._launch.hello.limits.memory
        if error.kind != MemoryError.__name__ or most is None:
            return error
        limit = f"limits.memory ({most} bytes of address space, for the process) was reached"
        return replace(error, message=f"{error.message}; {limit}" if error.message else limit)

    def _taken(self) -> None:
        """The messages of one wake-up are handed over."""
        self._channel.flush()
        if self._channel.half:
            self._half_at = monotonic()
            self._look_by(self._half_at + UNFINISHED)
        if self.state == "ready":
            most = self._launch.recycle_memory
            if most is not None and self.jobs > self._weighed:
                self._weighed = self.jobs
                if self._body.resident > most:
                    self.leave()
        elif self.state == "leaving" and not self.tickets and self._ending.stage == Stage.NONE:
            self._say_goodbye()
        self._owner.free(self)

    def _said(self, ticket: Ticket, message: Told | Asked) -> None:
        if isinstance(message, Told):
            ticket.call.port().tell(message.note)
        else:
            ticket.ask(message.question, message.ask, self._answer)

    def _answer(self, answer: Answer) -> None:
        if self.state == "gone":
            return
        try:
            self._send(answer)
        except ChannelError as error:
            self.kill(f"an answer to its command cannot be sent: {error}")

    def _line(self, stream: Stream, text: str) -> None:
        if self.tickets and self._imported:
            level: Literal["info", "warning"] = "info" if stream == "stdout" else "warning"
            self.tickets[0].call.port().tell(LogNote(level, stream, {"line": text}))
        else:
            _log.info("worker.wrote", plugin=self._launch.plugin, pid=self.pid, stream=stream, line=self._clean(text))

    # --- time -----------------------------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """The first of the tickets begins now."""
        self._began = now
        self.slow = False
        self._look_by(now + (SLOW if len(self.tickets) > 1 else self.tickets[0].call.timeout / 1000))

    def _look_by(self, when: float) -> None:
        """Look at the clock by then; one timer serves all commands, and is set anew only for an earlier time."""
        if self._timer is None or when < self._timer_at - 0.001:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = when
            self._timer = self._loop.call_later(max(0.0, when - monotonic()), self._look)

    def _look(self) -> None:
        self._timer = None
        self._channel.read()  # a loop that was blocked may have answers waiting: they came in time
        if self._channel.half and self._ending.stage != Stage.KILLED:
            if monotonic() >= self._half_at + UNFINISHED:
                self._broken(f"a message was begun, and did not go on for {UNFINISHED:g} s", gone=False)
                return
            self._look_by(self._half_at + UNFINISHED)
        if self._ending.stage:
            self._ending.next()
        elif self.state == "starting":
            if monotonic() < self._began + IMPORT:
                self._look_by(self._began + IMPORT)
                return
            self.kill(f"its process was not ready within {IMPORT:g} s{self._body.words}")
        elif self.tickets:
            self._look_at(self.tickets[0], monotonic())

    def _look_at(self, first: Ticket, now: float) -> None:
        deadline = self._began + first.call.timeout / 1000
        slow = self._began + SLOW
        if now >= deadline:
            self._expire(first)
        elif now < slow:
            self._look_by(min(deadline, slow))
        else:
            self._give_back(now)
            self._look_by(self._began + first.call.timeout / 1000)

    def _give_back(self, now: float) -> None:
        back = self.take_back()
        self.slow = True
        if back and not self.tickets:  # not even the first has begun: the machine is busy, its time has not started
            first = back.pop(0)
            self.tickets.append(first)
            self._body.allow([first.number])
            self._began = now
        if back:
            self._owner.returned(back)

    def _expire(self, first: Ticket) -> None:
        back = self.take_back()
        if back:
            self._owner.returned(back)
        if self.tickets:
            self.stop(first, Why.TIMED_OUT)
        else:  # it has not even begun: something that an earlier command left behind holds the process
            self.kill("it begins nothing more")

    def _catch_up(self) -> None:
        self._channel.read()

    def _send(self, message: object) -> None:
        self._channel.put(encode(message))
        self._channel.flush()
