"""What a worker process is to the operating system: the process, its channel's other end, its pipes."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from hookyard.host.foreign.worker.interview import last_words
from hookyard.host.foreign.worker.launch import WorkerLaunch
from hookyard.process.persistent import Persistent
from hookyard.runners.worker.output import Output, Stream

TOKEN: Final = 4
"""Bytes of a token: the number of a command, big-endian, as `hookyard.worker.serve` reads it."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Body:
    """A process that was started.

    Args:
        launch: how.
        line: called with every line that it writes to its standard output or error.
        catch_up: called before these are read: which job they belong to must be known then.

    Attributes:
        process: the process.
        sock: our end of its channel.

    Raises:
        OSError: it cannot be started; nothing is left behind.
    """

    def __init__(self, launch: WorkerLaunch, line: Callable[[Stream, str], None], catch_up: Callable[[], None]) -> None:
        ours, theirs = socket.socketpair()
        token_read, token_write = os.pipe()
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        kept = theirs.fileno()
        try:
            self.process = Persistent.start(
                launch.spec,
                str(kept),
                str(token_read),
                stdout=out_write,
                stderr=err_write,
                descriptors=(kept, token_read),
            )
        except OSError:
            ours.close()
            for descriptor in (token_read, token_write, out_read, err_read):
                os.close(descriptor)
            raise
        finally:
            theirs.close()
            os.close(out_write)
            os.close(err_write)
        self.sock = ours
        self._token_write = token_write
        # Kept: whoever reads a token decides. Neither end ever waits for one, which both ends share.
        self._token_read = token_read
        os.set_blocking(token_read, False)
        self._memory: int | None = None
        if launch.recycle_memory is not None:
            with suppress(OSError):
                self._memory = os.open(Path(f"/proc/{self.process.pid}/statm"), os.O_RDONLY | os.O_CLOEXEC)
        self._out = Output(out_read, "stdout", line, catch_up)
        self._err = Output(err_read, "stderr", line, catch_up)

    @property
    def words(self) -> str:
        """What it wrote last to its standard error, to be put behind a sentence."""
        return last_words(self._err.tail)

    @property
    def tail(self) -> bytes:
        """The same as it came."""
        return self._err.tail

    @property
    def resident(self) -> int:
        """Bytes of memory that it holds now; 0 where nobody asked for that to be watched."""
        if self._memory is None:
            return 0
        try:
            return int(os.pread(self._memory, 64, 0).split()[1]) * _PAGE
        except (OSError, IndexError):  # it ends this moment
            return 0

    @property
    def computed(self) -> float:
        """Seconds of processor time that it has used; to be read before it is reaped."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / _TICKS
        except (OSError, IndexError):
            return 0.0

    def allow(self, numbers: list[int]) -> None:
        """Let commands begin, in this order; to be said before the commands themselves are sent."""
        os.write(self._token_write, b"".join([number.to_bytes(TOKEN, "big") for number in numbers]))

    def forbid(self, most: int) -> set[int]:
        """The commands, of `most` at the most, that have not begun and now never will."""
        try:
            packed = os.read(self._token_read, TOKEN * most)
        except BlockingIOError:
            return set()
        return {int.from_bytes(packed[at : at + TOKEN], "big") for at in range(0, len(packed), TOKEN)}

    def drain(self) -> None:
        """Read all that it has written until now: it belongs to the job that ends."""
        self._out.drain()
        self._err.drain()

    def part(self) -> None:
        """One job has ended: what is written from now on belongs to the next."""
        self._out.part()
        self._err.part()

    def close(self) -> None:
        """Let go of all but the channel."""
        self._out.close()
        self._err.close()
        for descriptor in (self._token_read, self._token_write, self._memory):
            if descriptor is not None:
                os.close(descriptor)
