"""What an operator does with a file: copies of it, checks, its size, and bringing it up to date.

Reading goes on beside a process that serves the file; what writes takes the lock, and is refused while it is served.
"""

import contextlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import apsw
from msgspec import Struct

from hookyard.errors import StoreError
from hookyard.store.spans import COUNTER_BITS
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.connect import BUSY_MS, check_version, connect, make_private
from hookyard.store.sqlite.driver import Connection, copy_pages, open_plain, open_reading
from hookyard.store.sqlite.lock import FileLock
from hookyard.store.sqlite.migrate import check as check_owner
from hookyard.store.sqlite.migrate import migrate as bring_up
from hookyard.store.sqlite.migrate import migrations

_SQL = statements.load("maintenance")
_PROBLEMS: Final = 100
_BY_TRIGGER: Final = ("attempt_log", "inbound")
"""Tables whose rows go with their job by a trigger, so that SQLite has no word for those that did not."""
_PAGES: Final = 2048
"""How many pages of a copy are made between two words on how far it is."""

Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much."""


class Health(Struct, frozen=True):
    """What a check has found."""

    file: str
    schema: int
    newest: int
    """The schema that this Hookyard knows."""
    problems: tuple[str, ...]


class Copied(Struct, frozen=True):
    """A backup that was made, and opened to see that it is whole."""

    file: str
    bytes: int
    schema: int


class Stats(Struct, frozen=True):
    """How large a file is, and what is in it."""

    file: str
    schema: int
    sqlite: str
    bytes: int
    """Of the file itself."""
    wal_bytes: int
    """Of what has not been moved into it yet."""
    free_bytes: int
    """In the file, to be used again; `vacuum` gives them back."""
    rows: dict[str, int]
    """By table."""
    jobs: dict[str, int]
    """By status."""
    oldest: int | None
    """When the first job was made."""
    newest: int | None


class Changed(Struct, frozen=True):
    """What became of a file."""

    file: str
    before: int
    after: int


def backup(source: Path, target: Path, *, progress: Progress | None = None) -> Copied:
    """Copy a file, while it is served too, as it is at this moment; the copy is whole or not there at all.

    Raises:
        StoreError: there is no such file, the copy cannot be written, or it is not whole.
    """
    hidden = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with reading(source) as connection:
            schema = _require_store(connection, source)
            # What others write from now on is not seen: a copy that is made in steps would begin again with each.
            connection.execute("BEGIN")
            connection.execute(_SQL["snapshot"].text).fetchall()
            make_private(hidden)
            copy_pages(connection, hidden, _PAGES, progress)
        found = check(hidden, as_it_is=True)
        if found.problems or found.schema != schema:
            msg = f"the copy is not whole, and was dropped: {'; '.join(found.problems) or 'another schema'}"
            raise StoreError(msg)
        size = hidden.stat().st_size
        _sync(hidden)
        hidden.replace(target)
        _sync(target.parent)
    except apsw.Error as error:
        msg = f"{source} cannot be copied to {target}: {error}"
        raise StoreError(msg) from error
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise StoreError(msg) from error
    finally:
        for left in (hidden, *(hidden.with_name(hidden.name + end) for end in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)
    return Copied(str(target), size, schema)


def check(file: Path, *, as_it_is: bool = False) -> Health:
    """Look through all of a file for what is wrong with it.

    Args:
        file: which.
        as_it_is: whatever its schema looks like, and if it is an older one, as for a copy of it.

    Raises:
        StoreError: there is no such file, or it belongs to another program.
    """
    newest = max(number for number, _ in migrations())
    problems: list[str] = []
    schema = 0
    try:
        with reading(file) as connection:
            schema = check_owner(connection)
            if not schema:
                return Health(str(file), schema, newest, ("is empty: there is no store in it",))
            rows = connection.execute(_SQL["integrity"].text).fetchall()
            problems += [str(row[0]) for row in rows if row[0] != "ok"]
            problems += _orphans(connection)
            if not as_it_is:
                problems += _drift(connection, schema)
    except apsw.Error as error:
        problems.append(f"{type(error).__name__}: {error}")
    if not problems and schema < newest and not as_it_is:
        problems.append(f"schema {schema} is not the newest, {newest}: `hookyard db migrate` brings it up to date")
    return Health(str(file), schema, newest, tuple(problems))


def _orphans(connection: Connection) -> list[str]:
    """Rows whose job is gone, in the tables that a file of this schema has."""
    there = _parts(connection)
    asked = ["foreign_keys", *(f"foreign_{table}" for table in _BY_TRIGGER if f"table {table}" in there)]
    rows = [row for name in asked for row in connection.execute(_SQL[name].text, (_PROBLEMS,)).fetchall()]
    found = cast("list[tuple[str, str]]", rows[:_PROBLEMS])
    return [f"a row of {table} belongs to one of {parent} that is not there" for table, parent in found]


def _drift(connection: Connection, schema: int) -> list[str]:
    """What of the schema is not as its number says, because it was changed by hand."""
    fresh = open_plain(Path(":memory:"), 0)
    try:
        for number, text in migrations():
            if number <= schema:
                fresh.execute(text)
        meant, found = _parts(fresh), _parts(connection)
    finally:
        fresh.close()
    wrong = [name for name, text in sorted(meant.items()) if found.get(name) != text]
    return [f"{name} is not as schema {schema} has it" for name in wrong[:_PROBLEMS]]


def _parts(connection: Connection) -> dict[str, str]:
    """The definition of every table, index and trigger, by its name."""
    return dict(cast("list[tuple[str, str]]", connection.execute(_SQL["schema"].text).fetchall()))


def stats(file: Path) -> Stats:
    """Say how large a file is, and count what is in it.

    Raises:
        StoreError: there is no such file, or it cannot be read.
    """
    try:
        with reading(file) as connection:
            page = cast("int", connection.pragma("page_size"))
            schema = _require_store(connection, file)
            rows = connection.execute(_SQL["rows"].text).fetchall()
            jobs = connection.execute(_SQL["jobs_by_status"].text).fetchall()
            ((first, last),) = cast(
                "list[tuple[int | None, int | None]]", connection.execute(_SQL["span"].text).fetchall()
            )
            return Stats(
                file=str(file),
                schema=schema,
                sqlite=apsw.sqlite_lib_version(),
                bytes=page * cast("int", connection.pragma("page_count")),
                wal_bytes=wal_size(file),
                free_bytes=page * cast("int", connection.pragma("freelist_count")),
                rows=dict(cast("list[tuple[str, int]]", rows)),
                jobs={cast("str", status): cast("int", count) for status, count in jobs},
                oldest=None if first is None else first >> COUNTER_BITS,
                newest=None if last is None else last >> COUNTER_BITS,
            )
    except apsw.Error as error:
        hint = "; an older schema? `hookyard db migrate` brings it up to date" if "no such table" in str(error) else ""
        msg = f"{file} cannot be read: {error}{hint}"
        raise StoreError(msg) from error


def _require_store(connection: Connection, file: Path) -> int:
    """The number of the file's schema.

    Raises:
        StoreError: it is empty, or belongs to another program.
    """
    schema = check_owner(connection)
    if not schema:
        msg = f"{file} is empty: there is no store in it"
        raise StoreError(msg)
    return schema


def vacuum(file: Path) -> Changed:
    """Write a file anew without the room that is free in it; needs as much room again while it does.

    Raises:
        StoreLocked: a process serves it.
        StoreError: there is no such file, or there is no room for it.
    """
    with _writing(file) as connection:
        _require_store(connection, file)
        before = file.stat().st_size
        connection.execute(_SQL["vacuum"].text)
        connection.pragma("wal_checkpoint", "TRUNCATE")
    return Changed(str(file), before, file.stat().st_size)


def migrate(file: Path) -> Changed:
    """Bring the schema of a file up to date, without serving it.

    Raises:
        StoreLocked: a process serves it.
        StoreError: there is no such file, or a migration fails; then it is as it was.
    """
    with _writing(file) as connection:
        before = check_owner(connection)
        bring_up(connection)
        return Changed(str(file), before, check_owner(connection))


def version_problem() -> str | None:
    """Why this machine's SQLite cannot be used, or None."""
    try:
        check_version(apsw.sqlite_lib_version())
    except StoreError as error:
        return str(error)
    return None


