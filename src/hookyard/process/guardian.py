"""The guardian: one child that ends the process groups of a server that is gone, though nothing told it to end.

It is told of each group as it starts, and before its number can become somebody else's; likewise of scratch folders.
It is started with the first of them, and goes when this process goes. It acts on the end of this process, so that
`kill -9`, the system's out-of-memory killer and a crash of the interpreter come to the same.
"""

import atexit
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROGRAM: Final = Path(__file__).with_name("orphans.py")
_LEAVING: Final = 2.0
"""Seconds that it is given to leave."""
_STARTS: Final = 10
"""How often one is started: where it is killed again and again, as by a limit, it is done without."""


class Guardian:
    """Tells the child; from any thread. Telling never fails: without a guardian, programs run as they always did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[bytes] = set()
        self._pipe = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._starts = 0

    @property
    def pid(self) -> int | None:
        """Of the child, if there is one."""
        return None if self._process is None else self._process.pid

    def group_starts(self, group: int) -> None:
        """A process group is there."""
        self._add(b"p%d" % group)

    def group_ends(self, group: int) -> None:
        """It is ended; to be said while its number is still its own, so before its leader is reaped."""
        self._remove(b"p%d" % group)

    def folder_starts(self, folder: str) -> None:
        """A folder is there that goes with its job."""
        self._add(b"f" + os.fsencode(folder))

    def folder_ends(self, folder: str) -> None:
        """It is removed."""
        self._remove(b"f" + os.fsencode(folder))

    def close(self) -> None:
        """Let the child go; what it knows of, it ends."""
        with self._lock:
            process = self._process
            if process is None or self._owner != os.getpid():
                return
            self._let_go()
            self._starts = 0
            try:
                process.wait(_LEAVING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _add(self, what: bytes) -> None:
        with self._lock:
            if self._owner != os.getpid():  # forked: the child there is is of another process
                self._forget()
            self._known.add(what)
            if self._process is None:
                self._start()
            else:
                self._tell(b"+%b\0" % what)

    def _remove(self, what: bytes) -> None:
        with self._lock:
            self._known.discard(what)
            if self._process is not None:
                self._tell(b"-%b\0" % what)

    def _tell(self, message: bytes) -> None:
        try:
            if os.write(self._pipe, message) == len(message):
                return
        except OSError:  # it is gone, or does not read
            pass
        self._replace()

    def _replace(self) -> None:
        """Start another; the one there is must not see the pipe's end alive, as it would end all that runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._let_go()
        self._start()

    def _start(self) -> None:
        self._starts += 1
        if self._starts > _STARTS:
            return
        theirs, ours = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own program
                (sys.executable, "-I", "-S", str(_PROGRAM), str(os.getpid())),
                cwd="/",
                env={},
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:  # no memory, no more processes: what runs is worth more than who would clear it away
            os.close(ours)
            return
        finally:
            os.close(theirs)
        os.set_blocking(ours, False)
        self._pipe = ours
        # Few: what runs now. More than a pipe takes is told as far as it goes.
        with suppress(OSError):
            os.write(ours, b"".join([b"+%b\0" % what for what in self._known]))

    def _let_go(self) -> None:
        self._process = None
        os.close(self._pipe)
        self._pipe = -1

    def _forget(self) -> None:
        self._known.clear()
        if self._process is not None:
            self._process.returncode = 0  # another process waits for it
            self._let_go()
        self._owner = os.getpid()


GUARDIAN: Final = Guardian()
"""The one of this process."""
atexit.register(GUARDIAN.close)
