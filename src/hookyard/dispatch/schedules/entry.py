"""One schedule as it is known in memory: its row, and the rule that it means."""

from dataclasses import dataclass
from typing import Self

import msgspec

from hookyard.config.model import ScheduleSettings
from hookyard.config.schedules.rule import rule_of
from hookyard.config.schedules.spec import decode_spec
from hookyard.errors import place_of
from hookyard.model import Schedule
from hookyard.timetable import Never, Rule, RuleError


@dataclass(slots=True)
class Entry:
    """A schedule."""

    row: Schedule
    """As it is stored."""
    settings: ScheduleSettings | None
    """None when the row cannot be read."""
    rule: Rule
    problem: str | None = None
    """Why it does not fire at all: what is stored is no schedule to this version."""

    @classmethod
    def of(cls, row: Schedule) -> Self:
        """Read a row."""
        try:
            settings = decode_spec(row.spec)
            return cls(row, settings, rule_of(settings))
        except msgspec.DecodeError as error:
            return cls(row, None, Rule(calendar=Never()), place_of(error)[0])
        except RuleError as error:
            return cls(row, None, Rule(calendar=Never()), str(error))

    @property
    def live(self) -> bool:
        """Whether it fires: it is neither paused nor disabled."""
        return self.settings is not None and self.settings.enabled and not self.row.paused

    @property
    def due(self) -> int | None:
        """When its next fire time is to be acted on."""
        at = self.row.next_at
        return None if at is None or not self.live else self.rule.due(self.row.name, at)


def first_fire(settings: ScheduleSettings, rule: Rule, name: str, now: int, last_at: int | None) -> int | None:
    """The next fire time of a schedule that begins, or begins again: never one that was acted on already."""
    if not settings.enabled:
        return None
    if settings.after is not None:
        # What follows itself has to begin somewhere.
        return max(now, rule.start or 0) if settings.after.schedule == name and last_at is None else None
    return rule.after(now if last_at is None else max(now, last_at))
