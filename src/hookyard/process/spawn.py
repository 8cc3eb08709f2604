"""Starts a program as a :class:`ProcessSpec` says: its own process group, only its own descriptors, its limits.

`subprocess.Popen` with a process group and no `preexec_fn` goes by `vfork`, which costs a large server no more than
a small one. It holds the calling thread, and with it the interpreter, until the program has begun: some 0.3 ms.
"""

import shutil
import subprocess
from errno import ENOENT
from functools import cache
from typing import IO, Final

from hookyard.process.spec import Limits, ProcessSpec

Stream = int | IO[bytes] | None
_OPTIONS: Final = {
    "memory": "as",
    "cpu": "cpu",
    "files": "nofile",
    "processes": "nproc",
    "file_size": "fsize",
}
_FAILED: Final = frozenset({126, 127})


class CannotStart(OSError):  # noqa: N818  the sentence it makes
    """The program cannot be executed; the text is the system's reason.

    Attributes:
        strerror: that reason alone, where the system has one; `filename` is what it is about.
    """

    def __str__(self) -> str:
        return super().__str__() if self.strerror is None else f"{self.strerror}: {self.filename}"


def spawn(
    spec: ProcessSpec,
    *,
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    pass_fds: tuple[int, ...] = (),
) -> "subprocess.Popen[bytes]":
    """Start it; who calls reaps it.

    Limits are set by `prlimit` (util-linux), which then becomes the program: so it never runs without them, at the
    price of one more exec, about a millisecond. Without limits it is started directly. The one difference: `prlimit`
    runs a script without `#!` by `/bin/sh`, as shells do; without limits it is refused.

    Args:
        stdin, stdout, stderr: descriptors, or `subprocess.DEVNULL` and the like.
        pass_fds: what it inherits beside these.

    Raises:
        CannotStart: with the system's reason.
    """
    try:
        return subprocess.Popen(  # noqa: S603  running what is configured is the purpose
            (*limiter(spec.limits), *spec.argv),
            cwd=spec.cwd,
            env=spec.env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            process_group=0,
            pass_fds=pass_fds,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise _cannot(error, spec) from error


def limiter(limits: Limits) -> tuple[str, ...]:
    """What to put before a command line, so that it runs within limits; nothing when there are none.

    Raises:
        CannotStart: there are limits, and no `prlimit` program.
    """
    wanted = [
        f"--{option}={value}" for name, option in _OPTIONS.items() if (value := getattr(limits, name)) is not None
    ]
    if not wanted:
        return ()
    program = _prlimit()
    if program is None:
        msg = "limits are configured, and the program prlimit (of util-linux) that sets them is not here"
        raise CannotStart(msg)
    return (program, *wanted, "--")


def not_executed(limits: Limits, returncode: int, stderr: bytes) -> str | None:
    """The reason, when it is `prlimit` that ended: it could not become the program."""
    if returncode not in _FAILED or limits == Limits() or not stderr.startswith(b"prlimit: "):
        return None
    return stderr.decode("utf-8", "replace").strip()


def _cannot(error: Exception, spec: ProcessSpec) -> CannotStart:
    if isinstance(error, OSError) and error.strerror:
        place = error.filename if isinstance(error.filename, str) else spec.argv[0]
        if error.errno == ENOENT and (wanted := _interpreter(place)) is not None:
            return CannotStart(ENOENT, f"{error.strerror} ({wanted}, which its first line names)", place)
        return CannotStart(error.errno, error.strerror, place)
    return CannotStart(str(error))


def _interpreter(program: str) -> str | None:
    """What the first line of a script names: where that is missing, the system says it of the script itself."""
    try:
        with open(program, "rb") as file:  # noqa: PTH123  a text that need not be a path
            line = file.readline(256)
    except (OSError, ValueError):
        return None
    words = line[2:].split()
    return words[0].decode(errors="replace") if line.startswith(b"#!") and words else None


@cache
def _prlimit() -> str | None:
    return shutil.which("prlimit")
