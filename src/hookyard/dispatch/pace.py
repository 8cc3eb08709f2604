"""How much is done at once, so that nobody waits long for it."""

from typing import Final

LONGEST: Final = 0.05
"""Seconds for which the store's writer is held at once, at most."""
_AIM: Final = LONGEST * 0.4
_LEAST, _MOST = 20, 20_000
_GROWTH: Final = 2.0
_SHARE: Final = 4
"""How many times longer the rest is than the step: a fifth of the writer's time at most."""


class Pace:
    """Finds how many rows can be changed well within :data:`LONGEST`, from how long the last step took."""

    def __init__(self) -> None:
        self.rows = 200
        """How many to change in the next step."""

    @property
    def jobs(self) -> int:
        """How many jobs to look at in the next step: each costs as much as some rows."""
        return max(1, self.rows // 10)

    def took(self, seconds: float) -> None:
        """Learn how long a step of this size took, whoever else was waited for."""
        factor = min(_GROWTH, max(1 / _GROWTH, _AIM / max(seconds, 1e-6)))
        self.rows = round(min(_MOST, max(_LEAST, self.rows * factor)))

    @staticmethod
    def rest(seconds: float) -> float:
        """Seconds to leave to others after a step that took so long."""
        return seconds * _SHARE
