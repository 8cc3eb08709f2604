"""Opening the file: the version floor, the settings that durability rests on, and what an APSW error means."""

import contextlib
import os
from pathlib import Path
from typing import Final, Literal

import apsw

from hookyard.errors import StoreError, StoreUnavailable
from hookyard.log import get
from hookyard.store.sqlite.driver import Connection, open_plain

Synchronous = Literal["full", "normal"]

FLOOR: Final = (3, 51, 3)
"""The oldest SQLite that is used: earlier ones can corrupt a WAL file when it is reset (https://www.sqlite.org/wal.html)."""

BUSY_MS: Final = 5000
"""How long to wait for a lock that only an operator's own SQLite shell can hold."""

_CACHED_STATEMENTS: Final = 1024  # every length of every repeated statement stays prepared
_THE_OPERATION: Final = (apsw.ConstraintError, apsw.TooBigError, apsw.MismatchError, apsw.RangeError)
_WHY: Final[dict[type[apsw.Error], str]] = {
    apsw.FullError: "there is no room for it on its disk",
    apsw.ReadOnlyError: "its file is read-only",
    apsw.BusyError: "another program has locked its file",
    apsw.IOError: "its disk cannot be read or written",
}
"""What anybody may know of why; the log has the rest."""

log = get("store")


def check_version(version: str) -> None:
    """Refuse a SQLite that is too old.

    Raises:
        StoreError: it is.
    """
    if tuple(int(part) for part in version.split(".")) < FLOOR:
        msg = f"SQLite {version} can corrupt a database in WAL mode; Hookyard needs 3.51.3 or later"
        raise StoreError(msg)


def connect(path: Path) -> Connection:
    """The one connection that writes.

    Raises:
        StoreError: the file cannot be opened, is no database, or SQLite is too old.
    """
    check_version(apsw.sqlite_lib_version())
    try:
        connection = open_plain(path, _CACHED_STATEMENTS)
    except apsw.Error as error:
        msg = f"{path} cannot be opened: {error}"
        raise StoreError(msg) from error
    connection.set_busy_timeout(BUSY_MS)
    return connection


def make_private(path: Path) -> None:
    """Make a file that is not there yet readable by its owner alone: it will hold payloads and results.

    What SQLite keeps beside it gets the same mode. Never opens one that is there: see the lock.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def configure(connection: Connection, synchronous: Synchronous) -> None:
    """Set what durability and speed rest on; `synchronous` is SQLite's setting of that name.

    Raises:
        StoreError: the file system cannot do it.
    """
    # Mapped memory would turn an I/O error into a crash of the process.
    connection.pragma("mmap_size", 0)
    if connection.pragma("journal_mode", "wal") != "wal":
        msg = f"{connection.filename} cannot be switched to WAL mode, which needs a local file system"
        raise StoreError(msg)
    connection.pragma("synchronous", synchronous)
    if synchronous == "normal":
        log.warning(
            "store.synchronous_normal",
            file=connection.filename,
            cost="a power cut can lose the last commits, although they were acknowledged; a killed process cannot",
        )


def is_about_the_operation(error: Exception) -> bool:
    """Whether an error in the middle of a batch is the fault of one operation, not of the file or the disk."""
    return not isinstance(error, apsw.Error) or isinstance(error, _THE_OPERATION)


def unavailable(error: apsw.Error) -> StoreUnavailable:
    """What callers get for an error of the file or the disk; raise it from that, which is for the log."""
    why = next((why for kind, why in _WHY.items() if isinstance(error, kind)), None)
    return StoreUnavailable("The store cannot take this now" + (f": {why}." if why else "."))


def roll_back(connection: Connection) -> None:
    """Leave the connection without a transaction, whatever happened in it."""
    # SQLite has rolled back by itself after some errors; a rollback that fails too leaves nothing to be done.
    if connection.in_transaction:
        with contextlib.suppress(apsw.Error):
            connection.execute("ROLLBACK")
