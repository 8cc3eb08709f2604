"""Holds up event loops, and threads that report to one, at random: `pytest -n 4 -p tests.held_up`.

What passes only because one thing is as a rule quicker than another fails sooner or later under this; run it over a
room several times when something there has a thread, a wait or a clock. Each process draws whether its loops, its
threads or both are slow. Tests that turn the loop very often take minutes: their timeouts say nothing.
"""

import asyncio
import random
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_DRAW: Final = random.SystemRandom()  # Hypothesis begins the others anew for each test
_LOOPS, _THREADS = _DRAW.choice([(0.04, 0.12), (0.0, 0.4), (0.12, 0.0), (0.02, 0.05)])
"""The shares of a loop's turns, and of a thread's reports, that are late."""
_SELDOM: Final = 0.01
"""The share of those that are very late."""
_LATE, _VERY_LATE = 0.05, 0.5
"""Seconds: at the most, and always."""


def _held_up(function: Callable[P, T], share: float) -> Callable[P, T]:
    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        drawn = _DRAW.random()
        if drawn < share:
            time.sleep(_VERY_LATE if drawn < share * _SELDOM else _DRAW.random() * _LATE)
        return function(*args, **kwargs)

    return call


def pytest_configure() -> None:
    """Begin, in every process that runs tests."""
    sys.setswitchinterval(_DRAW.choice([1e-5, 1e-4, 0.005, 0.02]))
    for name, share in (("_run_once", _LOOPS), ("call_soon_threadsafe", _THREADS)):
        setattr(asyncio.BaseEventLoop, name, _held_up(getattr(asyncio.BaseEventLoop, name), share))
