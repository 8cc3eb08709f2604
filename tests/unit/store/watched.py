"""A SQLite store whose work is counted."""

from collections.abc import Callable
from typing import Protocol, cast

from hookyard.store.contract import Op
from hookyard.store.sqlite import SqliteStore
from hookyard.store.sqlite.driver import Connection
from hookyard.testing.store_probe import Probe


class Watched(Connection, Protocol):
    """A connection with APSW's ways to watch it."""

    exec_trace: Callable[[object, str, object], bool] | None

    def set_progress_handler(
        self,
        handler: Callable[[], bool] | None,
        steps: int = ...,
        *,
        id: object = ...,  # noqa: A002  APSW's name
    ) -> None: ...

    def status(self, op: int) -> tuple[int, int]: ...


def connection_of(store: Probe) -> Watched:
    assert isinstance(store.store, SqliteStore)
    return cast("Watched", store.store.connection)


def steps(store: Probe, *ops: Op) -> int:
    """How many virtual machine steps a batch takes, in tens."""
    count = 0

    def progress() -> bool:
        nonlocal count
        count += 1
        return False

    connection = connection_of(store)
    connection.set_progress_handler(progress, 10)
    store.all(*ops)
    connection.set_progress_handler(None)
    return count
