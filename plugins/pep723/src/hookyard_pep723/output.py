"""What a process writes, within bounds."""

from collections import deque
from typing import Final

from hookyard import Logger

_LONGEST_LINE: Final = 4000
_LAST: Final = 10


class Tail:
    """The end of what was written, whatever comes."""

    def __init__(self, limit: int) -> None:
        self._data = bytearray()
        self._limit = limit

    def take(self, piece: bytes) -> None:
        """Keep it, in place of what came long before."""
        self._data += piece
        del self._data[: -self._limit]

    def text(self) -> str:
        """All that was kept."""
        return self._data.decode(errors="replace")


class Lines:
    """What a script says on stderr, kept with the job line by line."""

    def __init__(self, log: Logger, most: int) -> None:
        self.last: deque[str] = deque(maxlen=_LAST)
        self._log = log
        self._left = most
        self._rest = b""

    def take(self, piece: bytes) -> None:
        """Log the lines that are complete."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """Log the last one, which nothing ended."""
        self._line(self._rest)
        self._rest = b""

    def _line(self, raw: bytes) -> None:
        line = raw[:_LONGEST_LINE].decode(errors="replace").rstrip()
        if not line:
            return
        self.last.append(line)
        if self._left > 0:
            self._log.info("stderr", line=line)
        elif self._left == 0:
            self._log.warning("stderr.cut", reason="it wrote more lines than are kept")
        self._left -= 1
