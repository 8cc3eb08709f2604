"""What a program writes, handed on line by line within bounds."""

import re
from typing import Final

from hookyard import Context
from hookyard_shell.config import Config, Program

_LONGEST_LINE: Final = 4000
_TAIL: Final = 20


class Lines:
    """What was written, cut into lines that go to the job's log; some of them say how far it is."""

    def __init__(self, ctx: Context[Config], event: str, program: Program, progress: str | None = None) -> None:
        self._log = ctx.log
        self._tell = ctx.progress
        self._event = event
        self._left = program.max_log_lines
        self._progress = None if progress is None else re.compile(progress)
        self._rest = b""
        self.last: list[str] = []
        """The last few."""

    def take(self, piece: bytes) -> None:
        """Log the lines that are complete; a carriage return ends one too, as of progress bars."""
        *lines, rest = re.split(rb"\r\n|\n|\r", self._rest + piece)
        self._rest = rest[:_LONGEST_LINE]
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """Log the last one, which no line break ended."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, raw: bytes) -> None:
        line = raw[:_LONGEST_LINE].decode("utf-8", "replace").rstrip()
        if not line:
            return
        self.last = [*self.last[1 - _TAIL :], line]
        if self._advances(line):
            return
        if self._left > 0:
            self._log.info(self._event, line=line)
        elif self._left == 0:
            self._log.warning(f"{self._event}.cut", reason="it wrote more lines than are kept")
        self._left -= 1

    def _advances(self, line: str) -> bool:
        found = None if self._progress is None else self._progress.search(line)
        if found is None:
            return False
        parts = found.groupdict()
        try:
            done = float(parts["done"])
            total = None if parts.get("total") is None else float(parts["total"])
        except (TypeError, ValueError):
            return False
        self._tell(done, total, line[:200])
        return True
