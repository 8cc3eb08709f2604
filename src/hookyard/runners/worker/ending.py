"""How a process is ended that does not end by itself: it is asked, then its group gets SIGTERM, then SIGKILL."""

import signal
from collections.abc import Callable
from enum import IntEnum
from time import monotonic
from typing import Final

from hookyard.process.persistent import Persistent

COOPERATE: Final = 1.0
"""Seconds from asking a command to stop, or a process to leave, to SIGTERM."""


class Stage(IntEnum):
    """How far it has come."""

    NONE = 0
    ASKED = 1
    TERMINATED = 2
    KILLED = 3


class Ending:
    """Goes from stage to stage, and never back but to the beginning.

    Args:
        process: whose group gets the signals.
        grace: seconds between SIGTERM and SIGKILL.
        look_by: called with the time (monotonic) by which :meth:`next` wants to be called.
    """

    def __init__(self, process: Persistent, grace: float, look_by: Callable[[float], None]) -> None:
        self.stage = Stage.NONE
        self._process = process
        self._grace = grace
        self._look_by = look_by
        self._next = 0.0

    def asked(self) -> None:
        """Somebody was asked to stop: wait a while for that."""
        if self.stage < Stage.ASKED:
            self._wait(Stage.ASKED, COOPERATE)

    def terminate(self) -> None:
        """SIGTERM to the group."""
        if self.stage < Stage.TERMINATED:
            self._process.signal(signal.SIGTERM)
            self._wait(Stage.TERMINATED, self._grace)

    def kill(self) -> None:
        """SIGKILL to the group."""
        self.stage = Stage.KILLED
        self._process.signal(signal.SIGKILL)

    def over(self) -> None:
        """It did stop, and its process stays."""
        if self.stage == Stage.ASKED:
            self.stage = Stage.NONE

    def next(self) -> None:
        """Go on, if it is time."""
        if self.stage in {Stage.NONE, Stage.KILLED}:
            return
        if monotonic() < self._next:
            self._look_by(self._next)
        elif self.stage == Stage.ASKED:
            self.terminate()
        else:
            self.kill()

    def _wait(self, stage: Stage, seconds: float) -> None:
        self.stage = stage
        self._next = monotonic() + seconds
        self._look_by(self._next)
