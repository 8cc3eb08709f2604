"""Lists of networks: who may come, whose word is taken, what may be called."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Networks:
    """A list of networks.

    Args:
        networks: as CIDRs without bits of a host; a single address is a network of itself.

    Raises:
        ValueError: one of them is none.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text) for text in networks)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._networks)

    def __contains__(self, peer: object) -> bool:
        """Whether an address, which may be a text, lies in any of them; what is none lies nowhere."""
        return self.holding(peer) is not None

    def holding(self, peer: object) -> Network | None:
        """The first of them in which an address lies; None if there is none."""
        address = peer if isinstance(peer, IPv4Address | IPv6Address) else address_of(str(peer).partition("%")[0])
        if address is None:
            return None
        address = unwrapped(address)
        return next((network for network in self._networks if address in network), None)


def address_of(text: str) -> Address | None:
    """The address that a text is; None when it is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped one (`::ffff:0:0/96`) stands for; any other as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def network_problem(text: str) -> str | None:
    """Why this can be no entry of a list of networks; None when it can."""
    try:
        ip_network(text)
    except ValueError as error:
        return f"is no network such as 10.1.0.0/16: {error}"
    return None
