"""A program of its own: ends what a server leaves running that is gone, however that died. The server starts it.

It reads, on its standard input, what :mod:`hookyard.process.guardian` writes, and acts once the server is gone. It is
run as a file, isolated, so that it imports nothing but the standard library.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import time

_PAUSE = 100
"""Milliseconds for which messages are left to gather: reading each as it comes would cost a wake-up every time."""
_TRIES = 100


class Watch:
    """What is under way.

    Args:
        server: the process number of the server.
    """

    def __init__(self, server: int) -> None:
        self._known: set[bytes] = set()
        self._rest = b""
        self._ends = select.poll()
        self._ends.register(0, 0)  # no event but that the other end is closed
        self._any = select.poll()
        self._any.register(0, select.POLLIN)
        self._alive = True
        try:
            pidfd = os.pidfd_open(server)
        except OSError:
            self._alive = False
        else:
            # A process that the server forked may hold the pipe open: the server itself is watched as well.
            self._ends.register(pidfd, select.POLLIN)
            self._any.register(pidfd, select.POLLIN)
        if os.getppid() != server:
            self._alive = False

    def run(self) -> None:
        """Read until the server is gone, and end what it has left."""
        while self._alive:
            self._any.poll()
            self._alive = not self._ends.poll(_PAUSE)
            self._read()
        self._read()  # where it was gone from the beginning
        for one in self._known:
            if one[:1] == b"p":
                _kill(int(one[1:]))
        for one in self._known:
            if one[:1] == b"f":
                _remove(os.fsdecode(one[1:]))

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(0, 1 << 16)
            except BlockingIOError:
                return
            if not piece:
                return
            *messages, self._rest = (self._rest + piece).split(b"\0")
            for message in messages:
                if message[:1] == b"+":
                    self._known.add(message[1:])
                else:
                    self._known.discard(message[1:])


def _kill(group: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def _remove(folder: str) -> None:
    for _ in range(_TRIES):  # what was killed may write for another moment
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        time.sleep(0.02)


def main() -> None:
    """Ignore what is meant for the server, and watch it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.set_blocking(0, False)
    Watch(int(sys.argv[1])).run()


if __name__ == "__main__":
    main()
