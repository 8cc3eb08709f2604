"""Structured logs: one line per state change, as JSON or for a terminal.

Lines are collected and written once per turn of the event loop: under load that is one system call for many lines,
and a slow log reader holds up no request in between.
"""

import asyncio
import atexit
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor

from hookyard.clock import SystemClock, rfc3339

Level = Literal["debug", "info", "warning", "error"]
_encoder = msgspec.json.Encoder(enc_hook=str)
_clock = SystemClock()


class _Lines:
    """Collects lines and writes them together; safe from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def msg(self, message: str) -> None:
        with self._lock:
            self._lines.append(message)
            first = len(self._lines) == 1
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another thread, which may have to report that the loop is stuck
            self.flush()
            return
        if first:
            loop.call_soon(self.flush)

    debug = info = warning = error = critical = exception = msg

    def flush(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            if lines:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()


def setup(
    level: Level = "info", form: Literal["auto", "console", "json"] = "auto", stream: TextIO | None = None
) -> None:
    """Say where logs go and how they look; without it they go to standard error as JSON.

    Args:
        level: the least important level that is written.
        form: `auto` is console on a terminal and JSON elsewhere.
        stream: standard error if left out.
    """
    stream = stream or sys.stderr
    console = form == "console" or (form == "auto" and stream.isatty())
    tail: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
        if console
        else [structlog.processors.format_exc_info, _as_json]
    )
    lines = _Lines(stream)
    structlog.configure(
        processors=[structlog.processors.add_log_level, _timestamp, *tail],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )


def get(room: str) -> FilteringBoundLogger:
    """The logger of one room of the house; its lines carry the room's name."""
    logger: FilteringBoundLogger = structlog.get_logger(room=room)
    return logger


def _timestamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = rfc3339(_clock.now())
    return event


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return _encoder.encode(event).decode()
