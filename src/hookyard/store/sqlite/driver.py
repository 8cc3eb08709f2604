"""The part of APSW that is used here, with types that both checkers can follow.

APSW's own stubs name `collections.abc.Buffer`, which Python 3.11 does not have, so that whatever mentions a value has
an unknown type there.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol, TypeVar, cast

import apsw
import apsw.aio

Value = int | str | bytes | None
"""What a column holds, and what is bound to a parameter."""

T = TypeVar("T")


class Cursor(Protocol):
    """A statement being executed."""

    def execute(self, statements: str, bindings: Sequence[Value] = ...) -> "Cursor":
        """Execute statements, up to the first row."""
        ...

    def fetchall(self) -> list[tuple[Value, ...]]:
        """The rows that are left."""
        ...

    def fetchone(self) -> tuple[Value, ...] | None:
        """The next row."""
        ...


class Connection(Protocol):
    """A connection used by one thread at a time."""

    @property
    def filename(self) -> str:
        """The database file."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def execute(self, statements: str, bindings: Sequence[Value] = ...) -> Cursor:
        """Execute statements on a new cursor."""
        ...

    def cursor(self) -> Cursor:
        """A new cursor."""
        ...

    def pragma(self, name: str, value: Value = ...) -> Value:
        """Read or set a setting of the connection or the file."""
        ...

    def changes(self) -> int:
        """How many rows the last statement changed."""
        ...

    def set_busy_timeout(self, milliseconds: int) -> None:
        """How long to wait for another's lock."""
        ...

    def create_scalar_function(
        self,
        name: str,
        callable: Callable[..., Value] | None,  # noqa: A002  APSW's name
        numargs: int = ...,
        *,
        deterministic: bool = ...,
    ) -> None:
        """Let statements call a function."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class AsyncConnection(Protocol):
    """A connection with a thread of its own, used from the event loop."""

    async def async_run(self, call: Callable[..., T], *args: object) -> T:
        """Call a function in the connection's thread, where the connection's methods are the plain ones."""
        ...

    async def aclose(self) -> None:
        """Close it and end its thread."""
        ...


def open_plain(path: Path, statements: int) -> Connection:
    """Open a file for writing, made when it is not there; so many statements stay prepared."""
    return cast("Connection", apsw.Connection(str(path), statementcachesize=statements))


def open_reading(path: Path) -> Connection:
    """Open a file that is there for reading only.

    It may write as far as SQLite is concerned: one that may not would leave the files beside it behind, with an owner
    of their own, when it is the last to close it.
    """
    opened = cast("Connection", apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE))
    opened.pragma("query_only", 1)
    return opened


def copy_pages(source: Connection, target: Path, pages: int, progress: Callable[[int, int], None] | None) -> None:
    """Copy all that a connection reads into a new file, so many pages at once; one file, with no log beside it."""
    made = apsw.Connection(str(target))
    try:
        with made.backup("main", cast("apsw.Connection", source), "main") as copying:
            while not copying.done:
                copying.step(pages)
                if progress is not None:
                    progress(copying.page_count - copying.remaining, copying.page_count)
        cast("Connection", made).pragma("journal_mode", "delete")
    finally:
        made.close()


class _Controller(apsw.aio.AsyncIO):
    """APSW's own, but for a thread that does not keep a process alive that ends without closing its store."""

    def __init__(self) -> None:
        self.queue = SimpleQueue()
        self.loop = asyncio.get_running_loop()
        threading.Thread(name="hookyard-store-reader", target=self.worker_thread_run, daemon=True).start()


async def open_async(path: Path, steps: int) -> AsyncConnection:
    """Open a file for reading; every so many SQLite steps a question looks at its deadline."""
    token = apsw.aio.check_progress_steps.set(steps)
    # APSW calls what is set here for a controller, and types it as the controller.
    controller = apsw.async_controller.set(cast("apsw.AsyncConnectionController", _Controller))
    try:
        opened = await apsw.Connection.as_async(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    finally:
        apsw.async_controller.reset(controller)
        apsw.aio.check_progress_steps.reset(token)
    return cast("AsyncConnection", opened)
