"""From names to addresses: the machine's own resolver, bounded in time.

It blocks, so it has threads of its own: an event loop has four or six for everything, and as many names whose servers
hang would keep all others from being looked up.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import ip_address
from typing import Final

from hookyard.errors import HookyardError
from hookyard.networks import Address

Resolver = Callable[[str, int], Awaitable[tuple[Address, ...]]]
"""From a host and a port to its addresses, best first. Raises ResolveError."""


_AT_ONCE: Final = 32


class ResolveError(HookyardError):
    """A name has no addresses now; it may have some later."""


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, "hookyard-names")


def system_resolver(seconds: float) -> Resolver:
    """The machine's own resolver.

    Args:
        seconds: after which an answer counts as none.
    """

    async def resolve(host: str, port: int) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                found = await loop.run_in_executor(_threads(), _look_up, host, port)
        except TimeoutError:
            msg = f"no answer within {seconds:g} s"
            raise ResolveError(msg) from None
        except (OSError, UnicodeError) as error:
            msg = error.strerror if isinstance(error, OSError) and error.strerror else "not a resolvable name"
            raise ResolveError(msg) from None
        # A scope (`fe80::1%eth0`) only comes with addresses that are denied anyway; ip_address keeps it.
        return tuple(dict.fromkeys(map(ip_address, found)))

    return resolve
