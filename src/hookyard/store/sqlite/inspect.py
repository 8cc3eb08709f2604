"""What tells whether a store is well, read beside a process that serves it, if one does."""

import fcntl
import os
from pathlib import Path
from typing import Final, cast

import apsw
from msgspec import Struct

from hookyard.errors import StoreError
from hookyard.model import Endpoint, Pause, Token
from hookyard.store.spans import COUNTER_BITS, first_key
from hookyard.store.sqlite import codec_kept, statements
from hookyard.store.sqlite.maintenance import reading, wal_size
from hookyard.store.sqlite.migrate import check, migrations

_SQL, _QUERIES = statements.load("doctor", columns_of="queries"), statements.load("queries")
_ACCESS, _LANES = statements.load("access"), statements.load("lanes")
_ENDPOINTS = statements.load("endpoints")
_MOST: Final = 10_000


class Waiting(Struct, frozen=True):
    """Jobs of one lane that are due."""

    lane: str
    count: int
    since: int
    """When the one was due that waits longest."""


class Counted(Struct, frozen=True):
    """Jobs of one command."""

    name: str
    count: int


class Receiver(Struct, frozen=True, kw_only=True):
    """What an endpoint, or what callback URLs, have not been given; counted as all that there may be much of."""

    name: str
    """Empty: callback URLs."""
    pending: int = 0
    due: int = 0
    """Those of the pending that were due before `due_before`, and are not sent."""
    due_since: int | None = None
    failing: int = 0
    """Those of the pending that have failed `tries` times or more, since they were last sent by hand."""
    held: int = 0
    """Those that wait for an earlier one of their order."""
    oldest: int | None = None
    """When the first of those was made."""
    dead: int = 0
    """Those that failed for good, of those that were made since `dead_since`."""
    error: str = ""
    """The last error of one that waits, or else of the newest that failed for good."""


class Insight(Struct, frozen=True, kw_only=True):
    """What is in a store; what there may be much of is counted up to ten thousand."""

    schema: int
    newest_schema: int
    wal_bytes: int
    last_id_at: int | None
    """The time that the largest id holds."""
    waiting: tuple[Waiting, ...] = ()
    wanted: tuple[Counted, ...] = ()
    """Queued jobs by command."""
    stuck: int = 0
    """Running jobs whose lease has ended."""
    dead: tuple[Counted, ...] = ()
    """Dead letters, by command."""
    endpoints: tuple[Endpoint, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    """Of every endpoint, of those that are gone and were not given something, and of callback URLs at the end."""
    pauses: tuple[Pause, ...] = ()
    tokens: tuple[Token, ...] = ()


class Holder(Struct, frozen=True):
    """Who has, or had, the lock of a store."""

    served: bool
    """Whether a process has it now."""
    process: str
    """The number that stands in it; empty when the last one let go of it."""


def inspect(file: Path, *, stuck_before: int, dead_since: int, tries: int, due_before: int) -> Insight:
    """Look into a store.

    Args:
        file: the store.
        stuck_before: running jobs whose lease ended before this time are stuck.
        dead_since: dead letters, of jobs and of deliveries, that were made since are counted.
        tries: deliveries that failed at least so often are counted.
        due_before: deliveries that were due before this time are overdue.

    Raises:
        StoreError: it cannot be read.
    """
    newest = max(number for number, _ in migrations())
    try:
        with reading(file) as connection:
            schema = check(connection)
            if schema < newest:
                return Insight(schema=schema, newest_schema=newest, wal_bytes=wal_size(file), last_id_at=None)

            def ask(statement: statements.Statement, *values: int | str | None) -> list[tuple[object, ...]]:
                return cast("list[tuple[object, ...]]", connection.execute(statement.text, values).fetchall())

            rows = connection.execute(_ENDPOINTS["endpoints"].text).fetchall()
            endpoints = tuple(map(codec_kept.endpoint, rows))
            dead_from = first_key(dead_since)
            last = cast("list[tuple[int, int]]", ask(_QUERIES["last_id"]))
            epochs: dict[str, int | None] = dict.fromkeys(_names(ask(_SQL["addressed"])))
            epochs |= {row.name: row.epoch for row in endpoints}
            epochs[""] = None
            ((stuck,),) = cast("list[tuple[int]]", ask(_SQL["stuck"], stuck_before))
            return Insight(
                schema=schema,
                newest_schema=newest,
                wal_bytes=wal_size(file),
                last_id_at=last[0][0] >> COUNTER_BITS if last else None,
                waiting=_waiting(ask(_SQL["waiting"], _MOST)),
                endpoints=endpoints,
                receivers=tuple(
                    _receiver(name, ask(_SQL["receiver"], name or None, _MOST, dead_from, epoch, tries, due_before))
                    for name, epoch in epochs.items()
                ),
                wanted=_by_command(ask(_SQL["wanted"], _MOST)),
                stuck=stuck,
                dead=_by_command(ask(_SQL["dead"], dead_from, _MOST)),
                pauses=tuple(map(codec_kept.pause, connection.execute(_LANES["pauses"].text).fetchall())),
                tokens=tuple(map(codec_kept.token, connection.execute(_ACCESS["tokens"].text).fetchall())),
            )
    except apsw.Error as error:
        msg = f"{file} cannot be read: {error}"
        raise StoreError(msg) from error


def holder(file: Path) -> Holder | None:
    """Who has the lock of a store; None when there never was one, or it cannot be read."""
    path = file.resolve()
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY)
    except OSError:
        return None
    try:
        process = os.read(descriptor, 20).decode("ascii", "replace").strip()
        try:
            # Let go of at once: only a server that starts in this very instant would be refused.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return Holder(True, process)
        return Holder(False, process)
    finally:
        os.close(descriptor)


def _waiting(rows: list[tuple[object, ...]]) -> tuple[Waiting, ...]:
    return tuple(Waiting(*row) for row in cast("list[tuple[str, int, int]]", rows))


def _by_command(rows: list[tuple[object, ...]]) -> tuple[Counted, ...]:
    found = cast("list[tuple[str, str, int]]", rows)
    return tuple(Counted(f"{plugin}/{command}", count) for plugin, command, count in found)


def _names(rows: list[tuple[object, ...]]) -> list[str]:
    return [name for (name,) in cast("list[tuple[str]]", rows)]


def _receiver(name: str, rows: list[tuple[object, ...]]) -> Receiver:
    ((pending, due, due_since, failing, held, first, dead, error),) = cast(
        "list[tuple[int, int, int | None, int, int, int | None, int, str | None]]", rows
    )
    return Receiver(
        name=name,
        pending=pending,
        due=due,
        due_since=due_since,
        failing=failing,
        held=held,
        oldest=None if first is None else first >> COUNTER_BITS,
        dead=dead,
        error=error or "",
    )