def wal_size(file: Path) -> int:
    """Bytes of the write-ahead log beside a file."""
    with contextlib.suppress(FileNotFoundError):
        return file.with_name(file.name + "-wal").stat().st_size
    return 0


@contextmanager
def reading(file: Path) -> Generator[Connection]:
    """A connection that only reads.

    Raises:
        StoreError: there is no such file, or it cannot be opened.
    """
    _require(file)
    try:
        connection = open_reading(file)
    except apsw.Error as error:
        msg = f"{file} cannot be opened: {error}"
        raise StoreError(msg) from error
    try:
        connection.set_busy_timeout(BUSY_MS)
        connection.pragma("mmap_size", 0)
        yield connection
    finally:
        connection.close()


@contextmanager
def _writing(file: Path) -> Generator[Connection]:
    """The one connection that writes, with the lock that a serving process has."""
    _require(file)
    lock = FileLock(file.resolve())
    try:
        connection = connect(file)
        try:
            yield connection
        finally:
            connection.close()
    except apsw.Error as error:
        msg = f"{file} cannot be changed: {error}"
        raise StoreError(msg) from error
    finally:
        lock.release()


def _require(file: Path) -> None:
    # SQLite would make it.
    if not file.is_file():
        msg = f"there is no store at {file}"
        raise StoreError(msg)


def _sync(path: Path) -> None:
    """Have a file, or the entries of a folder, on the disk. Never of the file that is served: see the lock."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
