"""The worker's loop: takes commands as they come, runs one at a time, and reports each before the next begins.

Commands are sent ahead, so that a worker is never idle between two short ones. One may begin only when its token has
been read from a pipe; the server takes commands back by reading their tokens itself, and whoever got a token, got the
command: the kernel sees to it, however busy this process is.
"""

import asyncio
import os
import socket
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hookyard.errors import PluginFailed
from hookyard.host.foreign.worker.failures import to_failure
from hookyard.host.foreign.worker.messages import Answer, Bye, Cancel, Failed, Go, Ready, Result, Run, encode, to_worker
from hookyard.host.threads import DaemonThreads
from hookyard.plugin import Plugin
from hookyard.process.channel import Channel, ChannelError
from hookyard.worker.http import HttpClients
from hookyard.worker.job import Job
from hookyard.worker.output import Unread

TOKEN: Final = 4
"""Bytes of a token: the number of a command, big-endian."""


@dataclass(frozen=True, slots=True)
class Served:
    """A plugin that is ready."""

    plugin: Plugin[Any]
    config: object
    http: bytes


async def serve(sock: socket.socket, tokens: int, served: Served) -> None:
    """Say that the plugin is ready, and run its commands until the server says goodbye."""
    work = Work(sock, tokens, served)
    try:
        await work.ended
    finally:
        work.channel.close()


class Work:
    """What is to be done, and what is under way."""

    def __init__(self, sock: socket.socket, tokens: int, served: Served) -> None:
        self.loop = asyncio.get_running_loop()
        self.ended = self.loop.create_future()
        self.threads = DaemonThreads("hookyard-command")
        self.http = HttpClients(served.http)
        self.config = served.config
        self._commands = served.plugin.commands
        self._tokens = tokens
        self._token: int | None = None
        self._queue: deque[Run] = deque()
        self._current: Job | None = None
        self._unheard: int | None = None
        self._unread = Unread()
        self._flushing = False
        os.set_blocking(tokens, False)
        self.channel = Channel(sock, received=self._take, batch=self._next, broken=self._end, whole=True)
        self.send(encode(Ready()))

    def send(self, message: bytes) -> None:
        """Send a message now, and what waited before it."""
        self.channel.put(message)
        self.channel.flush()

    def send_soon(self, message: bytes) -> None:
        """Send a message with the others of this turn of the loop."""
        self.channel.put(message)
        if not self._flushing:
            self._flushing = True
            self.loop.call_soon(self._flush)

    def finish(self, number: int, message: Result | Failed) -> None:
        """Report how a command ended, and begin the next one."""
        self._current = None
        message.wrote = self._unread()
        if message.wrote:
            self._unheard = number
        try:
            self.send(encode(message))
        except ChannelError as error:
            refusal = PluginFailed("", f"the answer cannot be sent: {error}")
            self.send(encode(Failed(number, to_failure(refusal), message.wrote)))
        self._next()

    def _flush(self) -> None:
        self._flushing = False
        self.channel.flush()

    def _take(self, packed: memoryview) -> None:
        message = to_worker(packed)
        current = self._current
        if type(message) is Run:
            self._queue.append(message)
        elif type(message) is Answer:
            if current is not None and current.number == message.number:
                current.answered(message)
        elif type(message) is Cancel:
            if current is not None and current.number == message.number:
                current.stop()
        elif type(message) is Go:
            if self._unheard == message.number:
                self._unheard = None
        elif type(message) is Bye:
            self._end("goodbye")

    def _next(self) -> None:
        """Begin what is next, if anything may begin now."""
        queue = self._queue
        while queue and self._current is None and self._unheard is None:
            if self._token is None and not self._read_token():
                queue.clear()  # tokens come before commands: all of these were taken back
                return
            run = queue.popleft()
            if run.number != self._token:
                continue
            self._token = None
            self._current = Job(self, run)
            self._current.begin(self._commands.get(run.command))

    def _read_token(self) -> bool:
        try:
            self._token = int.from_bytes(os.read(self._tokens, TOKEN), "big")
        except BlockingIOError:
            return False
        return True

    def _end(self, _reason: str, _gone: bool = True) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        if not self.ended.done():
            self.ended.set_result(None)
