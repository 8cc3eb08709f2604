"""One worker process, as its pool sees it: what runs there, what was sent ahead, and how it ends."""

import asyncio
import os
import signal
import socket
from collections import deque
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final, Literal, Protocol

from msgspec import MsgspecError

from hookyard import log
from hookyard.context.messages import LogNote
from hookyard.errors import PluginFailed
from hookyard.host.foreign.interview import last_words, why_not
from hookyard.host.foreign.wire import (
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
from hookyard.host.foreign.worker import WorkerLaunch
from hookyard.process.channel import Channel, ChannelError
from hookyard.process.persistent import Persistent, ending
from hookyard.runners.worker.output import Output, Stream
from hookyard.runners.worker.ticket import Ticket, Why

SLOW: Final = 0.02
"""Seconds after which a command is slow: what was sent after it is taken back, for another process to run."""
COOPERATE: Final = 1.0
"""Seconds a command has to stop when it is asked to, before its process is ended."""
IMPORT: Final = 30.0
"""Seconds a process may take to get ready."""
_TOKEN: Final = 4
_WRAP: Final = 1 << 32
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")

State = Literal["starting", "ready", "leaving", "gone"]
_log = log.get("worker")


class Owner(Protocol):
    """What a process tells its pool."""

    def ready(self, worker: "Worker") -> None:
        """The plugin is imported."""
        ...

    def free(self, worker: "Worker") -> None:
        """It has room for more, or is through with its last command."""
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

    Attributes:
        tickets: what it has; the first one runs, the others were sent ahead.
        jobs: how many it has run.
        slow: the first one has run for so long that nothing is sent after it.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, launch: WorkerLaunch, owner: Owner) -> None:
        self.state: State = "starting"
        self.tickets: deque[Ticket] = deque()
        self.jobs = 0
        self.slow = False
        self._launch = launch
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._began = 0.0
        self._stage = 0
        self._next_step = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._refusal: str | None = None
        self._broke: str | None = None
        self._closed = False
        self._imported = False
        self._dismissed = False
        self._start()
        self._act_by(monotonic() + IMPORT)

    def _start(self) -> None:
        launch = self._launch
        ours, theirs = socket.socketpair()
        pipes = [os.pipe() for _ in range(3)]
        (token_read, self._token_write), (out_read, out_write), (err_read, err_write) = pipes
        kept = theirs.fileno()
        try:
            self._process = Persistent.start(
                launch.spec,
                str(kept),
                str(token_read),
                stdout=out_write,
                stderr=err_write,
                descriptors=(kept, token_read),
            )
        except OSError:
            ours.close()
            for descriptor in (token_read, self._token_write, out_read, err_read):
                os.close(descriptor)
            raise
        finally:
            theirs.close()
            os.close(out_write)
            os.close(err_write)
        # Kept: reading it is how commands are taken back. This end does not wait, and both ends share that.
        self._token_read = token_read
        os.set_blocking(token_read, False)
        self._memory: int | None = None
        if launch.recycle_memory is not None:
            with suppress(OSError):
                self._memory = os.open(Path(f"/proc/{self._process.pid}/statm"), os.O_RDONLY | os.O_CLOEXEC)
        self._out = Output(out_read, "stdout", self._line)
        self._err = Output(err_read, "stderr", self._line)
        self._loop.add_reader(self._process.pidfd, self._ended)
        self._channel = Channel(ours, received=self._take, batch=self._taken, broken=self._broken)
        self._send(launch.hello)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def worn(self) -> bool:
        """Whether it has run as many commands as one process may."""
        most = self._launch.recycle_jobs
        return most is not None and self.jobs >= most

    # --- commands ---------------------------------------------------------------------------------------------

    def give(self, tickets: list[Ticket]) -> None:
        """Send commands: the first begins at once when nothing runs, the others when it is their turn."""
        idle = not self.tickets
        tokens = bytearray()
        for ticket in tickets:
            self._number = (self._number + 1) % _WRAP
            call = ticket.call
            message = Run(self._number, call.command.spec.name, call.args, call.info, call.timeout)
            try:
                self._channel.put(encode(message))
            except ChannelError as error:
                ticket.lose(PluginFailed(call.command.key, f"the input cannot be sent: {error}", retryable=False))
                continue
            ticket.number = self._number
            tokens += self._number.to_bytes(_TOKEN, "big")
            self.tickets.append(ticket)
        if not tokens:
            return
        os.write(self._token_write, tokens)  # before the commands themselves: see hookyard.worker.serve
        self._channel.flush()
        if idle:
            self._begin(monotonic())
        elif len(self.tickets) > 1:
            self._act_by(max(self._began, monotonic()) + SLOW)

    def take_back(self) -> list[Ticket]:
        """The commands that have not begun, which never will here."""
        try:
            packed = os.read(self._token_read, _TOKEN * (len(self.tickets) + 1))
        except BlockingIOError:
            return []
        numbers = {int.from_bytes(packed[at : at + _TOKEN], "big") for at in range(0, len(packed), _TOKEN)}
        back = [ticket for ticket in self.tickets if ticket.number in numbers]
        self.tickets = deque(ticket for ticket in self.tickets if ticket.number not in numbers)
        return back

    def stop(self, ticket: Ticket, why: Why) -> None:
        """End a command: ask it; then its group by SIGTERM; then by SIGKILL. Others that wait here are not touched."""
        back = self.take_back()
        others = [one for one in back if one is not ticket]
        if others:
            self._owner.returned(others)
        ticket.stopping = ticket.stopping or why
        if len(others) < len(back):  # it has not begun
            ticket.lose(AssertionError())
            self._owner.free(self)
            return
        ticket.call.cancel.set()
        if self._stage == 0:
            self._send(Cancel(ticket.number))
            self._step(1, COOPERATE)

    def hurry(self) -> None:
        """Do not wait any longer for what was asked to stop."""
        self._step(3, 0)
        self._process.signal(signal.SIGKILL)

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

    def _say_goodbye(self) -> None:
        self._send(Bye())
        self._step(1, COOPERATE)

    def kill(self, reason: str) -> None:
        """End it now: it broke its protocol."""
        if self._broke is None:
            self._broke = reason
            _log.error("worker.broke", plugin=self._launch.plugin, pid=self.pid, why=reason)
        self.state = "leaving" if self.state != "gone" else "gone"
        self._step(3, 0)
        self._process.signal(signal.SIGKILL)

    def _ended(self) -> None:
        """The process is gone: what it still said comes first, then what it leaves."""
        self._process.signal(signal.SIGKILL)  # what is left of its group
        if self._broke is None:
            self._channel.read()
        self._loop.remove_reader(self._process.pidfd)
        returncode = self._process.reap()
        if self._timer is not None:
            self._timer.cancel()
        back = self.take_back()
        self._out.drain()
        self._err.drain()
        self.state = "gone"
        words = last_words(self._err.tail)
        reason = None
        if not (self._imported or self._dismissed):
            why = why_not(self._launch.spec.argv[0], returncode, words, self._err.tail)
            reason = self._refusal or self._broke or why
        lost, self.tickets = self.tickets, deque()
        for ticket in lost:
            key = ticket.call.command.key
            problem = self._broke or f"its worker process {ending(returncode or 0)}{words}"
            ticket.lose(PluginFailed(key, problem, code="protocol_error" if self._broke else "exited"))
        self._release()
        if back:
            self._owner.returned(back)
        self._owner.gone(self, reason)

    def _release(self) -> None:
        self._channel.close()
        self._out.close()
        self._err.close()
        for descriptor in (self._token_read, self._token_write, self._memory):
            if descriptor is not None:
                os.close(descriptor)

    def _broken(self, reason: str, gone: bool) -> None:
        if not gone:
            self.kill(reason)
        elif self.state != "gone":  # the process ends, as a rule; if it does not, it is ended
            self.state = "leaving"
            self._closed = True
            self._step(2, COOPERATE)

    # --- what comes ---------------------------------------------------------------------------------------------

    def _take(self, packed: memoryview) -> None:
        try:
            message = from_worker(packed)
        except MsgspecError as error:
            msg = f"its worker process sent what is no message: {error}"
            raise ChannelError(msg) from error
        if isinstance(message, Result | Failed):
            self._through(message)
        elif isinstance(message, Told | Asked):
            if self.tickets and self.tickets[0].number == message.number:
                self._said(message)
        elif isinstance(message, Ready):
            if self.state == "starting":
                self._is_ready()
        else:
            self._refusal = message.reason

    def _is_ready(self) -> None:
        self.state = "ready"
        self._imported = True
        self._out.drain()
        self._err.drain()
        self._owner.ready(self)

    def _through(self, message: Result | Failed) -> None:
        if not self.tickets or self.tickets[0].number != message.number:
            msg = f"its worker process answered number {message.number}, which is not what it runs"
            raise ChannelError(msg)
        if message.wrote:
            self._out.drain()
            self._err.drain()
            self._channel.put(encode(Go(message.number)))
        ticket = self.tickets.popleft()
        self.jobs += 1
        if self._stage:
            self._stage = 0
        if isinstance(message, Result):
            ticket.succeed(message.body)
        else:
            ticket.fail(message.error)
        if self.tickets:
            self._begin(monotonic())

    def _taken(self) -> None:
        """The messages of one wake-up are handed over."""
        self._channel.flush()
        if self.state == "leaving" and not self.tickets and self._stage == 0:
            self._say_goodbye()
        elif self.state == "ready":
            if self._memory is not None and not self.worn and self._resident() > (self._launch.recycle_memory or 0):
                self.leave()
            self._owner.free(self)

    def _said(self, message: Told | Asked) -> None:
        ticket = self.tickets[0]
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
        if self.tickets and self.state != "starting":
            level: Literal["info", "warning"] = "info" if stream == "stdout" else "warning"
            self.tickets[0].call.port().tell(LogNote(level, stream, {"line": text}))
        else:
            _log.info("worker.wrote", plugin=self._launch.plugin, pid=self.pid, stream=stream, line=text)

    def _resident(self) -> int:
        if self._memory is None:
            return 0
        try:
            return int(os.pread(self._memory, 64, 0).split()[1]) * _PAGE
        except (OSError, IndexError):  # it ends this moment
            return 0

    # --- time -----------------------------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """The first of the tickets begins now."""
        self._began = now
        self.slow = False
        self._act_by(now + (SLOW if len(self.tickets) > 1 else self.tickets[0].call.timeout / 1000))

    def _step(self, stage: int, seconds: float) -> None:
        if stage > self._stage:
            self._stage = stage
            self._next_step = monotonic() + seconds
            self._act_by(self._next_step)

    def _act_by(self, when: float) -> None:
        """Look at the clock by then; one timer serves all commands, and is set anew only for an earlier time."""
        if self._timer is None or when < self._timer_at - 0.001:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = when
            self._timer = self._loop.call_later(max(0.0, when - monotonic()), self._look)

    def _look(self) -> None:
        self._timer = None
        self._channel.read()  # a loop that was blocked may have answers waiting: they came in time
        if self.state == "gone":
            return
        now = monotonic()
        if self._stage:
            self._escalate(now)
        elif self.state == "starting":
            self.kill(f"its process was not ready within {IMPORT:g} s{last_words(self._err.tail)}")
        elif self.tickets:
            self._look_at_command(now)

    def _look_at_command(self, now: float) -> None:
        first = self.tickets[0]
        deadline = self._began + first.call.timeout / 1000
        if now >= deadline:
            self._expire(first)
        elif now >= self._began + SLOW:
            self._act_by(deadline)
            self._give_back(now)
        else:
            self._act_by(min(deadline, self._began + SLOW))

    def _expire(self, first: Ticket) -> None:
        back = self.take_back()
        if not self.tickets:  # it has not even begun: something that was left behind holds the process
            self.kill("it began nothing more")
        else:
            self.stop(first, Why.TIMED_OUT)
        if back:
            self._owner.returned(back)

    def _give_back(self, now: float) -> None:
        back = self.take_back()
        if back and not self.tickets:
            # Not even the first has begun: the machine is busy, and its time has not started.
            first = back.pop(0)
            self.tickets.append(first)
            os.write(self._token_write, first.number.to_bytes(_TOKEN, "big"))
            self._began = now
        self.slow = True
        if back:
            self._owner.returned(back)

    def _escalate(self, now: float) -> None:
        if now < self._next_step:
            self._act_by(self._next_step)
            return
        if self._stage == 1:
            back = self.take_back()
            if back:
                self._owner.returned(back)
            self.state = "leaving"
            self._process.signal(signal.SIGTERM)
            self._step(2, self._launch.spec.grace / 1000)
        elif self._stage == 2:
            if self._closed:
                self._broke = "its worker process closed its end of the channel"
            self._process.signal(signal.SIGKILL)
            self._step(3, 0)

    def _send(self, message: object) -> None:
        self._channel.put(encode(message))
        self._channel.flush()
