"""The end of a session: of everything a process has started, in whatever groups, that did not leave by `setsid`."""

import os
import signal
from contextlib import suppress
from typing import Final

_ROUNDS: Final = 10
"""Each finds the groups that were made while the one before looked; who needs more than two means to escape."""


def kill_session(leader: int) -> None:
    """SIGKILL to every process group of a session, the leader's own last: a leader may end itself so.

    Args:
        leader: the process that began the session, not reaped yet, so that the number is nobody else's.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):
        found = _groups(leader) - killed
        for group in sorted(found, key=leader.__eq__):
            # A group dies at once: none of its processes forks past the signal.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        if not found:
            return
        killed |= found


def _groups(leader: int) -> set[int]:
    """Its process groups; the leader's own always, also where there is no `/proc` to look at."""
    groups = {leader}
    with suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208  twice as quick, and a server's loop waits for it
            if name.isdecimal():
                with suppress(OSError):  # it has just ended
                    if os.getsid(int(name)) == leader:
                        groups.add(os.getpgid(int(name)))
    return groups
