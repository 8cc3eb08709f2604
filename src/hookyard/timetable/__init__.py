"""When something is due: rules of time as pure functions, without a clock, a store or a configuration.

Times are integer milliseconds since 1970-01-01 UTC; a rule is asked for the first fire time after another.
"""

from hookyard.timetable.cron import Cron
from hookyard.timetable.plain import At, Every, Never
from hookyard.timetable.plan import CatchUp, Step, plan
from hookyard.timetable.rule import LATEST, Calendar, Rule, RuleError
from hookyard.timetable.windows import Filter, Window, parse_day, parse_time
from hookyard.timetable.zone import Zone

__all__ = [
    "LATEST",
    "At",
    "Calendar",
    "CatchUp",
    "Cron",
    "Every",
    "Filter",
    "Never",
    "Rule",
    "RuleError",
    "Step",
    "Window",
    "Zone",
    "parse_day",
    "parse_time",
    "plan",
]
