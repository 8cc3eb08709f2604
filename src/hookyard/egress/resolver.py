"""From names to addresses: the machine's own resolver, bounded in time."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from hookyard.errors import HookyardError
from hookyard.networks import Address

Resolver = Callable[[str, int], Awaitable[tuple[Address, ...]]]
"""From a host and a port to its addresses, best first. Raises ResolveError."""


class ResolveError(HookyardError):
    """A name has no addresses now; it may have some later."""


def system_resolver(seconds: float) -> Resolver:
    """The machine's own resolver.

    Args:
        seconds: after which an answer counts as none.
    """

    async def resolve(host: str, port: int) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except TimeoutError:
            msg = f"no answer within {seconds:g} s"
            raise ResolveError(msg) from None
        except (OSError, UnicodeError) as error:
            msg = error.strerror if isinstance(error, OSError) and error.strerror else "not a resolvable name"
            raise ResolveError(msg) from None
        # A scope (`fe80::1%eth0`) only comes with addresses that are denied anyway; ip_address keeps it.
        return tuple(dict.fromkeys(ip_address(str(sockaddr[0])) for *_, sockaddr in found))

    return resolve
