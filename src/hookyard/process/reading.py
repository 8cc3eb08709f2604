"""What goes into a process and what comes out of it, within bounds."""

import os
from collections.abc import Callable
from typing import Final

PIECE: Final = 65_536
_HEAD: Final = 256


def _drop(_piece: bytes) -> None:
    """Take what nobody wants any more."""


class Sink:
    """Takes what a process writes to one of its pipes.

    Args:
        limit: bytes that are taken; `cut` says that there were more.
        handed_on: gets the pieces in place of keeping them.
        hear_late: also those that come when the time is up.
    """

    __slots__ = ("_handed_on", "_hear_late", "_left", "_pieces", "cut", "head")

    def __init__(
        self, limit: int, handed_on: Callable[[bytes], object] | None = None, *, hear_late: bool = False
    ) -> None:
        self._hear_late = hear_late
        self._left = limit
        self._handed_on = handed_on
        self._pieces: list[bytes] = []
        self.cut = False
        self.head = b""
        """How it begins, for who wants to know who wrote it."""

    def read(self, fd: int) -> bool:
        """Read once, when that does not block; False at the end."""
        piece = os.read(fd, PIECE)
        if not piece:
            return False
        if len(piece) > self._left:
            self.cut = True
            piece = piece[: self._left]
        self._left -= len(piece)
        if len(self.head) < _HEAD:
            self.head += piece[:_HEAD]
        if piece:
            if self._handed_on is None:
                self._pieces.append(piece)
            else:
                self._hand_on(piece, self._handed_on)
        return True

    def _hand_on(self, piece: bytes, handed_on: Callable[[bytes], object]) -> None:
        """Who has raised once gets nothing more."""
        try:
            handed_on(piece)
        except BaseException:
            self.mute()
            raise

    def expire(self) -> None:
        """The time is up."""
        if not self._hear_late:
            self.mute()

    def mute(self) -> None:
        """Hand nothing on any more."""
        if self._handed_on is not None:
            self._handed_on = _drop

    def taken(self) -> bytes:
        """All that was kept."""
        return b"".join(self._pieces)


class Source:
    """Holds what a process is to read."""

    __slots__ = ("_data", "_sent")

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._sent = 0

    @property
    def fits(self) -> bool:
        """Whether an empty pipe takes all of it at once: no pipe is smaller than a page (pipe(7))."""
        return len(self._data) <= 4096  # noqa: PLR2004  that page

    def write(self, fd: int) -> bool:
        """Write what the pipe takes; False when there is nothing left to write, or nobody to read it."""
        try:
            self._sent += os.write(fd, self._data[self._sent : self._sent + PIECE])
        except BlockingIOError:
            return True
        except BrokenPipeError:  # it does not want to know
            return False
        return self._sent < len(self._data)
