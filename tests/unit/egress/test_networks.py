from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.egress.networks import DENIED, Denied, Reachable

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
    "2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::1", "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e", "3ffe:ffff::", "3fff:1000::",
]  # fmt: skip
ATTACKS = [
    ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("0.0.0.0", "this network"),  # noqa: S104  refused
    ("10.0.0.1", "private"), ("172.31.255.255", "private"), ("192.168.1.1", "private"),
    ("169.254.169.254", "metadata"), ("100.100.100.200", "carriers"), ("192.0.0.192", "protocol"),
    ("168.63.129.16", "Azure"), ("224.0.0.1", "multicast"), ("255.255.255.255", "broadcast"),
    ("::", "unspecified"), ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:169.254.169.254", "metadata"), ("::127.0.0.1", "IPv4-compatible"), ("2002:7f00:1::", "6to4"),
    ("64:ff9b::7f00:1", "NAT64"), ("64:ff9b:1::a00:1", "NAT64"), ("2001:0:7f00:1::", "Teredo"),
    ("5f00::1", "segment routing"), ("fd00:ec2::254", "unique local"), ("fe80::1", "link-local"),
    ("fec0::1", "site-local"), ("ff02::1", "multicast"), ("100::1", "discard"), ("2001:20::1", "ORCHID"),
    ("::ffff:0:7f00:1", "translated"), ("4000::1", "not global"),
    ("c000::1", "not global"), ("1::1", "not global"),
]  # fmt: skip
ROWS = [pytest.param(row, id=str(row.network)) for row in DENIED]


@pytest.mark.parametrize("row", ROWS)
def test_the_first_the_last_and_the_middle_address_of_every_row_are_refused(row: Denied) -> None:
    network, networks = row.network, Reachable()
    for index in {0, 1 % network.num_addresses, network.num_addresses // 2, network.num_addresses - 1}:
        assert networks.refusal(network[index]), network[index]


@pytest.mark.parametrize("row", ROWS)
def test_every_address_of_a_small_row_is_refused(row: Denied) -> None:
    if row.network.num_addresses <= 1024:
        assert all(Reachable().refusal(address) for address in row.network)
    else:
        step = row.network.num_addresses // 509
        assert all(Reachable().refusal(row.network[n * step]) for n in range(509))


@given(st.sampled_from(DENIED), st.data())
def test_no_address_of_a_denied_network_is_ever_allowed(row: Denied, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, row.network.num_addresses - 1))
    assert Reachable().refusal(row.network[number])


@given(st.sampled_from([row for row in DENIED if row.network.version == 4]), st.data())
def test_no_denied_ipv4_address_passes_inside_an_ipv6_one(row: Denied, data: st.DataObject) -> None:
    inner = int(row.network[data.draw(st.integers(0, row.network.num_addresses - 1))])
    hiding = (
        0xFFFF << 32 | inner,  # mapped
        inner,  # compatible
        0x64FF9B << 96 | inner,  # NAT64
        0x2002 << 112 | inner << 80,  # 6to4
        0x20010000 << 96 | inner,  # Teredo
    )
    assert all(Reachable().refusal(IPv6Address(number)) for number in hiding)


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_that_is_allowed_is_global_to_the_standard_library_too(number: int) -> None:
    address = IPv4Address(number)
    if Reachable().refusal(address) is None:
        assert address.is_global
        assert not address.is_multicast


@given(st.integers(0, 2**125 - 1))
def test_an_ipv6_address_that_is_allowed_is_global_unicast(offset: int) -> None:
    address = IPv6Address((1 << 125) + offset)
    if Reachable().refusal(address) is None:
        assert address.is_global
        assert address in ip_network("2000::/3")
        assert not address.is_multicast
        assert address.sixtofour is None
        assert address.teredo is None


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_beside_the_denied_networks_are_allowed(text: str) -> None:
    assert Reachable().refusal(ip_address(text)) is None


@pytest.mark.parametrize(("text", "why"), ATTACKS)
def test_the_refusal_names_the_kind_of_address(text: str, why: str) -> None:
    assert why in (Reachable().refusal(ip_address(text)) or "allowed")


def test_a_mapped_public_address_is_judged_as_the_inner_one() -> None:
    assert Reachable().refusal(IPv6Address("::ffff:8.8.8.8")) is None


@pytest.mark.parametrize("text", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_an_allowed_network_overrides_the_table_also_for_mapped_addresses(text: str) -> None:
    networks = Reachable(["10.1.0.0/16", "fd00::/8"])
    assert networks.refusal(ip_address(text)) is None
    assert networks.refusal(IPv4Address("10.2.0.0"))
    assert networks.refusal(IPv6Address("fd12::1")) is None
    assert networks.refusal(IPv6Address("fe80::1"))


@pytest.mark.parametrize("text", ["10.1.0.1/16", "nonsense", "10.0.0.0/33", ""])
def test_a_wrong_cidr_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Reachable([text])
