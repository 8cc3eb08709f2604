"""A child process as data: what to start, with which surroundings and limits."""

from collections.abc import Mapping

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """What `setrlimit` is told; None leaves the limit as it is."""

    memory: int | None = None
    """Bytes of address space (RLIMIT_AS)."""
    cpu: int | None = None
    """Seconds of processor time (RLIMIT_CPU)."""
    files: int | None = None
    """Open descriptors (RLIMIT_NOFILE)."""
    processes: int | None = None
    """Processes and threads of the same user (RLIMIT_NPROC)."""
    file_size: int | None = None
    """Bytes of any file it writes (RLIMIT_FSIZE)."""


class ProcessSpec(Struct, frozen=True, kw_only=True):
    """One program to start, in a process group of its own."""

    argv: tuple[str, ...]
    """The first is an absolute path."""
    cwd: str
    """Its working directory, absolute."""
    env: Mapping[str, str]
    """All of its environment: nothing else of ours is passed on."""
    limits: Limits = Limits()
    grace: int = 5_000
    """Milliseconds between SIGTERM and SIGKILL, both to the group."""
