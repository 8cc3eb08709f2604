"""What people are told of a URL is what the guard does, with the address that decides."""

import asyncio
from ipaddress import ip_address

import pytest

from hookyard.clock import SystemClock
from hookyard.egress.explain import Finding, Seen, explain
from hookyard.egress.guard import EgressError, Guard
from hookyard.egress.resolver import ResolveError
from hookyard.egress.rules import Rules
from hookyard.networks import Address

NAMES = {
    "public.test": "93.184.216.34 2606:2800:220:1::1",
    "mixed.test": "93.184.216.34 10.1.2.3 ::1",
    "inner.test": "10.1.2.3",
}


async def names(host: str, _port: int) -> tuple[Address, ...]:
    if host not in NAMES:
        raise ResolveError("no such name")
    return tuple(ip_address(text) for text in NAMES[host].split())


def found(url: str, *allowed: str) -> Finding:
    return asyncio.run(explain(Rules(allow_networks=allowed), url, names))


def test_every_address_of_a_name_is_told_also_after_the_one_that_decides() -> None:
    finding = found("https://mixed.test/x")
    assert not finding.ok
    assert finding.url == "https://mixed.test/x"
    assert "private" in (finding.refused or "")
    assert finding.addresses == (
        Seen("93.184.216.34", True, None, "public"),
        Seen("10.1.2.3", False, "10.0.0.0/8", "private (RFC 1918)"),
        Seen("::1", False, "::1/128", "loopback (RFC 4291)"),
    )


def test_an_address_that_the_operator_allows_names_the_network_that_does() -> None:
    finding = found("https://inner.test/", "192.168.0.0/16", "10.1.0.0/16")
    assert finding.ok
    assert finding.addresses == (Seen("10.1.2.3", True, "10.1.0.0/16", "allowed by the operator"),)


def test_an_address_in_the_url_itself_is_told_without_asking_anybody() -> None:
    finding = found("https://[::ffff:7f00:1]/")
    assert finding.addresses == (Seen("127.0.0.1", False, "127.0.0.0/8", "loopback (RFC 1122)"),)


def test_a_name_without_an_address_is_not_refused_for_good() -> None:
    assert found("https://nowhere.test/") == Finding(url="https://nowhere.test/", unresolved="no such name")


@pytest.mark.parametrize("url", [
    "https://public.test/", "https://mixed.test/", "https://inner.test/", "https://nowhere.test/", "http://public.test/",
    "https://public.test:8443/", "https://8.8.8.8/", "https://10.1.2.3/", "https://2130706433/", "https://a@b/", "",
])  # fmt: skip
@pytest.mark.parametrize("allowed", [(), ("10.0.0.0/8",)])
def test_what_is_told_is_what_the_guard_does(url: str, allowed: tuple[str, ...]) -> None:
    async def let_out() -> bool:
        try:
            await Guard(Rules(allow_networks=allowed), SystemClock(), names).target(url)
        except (EgressError, ResolveError):
            return False
        return True

    assert found(url, *allowed).ok is asyncio.run(let_out())
