"""The networks that a source takes requests from."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class Networks:
    """A list of networks.

    Args:
        networks: as CIDRs; a single address is a network of itself.

    Raises:
        ValueError: one of them is none.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(text) for text in networks)

    def __contains__(self, peer: object) -> bool:
        """Whether an address, as text, lies in any of them; an IPv4 address that is written as IPv6 is the IPv4 one."""
        try:
            address = ip_address(str(peer).partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
