"""What the guard says of a URL, address by address, for people who wonder."""

from msgspec import Struct

from hookyard.egress.resolver import ResolveError, Resolver
from hookyard.egress.rules import EgressError, Judge, Rules
from hookyard.networks import Address


class Seen(Struct, frozen=True):
    """One address of the URL's host."""

    address: str
    allowed: bool
    network: str | None
    """The row of the table or the operator's network that decided; None where the address is simply public."""
    what: str


class Finding(Struct, frozen=True, kw_only=True):
    """What the guard says."""

    url: str | None = None
    """As it would be sent to; None when the URL itself is refused."""
    addresses: tuple[Seen, ...] = ()
    """All that its host has, also after the one that condemns it."""
    refused: str | None = None
    """Why it may not be called, which does not change by itself."""
    unresolved: str | None = None
    """Why its host has no address now."""

    @property
    def ok(self) -> bool:
        """Whether it would be called."""
        return self.refused is None and self.unresolved is None


async def explain(rules: Rules, url: str, resolver: Resolver) -> Finding:
    """Ask the guard's own judge about a URL, and say which address decides.

    Raises:
        ValueError: the rules' networks have what is no CIDR.
    """
    judge = Judge(rules)
    try:
        parsed = judge.check(url)
    except EgressError as error:
        return Finding(refused=f"the URL {error}", addresses=tuple(seen(judge, a) for a in judge.named(url)))
    addresses: tuple[Seen, ...] = ()
    try:
        found = (parsed.address,) if parsed.address is not None else await resolver(parsed.host, parsed.port)
        addresses = tuple(seen(judge, address) for address in found)
        judge.addresses(found)
    except ResolveError as error:
        return Finding(url=parsed.text, unresolved=str(error))
    except EgressError as error:
        return Finding(url=parsed.text, addresses=addresses, refused=f"the URL {error}")
    return Finding(url=parsed.text, addresses=addresses)


def seen(judge: Judge, address: Address) -> Seen:
    """What decides about one address."""
    ruling = judge.networks.ruling(address)
    return Seen(str(address), ruling.allowed, None if ruling.network is None else str(ruling.network), ruling.what)
