"""The log of one attempt: kept with the job, and written to the server's log, both within bounds."""

from typing import Final

import msgspec

from hookyard import log
from hookyard.context.logger import LARGEST_LINE, LONGEST_EVENT
from hookyard.context.messages import LogNote
from hookyard.facilities.redact import Redactor
from hookyard.model import Job, LogLine

MOST_LINES: Final = 10_000
"""Lines of one attempt that are kept."""
MOST_BYTES: Final = 8 << 20
"""Bytes of all their values."""

_log = log.get("plugin")
_OURS: Final = frozenset({"job_id", "request_id", "command", "attempt"})
"""Names that the server's line has already."""


class JobLog:
    """Takes an attempt's lines; from the event loop's thread only.

    Args:
        redactor: of the plugin, if it has secrets.
    """

    __slots__ = ("_attempt", "_bytes", "_count", "_job", "_lines", "_redactor", "_server", "dropped")

    def __init__(self, job: Job, attempt: int, redactor: Redactor | None) -> None:
        self._job = job
        self._attempt = attempt
        self._redactor = redactor
        self._server = _log.bind(
            job_id=job.id, request_id=job.request_id, command=f"{job.plugin}/{job.command}", attempt=attempt
        )
        self._lines: list[LogLine] = []
        self._count = 0
        self._bytes = 0
        self.dropped = 0
        """Lines that were too many."""

    def add(self, note: LogNote, now: int) -> bool:
        """Take a line; True when it is the first since :meth:`take`."""
        values, body = _bounded(note.values)
        if self._redactor is None:
            event = note.event[:LONGEST_EVENT]
        else:
            event = self._redactor.cut(note.event, LONGEST_EVENT)
            body = self._redactor.json(body)
            values = msgspec.json.decode(body, type=dict[str, object])
        if self._count >= MOST_LINES or self._bytes + len(body) > MOST_BYTES:
            self.dropped += 1
            return False
        self._count += 1
        self._bytes += len(body)
        return self._write(note, event, values, body, now)

    def end(self, now: int) -> None:
        """Say how many lines are missing, if any."""
        if self.dropped:
            values: dict[str, object] = {"lines": self.dropped}
            note = LogNote("warning", "log.dropped", values)
            self._write(note, note.event, values, msgspec.json.encode(values), now)

    def take(self) -> tuple[LogLine, ...]:
        """What has come in since the last time."""
        lines, self._lines = tuple(self._lines), []
        return lines

    def _write(self, note: LogNote, event: str, values: dict[str, object], body: bytes, now: int) -> bool:
        getattr(self._server, note.level)(event, **log.beside(values, _OURS))
        self._lines.append(
            LogLine(job_id=self._job.id, attempt=self._attempt, at=now, level=note.level, event=event, values=body)
        )
        return len(self._lines) == 1


def _bounded(values: dict[str, object]) -> tuple[dict[str, object], bytes]:
    """The values and their JSON; a plugin's own process need not have kept to what a line may hold."""
    try:
        body = msgspec.json.encode(values)
        problem = f"values of {len(body)} bytes; a line takes {LARGEST_LINE}"
    except Exception as error:  # noqa: BLE001  whatever a value does when it is written
        body, problem = b"", f"values that are not JSON: {type(error).__name__}"
    if 0 < len(body) <= LARGEST_LINE + LONGEST_EVENT:
        return values, body
    kept: dict[str, object] = {"dropped": problem}
    return kept, msgspec.json.encode(kept)
