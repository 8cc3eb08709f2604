"""Watching a server's own file until its work is done, and reading off when that was.

The file is opened with APSW and read-only, from this process; polls are few, and stop at the first open row.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import apsw


class TooSlowError(RuntimeError):
    """The work was not done in the time it was given."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(5000)
    try:
        yield connection
    finally:
        connection.close()


def one(connection: apsw.Connection, sql: str) -> int:
    return int(next(iter(connection.execute(sql)))[0] or 0)


# One status at a time, as the partial indexes have it.
QUEUED = "SELECT EXISTS (SELECT 1 FROM job_log WHERE status = 'queued')"
RUNNING = "SELECT EXISTS (SELECT 1 FROM job_log WHERE status = 'running')"
PENDING = "SELECT EXISTS (SELECT 1 FROM delivery WHERE status = 'pending')"
SENDING = "SELECT EXISTS (SELECT 1 FROM delivery WHERE status = 'sending')"
DONE_JOBS = "SELECT count(*) FROM job_log WHERE status = 'succeeded'"
DONE_DELIVERIES = "SELECT count(*) FROM delivery WHERE status = 'delivered'"
LAST_JOB = "SELECT max(completed_at) FROM job_log"
LAST_DELIVERY = "SELECT max(completed_at) FROM delivery"


def wait_until_done(connection: apsw.Connection, *questions: str, patience: float) -> None:
    """Return once every question was answered with 0, one right after the other."""
    deadline = time.monotonic() + patience
    while any(one(connection, question) for question in questions):
        if time.monotonic() > deadline:
            raise TooSlowError(f"still open after {patience:g} s")
        time.sleep(0.2)
