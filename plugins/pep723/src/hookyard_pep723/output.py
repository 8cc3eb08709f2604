"""What a process writes, within bounds."""

from collections import deque
from typing import Final

from hookyard import Logger

_LONGEST_LINE: Final = 4000
_LAST: Final = 10


class Kept:
    """What was written, up to a limit."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.too_much = False
        self._limit = limit

    def take(self, piece: bytes) -> bool:
        """Keep it; False when that is more than the limit."""
        self.too_much = self.too_much or len(self.data) + len(piece) > self._limit
        if not self.too_much:
            self.data += piece
        return not self.too_much

    def keep(self, piece: bytes) -> bool:
        """Keep its end, whatever comes."""
        self.data += piece
        del self.data[: -self._limit]
        return True

    def text(self) -> str:
        """All that was kept."""
        return self.data.decode(errors="replace")


class Lines:
    """What a script says on stderr, kept with the job line by line."""

    def __init__(self, log: Logger, most: int) -> None:
        self.last: deque[str] = deque(maxlen=_LAST)
        self._log = log
        self._left = most
        self._rest = b""

    def take(self, piece: bytes) -> bool:
        """Log the lines that are complete."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        for line in lines:
            self._line(line)
        return True

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
