"""A program that stays: started with private descriptors, in a session of its own, ended with all groups of that."""

import os
import select
import signal
import subprocess
from contextlib import suppress
from typing import Self

from hookyard.process.session import kill_session
from hookyard.process.spec import ProcessSpec


class Persistent:
    """A process under way. Whoever holds it calls :meth:`reap` once `pidfd` can be read.

    Attributes:
        pid: of the process, which is its group's and its session's number too.
        pidfd: a descriptor that can be read as soon as the process has ended.
        returncode: its exit status, or the signal that ended it as a negative number; None until it is reaped.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid = process.pid
        self.pidfd = os.pidfd_open(process.pid)
        self.returncode: int | None = None

    @classmethod
    def start(cls, spec: ProcessSpec, *extra: str, stdout: int, stderr: int, descriptors: tuple[int, ...]) -> Self:
        """Start a program; its limits are for the program itself to set, as it knows when.

        Args:
            spec: the program.
            *extra: further arguments.
            stdout, stderr: descriptors that it writes to.
            descriptors: what it inherits beside these, under the same numbers.

        Raises:
            OSError: it cannot be started.
        """
        return cls(
            subprocess.Popen(  # noqa: S603  running what is configured is the purpose
                (*spec.argv, *extra),
                cwd=spec.cwd,
                env=spec.env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=descriptors,
                start_new_session=True,
            )
        )

    def signal(self, number: int) -> None:
        """Send a signal to the whole group; nothing happens once it is reaped."""
        if self.returncode is None:
            # Until it is reaped, its number is nobody else's.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def reap(self, seconds: float = 0.0) -> int | None:
        """The exit status if it has ended, or does within `seconds`; what is left of its session is killed then."""
        if self.returncode is None and select.select([self.pidfd], [], [], seconds)[0]:
            kill_session(self.pid)
            self.returncode = self._process.wait()
            os.close(self.pidfd)
        return self.returncode


def ending(returncode: int) -> str:
    """How a process ended, in words that follow "it"."""
    if returncode >= 0:
        return f"ended with exit status {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    return f"was ended by {name}"
