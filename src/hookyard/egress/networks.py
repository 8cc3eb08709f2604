"""Which addresses may be called: all but those in the table below, plus what the operator allows.

Sources: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and successors), its list
of IPv6 unicast assignments, and the RFCs named in the rows. `ipaddress.is_global` is not enough: it passes
6to4, NAT64, SRv6, IPv4-compatible and multicast addresses, and behind some of them hides an inner address.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Final, NamedTuple

from hookyard.networks import Address, Network, Networks, unwrapped


class Denied(NamedTuple):
    """One row of the table."""

    network: Network
    what: str


def _rows(*rows: tuple[str, str]) -> tuple[Denied, ...]:
    return tuple(Denied(ip_network(network), what) for network, what in rows)


DENIED: Final[tuple[Denied, ...]] = _rows(
    ("0.0.0.0/8", "this network (RFC 791)"),
    ("10.0.0.0/8", "private (RFC 1918)"),
    ("100.64.0.0/10", "shared by carriers (RFC 6598)"),
    ("127.0.0.0/8", "loopback (RFC 1122)"),
    ("168.63.129.16/32", "the platform service of Azure's machines"),
    ("169.254.0.0/16", "link-local, cloud metadata (RFC 3927)"),
    ("172.16.0.0/12", "private (RFC 1918)"),
    ("192.0.0.0/24", "protocol assignments (RFC 6890)"),
    ("192.0.2.0/24", "documentation (RFC 5737)"),
    ("192.31.196.0/24", "AS112 (RFC 7535)"),
    ("192.52.193.0/24", "AMT (RFC 7450)"),
    ("192.88.99.2/32", "6a44 relays (RFC 6751)"),
    ("192.88.99.0/24", "6to4 relays (RFC 7526)"),
    ("192.168.0.0/16", "private (RFC 1918)"),
    ("192.175.48.0/24", "AS112 (RFC 7534)"),
    ("198.18.0.0/15", "benchmarking (RFC 2544)"),
    ("198.51.100.0/24", "documentation (RFC 5737)"),
    ("203.0.113.0/24", "documentation (RFC 5737)"),
    ("224.0.0.0/4", "multicast (RFC 5771)"),
    ("255.255.255.255/32", "broadcast (RFC 919)"),
    ("240.0.0.0/4", "reserved (RFC 1112)"),
    ("::/128", "unspecified (RFC 4291)"),
    ("::1/128", "loopback (RFC 4291)"),
    ("::/96", "IPv4-compatible (RFC 4291)"),
    ("::ffff:0:0:0/96", "IPv4-translated (RFC 2765)"),
    ("64:ff9b::/96", "NAT64 (RFC 6052)"),
    ("64:ff9b:1::/48", "local NAT64 (RFC 8215)"),
    ("100::/64", "discard (RFC 6666)"),
    ("100:0:0:1::/64", "dummy prefix (RFC 9780)"),
    ("2001::/32", "Teredo (RFC 4380)"),
    ("2001:2::/48", "benchmarking (RFC 5180)"),
    ("2001:3::/32", "AMT (RFC 7450)"),
    ("2001:4:112::/48", "AS112 (RFC 7535)"),
    ("2001:10::/28", "ORCHID (RFC 4843)"),
    ("2001:20::/28", "ORCHIDv2 (RFC 7343)"),
    ("2001:30::/28", "drone ids (RFC 9374)"),
    ("2001::/23", "protocol assignments (RFC 2928)"),
    ("2001:db8::/32", "documentation (RFC 3849)"),
    ("2002::/16", "6to4 (RFC 3056)"),
    ("2620:4f:8000::/48", "AS112 (RFC 7534)"),
    ("3fff::/20", "documentation (RFC 9637)"),
    ("5f00::/16", "segment routing (RFC 9602)"),
    ("fc00::/7", "unique local (RFC 4193)"),
    ("fe80::/10", "link-local (RFC 4291)"),
    ("fec0::/10", "site-local (RFC 3879)"),
    ("ff00::/8", "multicast (RFC 4291)"),
    # Last, everything else that is not global unicast: 2000::/3 is all that was ever handed out for it.
    ("::/3", "not global unicast (RFC 3513)"),
    ("4000::/2", "not global unicast (RFC 3513)"),
    ("8000::/1", "not global unicast (RFC 3513)"),
)


_LAST_BITS: Final = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")))
"""Where the last 32 bits are an IPv4 address that something translates to."""


class Ruling(NamedTuple):
    """Whether an address may be called, and what says so."""

    allowed: bool
    network: Network | None
    """The row of the table, or the operator's network; None where nothing denies the address."""
    what: str


PUBLIC: Final = Ruling(True, None, "public")


class Reachable:
    """The table with an operator's exceptions.

    An IPv4-mapped address is judged as the IPv4 address that it stands for. One that leads to an IPv4 address by way
    of a gateway (NAT64, 6to4, Teredo) has to be allowed as both: an operator who lets requests into the gateway has not
    said that they may go on to whatever is behind it.

    Args:
        allowed: CIDRs that may be called although the table denies them.

    Raises:
        ValueError: one of them is none.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = Networks(allowed)

    def refusal(self, address: Address) -> str | None:
        """Why this address may not be called, or None if it may."""
        ruling = self.ruling(address)
        return None if ruling.allowed else ruling.what

    def ruling(self, address: Address) -> Ruling:
        """Whether this address may be called, and what decides it."""
        seen = unwrapped(address)
        allowed = self._allowed.holding(seen)
        if allowed is None:
            return next((Ruling(False, *row) for row in DENIED if seen in row.network), PUBLIC)
        for inner in carried(seen):
            behind = self.ruling(inner)
            if not behind.allowed:
                return behind._replace(what=f"{behind.what}, behind a gateway")
        return Ruling(True, allowed, "allowed by the operator")


def carried(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address leads to by way of a gateway; nothing for any other.

    Of 64:ff9b:1::/48 its last 32 bits are taken, as of every prefix of 96 bits (RFC 6052, section 2.2): one who embeds
    them elsewhere has zeros there, which nobody may call.
    """
    if not isinstance(address, IPv6Address):
        return ()
    if any(address in network for network in _LAST_BITS):
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()
