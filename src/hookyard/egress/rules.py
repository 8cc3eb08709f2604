"""What an egress guard is told, as plain values that may cross a process, and what can be judged by them alone."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from hookyard.config.model import OutboundSettings, PluginHttp
from hookyard.egress.networks import Reachable
from hookyard.egress.resolver import ResolveError
from hookyard.egress.urls import Url, UrlError, parse
from hookyard.errors import HookyardError
from hookyard.networks import Address, unwrapped


class EgressError(HookyardError):
    """The guard refuses a URL for good; the message says why.

    Args:
        why: what it is of the URL.
        setting: the key of the settings that could allow it; empty when none could.
    """

    def __init__(self, why: str, setting: str = "") -> None:
        super().__init__(why)
        self.setting = setting


class Rules(Struct, frozen=True, kw_only=True):
    """Which URLs may be called."""

    allow_http: bool = False
    allow_ports: tuple[int, ...] | Literal["any"] = (443,)
    allow_networks: tuple[str, ...] = ()
    """CIDRs that may be called although they are not public."""
    allow_hosts: tuple[str, ...] | None = None
    """Globs of names; None is every one."""
    resolve_timeout: float = 5.0
    """Seconds a name may take to be looked up."""


def outbound_rules(settings: OutboundSettings) -> Rules:
    """What holds for webhooks."""
    return Rules(
        allow_http=settings.allow_http,
        allow_ports=settings.allow_ports,
        allow_networks=settings.allow_networks,
        resolve_timeout=settings.connect_timeout.seconds,
    )


def plugin_rules(outbound: OutboundSettings, http: PluginHttp) -> Rules:
    """What holds for one plugin's own calls: what webhooks may do, and what its section adds or narrows."""
    ports: tuple[int, ...] | Literal["any"] = "any"
    if outbound.allow_ports != "any" and http.allow_ports != "any":
        ports = tuple(sorted({*outbound.allow_ports, *http.allow_ports}))
    return Rules(
        allow_http=outbound.allow_http or http.allow_http,
        allow_ports=ports,
        allow_networks=(*outbound.allow_networks, *http.allow_networks),
        allow_hosts=http.allow_hosts,
        resolve_timeout=outbound.connect_timeout.seconds,
    )


class Judge:
    """Applies rules, asking nobody.

    Raises:
        ValueError: `rules.allow_networks` has what is no CIDR.
    """

    def __init__(self, rules: Rules) -> None:
        self._schemes = frozenset({"https", "http"} if rules.allow_http else {"https"})
        self._ports = None if rules.allow_ports == "any" else frozenset(rules.allow_ports)
        self._hosts = None if rules.allow_hosts is None else tuple(name.lower() for name in rules.allow_hosts)
        self.networks = Reachable(rules.allow_networks)
        """Which addresses may be called."""

    def check(self, url: str) -> Url:
        """All that can be said of a URL without asking a resolver.

        Raises:
            EgressError: it may not be called.
        """
        try:
            parsed = parse(url)
        except UrlError as error:
            raise EgressError(str(error)) from None
        if parsed.scheme not in self._schemes:
            msg = "is not https"
            raise EgressError(msg, "allow_http" if parsed.scheme == "http" else "")
        if self._ports is not None and parsed.port not in self._ports:
            msg = f"has port {parsed.port}, which is not among the allowed ones"
            raise EgressError(msg, "allow_ports")
        if self._hosts is not None and not any(fnmatchcase(parsed.host, pattern) for pattern in self._hosts):
            msg = "has a host that is not among the allowed ones"
            raise EgressError(msg)
        if parsed.address is not None and (why := self.networks.refusal(parsed.address)):
            msg = f"has an address that may not be called: {why}"
            raise EgressError(msg)
        return parsed

    def named(self, url: str) -> tuple[Address, ...]:
        """The address that a URL itself names, refused or not; nothing where it names a host, or cannot be read."""
        try:
            address = parse(url).address
        except UrlError:
            return ()
        return () if address is None else (address,)

    def addresses(self, found: Iterable[Address]) -> tuple[str, ...]:
        """What may be connected to of what a resolver answered: all of it, best first.

        Raises:
            EgressError: one of them is denied, which condemns the host: a mixed answer is an attack or a mistake.
            ResolveError: there is none.
        """
        addresses: dict[str, None] = {}
        for address in found:
            if why := self.networks.refusal(address):
                msg = f"has a host with an address that may not be called: {why}"
                raise EgressError(msg)
            addresses[str(unwrapped(address))] = None
        if not addresses:
            msg = "the name has no addresses"
            raise ResolveError(msg)
        return tuple(addresses)
