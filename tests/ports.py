"""Ports for servers whose address must be known before they start."""

import contextlib
import random
import socket
from typing import Final

_RANGE: Final = range(20_000, 32_768)
"""Below those that Linux gives to connections: until the server listens, one of the thousands that a test beside this
one opens could take its port."""
_DRAW: Final = random.SystemRandom()  # two processes of tests must not draw the same


def free_port() -> int:
    """One that nobody listens at."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As many, all different."""
    found: list[int] = []
    for port in _DRAW.sample(_RANGE, len(_RANGE)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found
