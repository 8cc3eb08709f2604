"""Bringing a file's schema up to date: numbered, immutable `.sql` files, each applied in one transaction."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import apsw

from hookyard.errors import StoreError, StoreTooNew
from hookyard.log import get
from hookyard.store.sqlite.connect import roll_back
from hookyard.store.sqlite.driver import Connection

APPLICATION_ID: Final = 0x484B5944
"""`HKYD`, in the file's header: what tells a Hookyard file from any other SQLite file."""

log = get("store")


def migrations() -> Iterator[tuple[int, str]]:
    """Number and text of every migration, in order."""
    folder = files("hookyard.store.sqlite").joinpath("migrations")
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")):
        yield int(name.partition("_")[0]), folder.joinpath(name).read_text("utf-8")


def check(connection: Connection) -> int:
    """The number of the last migration that the file has, 0 for a new one; nothing is changed.

    Raises:
        StoreTooNew: the file was written by a newer Hookyard.
        StoreError: the file belongs to another program.
    """
    version = connection.pragma("user_version")
    owner = connection.pragma("application_id")
    new = not owner and not version and not connection.pragma("schema_version")
    if not isinstance(version, int) or not (new or owner == APPLICATION_ID):
        msg = f"{connection.filename} is a database of another program"
        raise StoreError(msg)
    newest = max(number for number, _ in migrations())
    if version > newest:
        msg = f"{connection.filename} has schema {version}, this Hookyard knows up to {newest}: use the newer one"
        raise StoreTooNew(msg)
    return version


def migrate(connection: Connection) -> None:
    """Apply the migrations that a file does not have yet.

    Raises:
        StoreTooNew, StoreError: as :func:`check`, and when a migration fails; then the file is as it was.
    """
    version = check(connection)
    for number, text in migrations():
        if number > version:
            _apply(connection, number, text)
            log.info("store.migrated", file=connection.filename, schema=number)


def _apply(connection: Connection, number: int, text: str) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(text)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", number)
        connection.execute("COMMIT")
    except apsw.Error as error:
        roll_back(connection)
        msg = f"{connection.filename}: migration {number} failed, the file is as it was: {error}"
        raise StoreError(msg) from error
