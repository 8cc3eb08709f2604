"""What a worker writes to standard output and error: bounded lines, whatever it writes and however much."""

import asyncio
import fcntl
import os
import select
import sys
import termios
from collections.abc import Callable
from typing import Final, Literal

Stream = Literal["stdout", "stderr"]

LONGEST_LINE: Final = 4_096
"""Bytes of a line that are kept."""
MOST_LINES: Final = 500
"""Lines of one job, or between two jobs, that are kept; more are counted."""
_PIECE: Final = 1 << 16
_AT_ONCE: Final = 64
_TAIL: Final = 2_000


class Output:
    """Reads one of the two pipes.

    Args:
        fd: the reading end; made non-blocking, and closed by :meth:`close`.
        stream: which one it is.
        line: called with every line that is kept.
        catch_up: called before something is read: what has ended by now must be known to have.

    Attributes:
        tail: the last bytes that came.
    """

    def __init__(
        self, fd: int, stream: Stream, line: Callable[[Stream, str], None], catch_up: Callable[[], None]
    ) -> None:
        os.set_blocking(fd, False)
        self._fd: int | None = fd
        self._stream: Stream = stream
        self._line = line
        self._catch_up = catch_up
        self._touched = False
        self._taken = 0
        self._rest = b""
        self._cut = False
        self._lines = 0
        self._dropped = 0
        self.tail = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(fd, self._readable)

    def drain(self) -> None:
        """Read all that is there now: what was written belongs to the job that ends."""
        for _ in range(_AT_ONCE):
            if not self._read():
                break
        self.part()

    def part(self) -> None:
        """One job ends here: a line without an end is one, and what was dropped is said."""
        if not self._touched:
            return
        self._touched = False
        if self._rest:
            self._take(self._rest)
            self._rest = b""
        self._cut = False
        if self._dropped:
            self._line(self._stream, f"({self._dropped} more lines were dropped)")
        self._lines = self._dropped = 0

    def close(self) -> None:
        """Let go of the pipe."""
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None

    def _readable(self) -> None:
        """Take what was there before it was looked whose it is: what comes meanwhile may be of the next job."""
        if self._fd is None:
            return
        there, taken = self._unread(self._fd), self._taken
        self._catch_up()
        # A job that ended meanwhile has taken what was its own. What is still there makes this called again.
        if self._taken == taken and (there or self._hung_up()):
            self._read(there or _PIECE)

    @staticmethod
    def _unread(fd: int) -> int:
        """How many bytes wait in a pipe."""
        return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)

    def _hung_up(self) -> bool:
        """Whether nobody can write to it any more."""
        if self._fd is None:
            return False
        look = select.poll()
        look.register(self._fd, 0)
        return bool(look.poll(0))

    def _read(self, most: int = _PIECE) -> bool:
        """Take one piece; False when there is none."""
        if self._fd is None:
            return False
        try:
            piece = os.read(self._fd, min(most, _PIECE))
        except BlockingIOError:
            return False
        if not piece:
            self.close()
            return False
        self._touched = True
        self._taken += 1
        self.tail = (self.tail + piece[-_TAIL:])[-_TAIL:]
        if self._lines > MOST_LINES:
            self._skip(piece)
        else:
            self._split(piece)
        return True

    def _skip(self, piece: bytes) -> None:
        """Count what is too much, at the least cost."""
        self._dropped += piece.count(b"\n")
        self._rest = b""
        self._cut = not piece.endswith(b"\n")

    def _split(self, piece: bytes) -> None:
        *whole, rest = (self._rest + piece).split(b"\n")
        for line in whole:
            if self._cut:
                self._cut = False
            else:
                self._take(line)
        if len(rest) > LONGEST_LINE and not self._cut:
            self._take(rest)
            self._cut = True
        self._rest = b"" if self._cut else rest

    def _take(self, line: bytes) -> None:
        self._lines += 1
        if self._lines > MOST_LINES:
            self._dropped += 1
            return
        text = line[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")
        # In the form in which who looks for secrets knows that a part of one may stand before it.
        self._line(
            self._stream,
            f"{text.rstrip(chr(0xFFFD))}... ({len(line)} characters)" if len(line) > LONGEST_LINE else text,
        )
