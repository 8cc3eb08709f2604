"""Structured logs: one line per state change, as JSON or for a terminal.

Lines are collected and written once per turn of the event loop: under load that is one system call, one
timestamp and one call of the encoder for many lines.
"""

import asyncio
import atexit
import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from hookyard.clock import SystemClock, rfc3339

Event = MutableMapping[str, Any]
Level = Literal["debug", "info", "warning", "error"]
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_OURS = frozenset({"event", "level", "room", "timestamp", "self", "method_name"})
"""What every line has, and the parameters of the library that writes it."""
_encoder = msgspec.json.Encoder(enc_hook=str)
_clock = SystemClock()


class _Lines:
    """Collects events and writes them together, in the form `render` gives them; safe from any thread."""

    def __init__(self, stream: TextIO, render: Callable[[list[Event]], str]) -> None:
        self._stream = stream
        self._render = render
        self._events: deque[Event] = deque()  # appending and taking are safe from any thread
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def add(self, event: Event) -> None:
        """Write this event with the others of this turn of the loop."""
        events = self._events
        events.append(event)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another thread, which may have to report that the loop is stuck
            self.flush()
        else:
            if len(events) == 1:
                loop.call_soon(self.flush)

    def flush(self) -> None:
        with self._lock:
            events = [self._events.popleft() for _ in range(len(self._events))]
            if events:
                # Nobody reads it any more, or the disk is full: what is logged must never fail for it.
                with contextlib.suppress(OSError, ValueError):
                    self._stream.write(self._render(events))
                    self._stream.flush()


_changes: dict[str, _Lines] = {}
"""Where the lines of each level go; a level that is not written is not there."""
_all: _Lines | None = None


class _Sink:
    """Where structlog hands its events when all is done with them: nowhere."""

    def msg(self) -> None:
        """Nothing is left to do."""

    debug = info = warning = error = critical = exception = msg


_SINK = _Sink()


def _process(_logger: object, level: str, event: Event) -> tuple[tuple[()], Event]:
    """Keep the event if its level is written; all else that is usual in a processor is done at the flush."""
    lines = _changes.get(level)
    if lines is not None:
        event["level"] = level
        if event.get("exc_info") is True:
            event["exc_info"] = sys.exc_info()  # gone once the handler that logs it is left
        lines.add(event)
    return (), {}


_PROCESSORS = [_process]
"""One list for the life of the process: a logger keeps the one it first saw, and structlog's `capture_logs` changes
it in place. That is why it knows neither the stream nor the level, which a later :func:`setup` may change."""


def setup(
    level: Level = "info", form: Literal["auto", "console", "json"] = "auto", stream: TextIO | None = None
) -> None:
    """Say where logs go and how they look, from now on and for every logger.

    Args:
        level: the least important level that is written.
        form: `auto` is console on a terminal and JSON elsewhere.
        stream: standard error if left out.
    """
    global _all, _changes  # noqa: PLW0603  one process has one log, as structlog's own configuration
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    lines = _Lines(out, _for_people(out.isatty()) if console else _for_programs)
    _all = lines
    _changes = {name: lines for name, rank in LEVELS.items() if rank >= LEVELS[level]} | {"critical": lines}
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger("debug"),
        logger_factory=lambda *_: _SINK,
        cache_logger_on_first_use=True,
    )


def get(room: str) -> FilteringBoundLogger:
    """The logger of one room of the house; its lines carry the room's name."""
    logger: FilteringBoundLogger = structlog.get_logger(room=room)
    return logger


def change(event: str, level: Level = "info", **members: object) -> None:
    """One line for one change of a job's or a delivery's state.

    The same as a bound logger's, at a seventh of its cost: every job makes several of them.
    """
    lines = _changes.get(level)
    if lines is not None:
        members["event"] = event
        members["level"] = level
        lines.add(members)


def beside(values: Mapping[str, object], taken: frozenset[str] = frozenset()) -> dict[str, object]:
    """Somebody else's values as members of a line, under names that do no harm.

    Args:
        values: any names, any values; a traceback among them is text already.
        taken: names that the line has itself.
    """
    return {
        f"{name}_" if name in _OURS or name in taken else name: value
        for name, value in values.items()
        if name != "exc_info"
    }


def trace(event: str, **members: object) -> None:
    """One line that somebody asked for by name: it is written whatever the level, also before :func:`setup`."""
    line: Event = {"event": event, "level": "debug", **members}
    if _all is None:
        sys.stderr.write(_for_programs([line]))
    else:
        _all.add(line)


def _for_programs(events: list[Event]) -> str:
    """One JSON object a line."""
    timestamp = rfc3339(_clock.now())
    for event in events:
        if "exc_info" in event:
            structlog.processors.format_exc_info(None, "", event)
        event["timestamp"] = timestamp
    try:
        return _encoder.encode_lines(events).decode()
    except Exception:  # noqa: BLE001  whatever a value does when it is written, the other lines must not be lost
        return "".join(map(_as_far_as_it_goes, events))


def _as_far_as_it_goes(event: Event) -> str:
    """One event that may hold a value nothing can be made of, such as half a surrogate pair."""
    try:
        return _encoder.encode(event).decode() + "\n"
    except Exception as error:  # noqa: BLE001  as above
        plain = {name: value for name, value in event.items() if isinstance(value, int)}
        named = {name: ascii(event[name])[1:-1] for name in ("event", "level", "timestamp", "job_id") if name in event}
        return _encoder.encode(plain | named | {"unloggable": type(error).__name__}).decode() + "\n"


def _for_people(colors: bool) -> Callable[[list[Event]], str]:
    """Lines for a terminal."""
    # The plain formatter shows no local variables: they may hold payloads and secrets.
    renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)

    def render(events: list[Event]) -> str:
        timestamp = rfc3339(_clock.now())
        for event in events:
            event["timestamp"] = timestamp
        return "".join(f"{renderer(None, '', event)}\n" for event in events).encode(errors="replace").decode()

    return render
