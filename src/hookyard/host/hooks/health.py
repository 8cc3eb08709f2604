"""How the plugins are: asked all at once, and remembered for a few seconds."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from hookyard.hookspecs import HealthReport
from hookyard.host.hooks.calling import Caller
from hookyard.host.hooks.table import Implementation

FRESH: Final = 5.0
"""Seconds for which an answer is not asked for again."""


class HealthReports:
    """Asks for the health of plugins. Used on one event loop.

    Args:
        caller: how one of them is called.
        seconds: how long one may take.
    """

    def __init__(self, caller: Caller, seconds: float) -> None:
        self._caller = caller
        self._seconds = seconds
        self._known: tuple[float, Sequence[Implementation], Mapping[str, HealthReport]] = (0, (), {})
        self._asking = asyncio.Lock()

    async def of(self, those: Sequence[Implementation]) -> Mapping[str, HealthReport]:
        """The reports by plugin; one whose hook fails is `failing`, and not critical."""
        async with self._asking:  # who comes while it is asked takes that answer
            at, asked, known = self._known
            if asked is those and monotonic() < at + FRESH:
                return known
            results = await asyncio.gather(*(self._caller.call(each, {}, self._seconds) for each in those))
            reports = {
                result.plugin: result.value
                if isinstance(result.value, HealthReport)
                else HealthReport(status="failing", message=f"The hook failed: {result.error}.")
                for result in results
            }
            self._known = (monotonic(), those, reports)
            return reports
