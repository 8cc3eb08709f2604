"""What a row's repeats come to."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Spread:
    """Median, least and most of some samples."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, samples: list[float]) -> "Spread":
        return cls(statistics.median(samples), min(samples), max(samples))


@dataclass(frozen=True)
class Result:
    """One line of the table.

    `ours` and `rival` hold one sample a repeat, one taken right after the other: the ratio is made pair by
    pair, so that a noisy second hits both. A row without a rival is judged by its own figure.
    """

    name: str
    work: str
    against: str
    unit: str
    ours: list[float]
    rival: list[float] = field(default_factory=list)
    goal: float | None = None
    better: Literal["higher", "lower"] = "higher"
    note: str = ""
    skipped: str = ""
    """Why it was not measured."""
    extra: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def figure(self) -> Spread:
        """What the goal is about: the ratio, or without a rival the measure itself."""
        if not self.rival:
            return Spread.of(self.ours)
        return Spread.of([a / b for a, b in zip(self.ours, self.rival, strict=True)])

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none or nothing was measured."""
        if self.goal is None or self.skipped:
            return None
        median = self.figure.median
        return median >= self.goal if self.better == "higher" else median < self.goal

    def as_dict(self) -> dict[str, object]:
        data = asdict(self)
        if not self.skipped:
            data["ours_median"] = Spread.of(self.ours).median
            data["rival_median"] = Spread.of(self.rival).median if self.rival else None
            data["figure"] = asdict(self.figure)
        data["met"] = self.met
        return data


def skipped(name: str, work: str, against: str, reason: str, goal: float | None = None) -> Result:
    """A row that could not be measured here, with the reason."""
    return Result(name, work, against, "", [], goal=goal, skipped=reason)
