"""How the implementations did: what is counted, listed and, when asked for, printed."""

import os
from time import time
from typing import Final

from msgspec import Struct

from hookyard import log

TRACE: Final = "HOOKYARD_TRACE_HOOKS"
"""The environment variable: set to `1`, every call of a hook is printed to standard error."""

_log = log.get("hooks")


class HookRecord(Struct, kw_only=True):
    """How one plugin's implementation of one hook has done since it was loaded."""

    plugin: str
    hook: str
    calls: int = 0
    """Those that have ended."""
    failures: int = 0
    """Those of them that raised, took too long or answered with another type."""
    dropped: int = 0
    """Facts that it was not told, because it was too far behind."""
    skipped: int = 0
    """Calls that were not made, because too many earlier ones have not come back."""
    last_error: str | None = None
    last_error_at: int | None = None
    """Milliseconds since 1970-01-01 UTC."""
    last_ms: float = 0
    longest_ms: float = 0


class HookResult(Struct, frozen=True, kw_only=True):
    """How one call of one implementation went."""

    plugin: str
    hook: str
    seconds: float
    error: str | None = None
    """Its exception's type and message, that its time was up, or what is wrong with its answer; None when all went
    well."""
    value: object = None
    """Its answer, checked; None when there is an error."""


class Recorder:
    """Takes down every call, and prints it where that is asked for."""

    def __init__(self) -> None:
        self._trace = os.environ.get(TRACE, "") not in {"", "0"}

    def took(
        self,
        record: HookRecord,
        seconds: float,
        error: str | None = None,
        value: object = None,
        *,
        outcome: str = "ok",
        raised: BaseException | None = None,
    ) -> HookResult:
        """Write down a call that has ended.

        Args:
            record: of the implementation.
            seconds: how long it took.
            error: what went wrong.
            value: the answer when nothing did.
            outcome: how it went in a word, for the trace, which never says more; `docs/reference/hooks.md` lists them.
            raised: what it raised, if the log is to have the traceback.
        """
        ms = round(seconds * 1000, 3)
        record.calls += 1
        record.last_ms = ms
        record.longest_ms = max(record.longest_ms, ms)
        if error is not None:
            record.failures += 1
            record.last_error, record.last_error_at = error, int(time() * 1000)
            more = {} if raised is None else {"exc_info": raised}
            _log.warning("hook.failed", plugin=record.plugin, hook=record.hook, why=error, ms=round(ms), **more)
        if self._trace:
            log.trace("hook.called", plugin=record.plugin, hook=record.hook, ms=ms, outcome=outcome)
        found = None if error is not None else value
        return HookResult(plugin=record.plugin, hook=record.hook, seconds=seconds, error=error, value=found)

    def skip(self, record: HookRecord, why: str) -> HookResult:
        """Write down a call that was not made; the first of a thousand is a line of the log."""
        record.skipped += 1
        record.last_error, record.last_error_at = why, int(time() * 1000)
        if record.skipped % 1000 == 1:
            _log.error("hook.skipped", plugin=record.plugin, hook=record.hook, skipped=record.skipped, why=why)
        return HookResult(plugin=record.plugin, hook=record.hook, seconds=0, error=why)

    def drop(self, record: HookRecord) -> None:
        """Write down a fact that was not told; the first of a thousand is a line of the log."""
        record.dropped += 1
        if record.dropped % 1000 == 1:
            _log.error("hook.dropped", plugin=record.plugin, hook=record.hook, dropped=record.dropped)
