"""The schedules of the configuration, brought into the store at start and at every reload."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from hookyard import log
from hookyard.config.model import ScheduleSettings
from hookyard.config.schedules.rule import rule_of
from hookyard.config.schedules.spec import encode_spec
from hookyard.dispatch.schedules.entry import first_fire
from hookyard.model import Schedule
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import DeleteSchedule, Op, PutSchedule, Together

_log = log.get("schedules")
_AT_ONCE: Final = 200
CONFIG: Final = "config"
"""The principal that makes them."""


async def sync(
    wanted: Mapping[str, ScheduleSettings], rows: Sequence[Schedule], writer: Coalescer, now: int
) -> list[Schedule]:
    """Make the store's schedules what the configuration says; returns all there are then.

    One that has not changed stays as it is, so that what it missed can be caught up with; one that has changed begins
    again now; one that is gone is deleted. Whether it is paused, and what became of its last fire time, is kept.

    Raises:
        StoreUnavailable: the store cannot take it now; some of it may have been done.
    """
    known = {row.name: row for row in rows if row.origin != "config" or row.name in wanted}
    ops: list[Op] = [DeleteSchedule(now=now, name=row.name) for row in rows if row.name not in known]
    for name, settings in wanted.items():
        before = known.get(name)
        known[name] = _wanted(name, settings, before, now)
        if known[name] is not before:
            ops.append(PutSchedule(now=now, schedule=known[name]))
    for begin in range(0, len(ops), _AT_ONCE):
        await writer.submit(Together(now=now, ops=tuple(ops[begin : begin + _AT_ONCE])))
    return [known[name] for name in sorted(known)]


def _wanted(name: str, settings: ScheduleSettings, row: Schedule | None, now: int) -> Schedule:
    """The row of a schedule of the configuration; `row` itself when that is as it has to be."""
    spec = encode_spec(settings)
    if row is not None and row.origin == "config" and row.spec == spec:
        return row
    next_at = first_fire(settings, rule_of(settings), name, now, None if row is None else row.last_at)
    if row is None:
        return Schedule(name=name, origin="config", spec=spec, created_at=now, created_by=CONFIG, next_at=next_at)
    row = replace(row, spec=spec, next_at=None if row.paused else next_at)
    if row.origin == "config":
        return row
    _log.warning("schedule.taken_over", schedule=name, created_by=row.created_by)
    return replace(row, origin="config", tenant="", created_by=CONFIG)
