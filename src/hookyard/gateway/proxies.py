"""Who the peer is when proxies stand before the server."""

from collections.abc import Iterable, Sequence
from typing import Final

from litestar.types import HTTPScope

from hookyard.networks import Address, Networks, address_of, unwrapped

_LONGEST: Final = 100
"""Addresses of a header that are looked at."""


class Proxies:
    """Finds the caller's address behind proxies whose word is taken.

    Each proxy adds the address it was called from at the end of `X-Forwarded-For`. So the header is read from its end,
    as long as an address is one of those proxies: the first that is none is the caller, and what stands before that is
    the caller's own word. From anybody else the header means nothing.

    Args:
        networks: the proxies' addresses, as CIDRs.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = Networks(networks)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._networks)

    def reveal(self, scope: HTTPScope) -> None:
        """Put the caller's address in the place of the peer's."""
        client = scope["client"]
        if client is None or _address(client[0]) not in self._networks:
            return
        found = client[0]
        for text in reversed(list(_forwarded(scope["headers"]))[-_LONGEST:]):
            caller = _address(text)
            if caller is None:
                break  # what no proxy of ours would write
            found = str(caller)
            if caller not in self._networks:
                break
        scope["client"] = (found, 0)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    for name, value in headers:
        if name == b"x-forwarded-for":
            yield from (part.strip() for part in value.decode("latin-1").split(","))


def _address(text: str) -> Address | None:
    """An address, perhaps with a port as some proxies write it; None when it is none."""
    bare = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    found = address_of(bare)
    return None if found is None else unwrapped(found)
