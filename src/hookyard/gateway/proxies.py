"""Who the peer is when proxies stand before the server."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from litestar.types import HTTPScope

_LONGEST: Final = 100
"""Addresses of a header that are looked at."""

Network = IPv4Network | IPv6Network


class Proxies:
    """Finds the caller's address behind proxies whose word is taken.

    Each proxy adds the address it was called from at the end of `X-Forwarded-For`. So the header is read from its end,
    as long as an address is one of those proxies: the first that is none is the caller, and what stands before that is
    the caller's own word. From anybody else the header means nothing.

    Args:
        networks: the proxies' addresses, as CIDRs.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(text, strict=False) for text in networks]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._networks)

    def reveal(self, scope: HTTPScope) -> None:
        """Put the caller's address in the place of the peer's."""
        client = scope["client"]
        if client is None or not self._trusts(_address(client[0])):
            return
        found = client[0]
        for text in reversed(list(_forwarded(scope["headers"]))[-_LONGEST:]):
            caller = _address(text)
            if caller is None:
                break  # what no proxy of ours would write
            found = str(caller)
            if not self._trusts(caller):
                break
        scope["client"] = (found, 0)

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    for name, value in headers:
        if name == b"x-forwarded-for":
            yield from (part.strip() for part in value.decode("latin-1").split(","))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, perhaps with a port as some proxies write it; None when it is none."""
    bare = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
