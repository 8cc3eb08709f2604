"""Rows to Structs and back: what commands log, emit, keep and make."""

from typing import Final, cast

from hookyard import ids
from hookyard.model import Artifact, Event, LogLevel, LogLine, StateEntry
from hookyard.store.sqlite.codec import new_numbers
from hookyard.store.sqlite.driver import Value

EventRow = tuple[
    int,  # key
    int,  # tail
    str,  # type
    str,  # plugin
    str,  # command
    int,  # job_key
    int,  # job_tail
    str,  # tenant
    str,  # request_id
    str | None,  # dedupe_key
    int,  # created_at
    bytes,  # payload
]
"""A row of `event_log`."""
_NO_JOB: Final = (0, 0)


def line(job_id: str, row: tuple[Value, ...]) -> LogLine:
    """The line of a row of `job_line`."""
    number, attempt, at, level, event, values = cast("tuple[int, int, int, LogLevel, str, bytes]", row)
    return LogLine(job_id=job_id, number=number, attempt=attempt, at=at, level=level, event=event, values=values)


def new_event(event: Event) -> EventRow:
    """The values of a new row of `event_log`, in the order of its statements."""
    key, tail = new_numbers(event.id)
    job_key, job_tail = new_numbers(event.job_id) if event.job_id else _NO_JOB
    return (
        key,
        tail,
        event.type,
        event.plugin,
        event.command,
        job_key,
        job_tail,
        event.tenant,
        event.request_id,
        event.dedupe_key,
        event.created_at,
        event.payload,
    )


def event(row: EventRow) -> Event:
    """The event of a row."""
    return Event(
        id=ids.join(row[0], row[1]),
        type=row[2],
        plugin=row[3],
        command=row[4],
        job_id=ids.join(row[5], row[6]) if row[5] else "",
        tenant=row[7],
        request_id=row[8],
        dedupe_key=row[9],
        created_at=row[10],
        payload=row[11],
    )


def state(row: tuple[Value, ...]) -> StateEntry:
    """What a row of `plugin_state` holds."""
    key, value, version = cast("tuple[str, bytes, int]", row)
    return StateEntry(key=key, value=value, version=version)


def artifact(job_id: str, row: tuple[Value, ...]) -> Artifact:
    """The artifact of a row."""
    name, media_type, size, sha256, location, created_at = cast("tuple[str, str, int, str, str, int]", row)
    return Artifact(
        job_id=job_id,
        name=name,
        media_type=media_type,
        size=size,
        sha256=sha256,
        location=location,
        created_at=created_at,
    )
