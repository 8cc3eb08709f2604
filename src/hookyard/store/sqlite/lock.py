"""One process serves one file: the guard that keeps a second one out.

The guard is an advisory lock (flock) on a file of its own, `<file>.lock`: the kernel lets go of it when the process
ends, however it ends. The database file itself is never opened here, because closing any descriptor on it would drop
the locks that SQLite holds (https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

import fcntl
import os
from pathlib import Path
from weakref import WeakSet

from hookyard.errors import StoreError, StoreLocked


class FileLock:
    """Held from construction to :meth:`release`.

    Raises:
        StoreLocked: another process, or another store in this one, has it.
        StoreError: the lock's file cannot be written.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".lock")
        try:
            # Python opens it close-on-exec, so that no program started later inherits it.
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror}"
            raise StoreError(msg) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._fd, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            msg = (
                f"{database} is already served by process {holder}: one process serves one file (it holds {path.name})"
            )
            raise StoreLocked(msg) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)
        _held.add(self)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        if self in _held:
            _held.discard(self)
            os.ftruncate(self._fd, 0)
            os.close(self._fd)

    def forget(self) -> None:
        """In a forked child: close the inherited descriptor, or the child would go on holding the parent's lock."""
        os.close(self._fd)


_held: WeakSet[FileLock] = WeakSet()


def _forget_all() -> None:
    for lock in tuple(_held):
        lock.forget()
    _held.clear()


os.register_at_fork(after_in_child=_forget_all)
