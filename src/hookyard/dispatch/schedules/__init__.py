"""Schedules: rules that create jobs by time, kept in the store and acted on once for each fire time."""

from hookyard.dispatch.schedules.check import degraded_schedules, schedule_problems
from hookyard.dispatch.schedules.entry import Entry
from hookyard.dispatch.schedules.manage import Manager, OutOfDate, Ran
from hookyard.dispatch.schedules.scheduler import Scheduler

__all__ = [
    "Entry",
    "Manager",
    "OutOfDate",
    "Ran",
    "Scheduler",
    "degraded_schedules",
    "schedule_problems",
]
