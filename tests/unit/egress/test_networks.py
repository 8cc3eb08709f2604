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
# Written out, and not made from the table: the network, the address before it and the one after it where those are
# public, and one inside of it that no narrower row has.
EDGES: list[tuple[str, str | None, str, str | None]] = [
    ("0.0.0.0/8", None, "0.85.85.85", "1.0.0.0"),
    ("10.0.0.0/8", "9.255.255.255", "10.85.85.85", "11.0.0.0"),
    ("100.64.0.0/10", "100.63.255.255", "100.85.85.85", "100.128.0.0"),
    ("127.0.0.0/8", "126.255.255.255", "127.85.85.85", "128.0.0.0"),
    ("168.63.129.16/32", "168.63.129.15", "168.63.129.16", "168.63.129.17"),
    ("169.254.0.0/16", "169.253.255.255", "169.254.85.85", "169.255.0.0"),
    ("172.16.0.0/12", "172.15.255.255", "172.21.85.85", "172.32.0.0"),
    ("192.0.0.0/24", "191.255.255.255", "192.0.0.85", "192.0.1.0"),
    ("192.0.2.0/24", "192.0.1.255", "192.0.2.85", "192.0.3.0"),
    ("192.31.196.0/24", "192.31.195.255", "192.31.196.85", "192.31.197.0"),
    ("192.52.193.0/24", "192.52.192.255", "192.52.193.85", "192.52.194.0"),
    ("192.88.99.2/32", None, "192.88.99.2", None),
    ("192.88.99.0/24", "192.88.98.255", "192.88.99.85", "192.88.100.0"),
    ("192.168.0.0/16", "192.167.255.255", "192.168.85.85", "192.169.0.0"),
    ("192.175.48.0/24", "192.175.47.255", "192.175.48.85", "192.175.49.0"),
    ("198.18.0.0/15", "198.17.255.255", "198.18.170.170", "198.20.0.0"),
    ("198.51.100.0/24", "198.51.99.255", "198.51.100.85", "198.51.101.0"),
    ("203.0.113.0/24", "203.0.112.255", "203.0.113.85", "203.0.114.0"),
    ("224.0.0.0/4", "223.255.255.255", "229.85.85.85", None),
    ("255.255.255.255/32", None, "255.255.255.255", None),
    ("240.0.0.0/4", None, "245.85.85.85", None),
    ("::/128", None, "::", None),
    ("::1/128", None, "::1", None),
    ("::/96", None, "::5555:5555", None),
    ("::ffff:0:0:0/96", None, "::ffff:0:5555:5555", None),
    ("64:ff9b::/96", None, "64:ff9b::5555:5555", None),
    ("64:ff9b:1::/48", None, "64:ff9b:1:5555:5555:5555:5555:5555", None),
    ("100::/64", None, "100::5555:5555:5555:5555", None),
    ("100:0:0:1::/64", None, "100::1:5555:5555:5555:5555", None),
    ("2001::/32", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:0:5555:5555:5555:5555:5555:5555", None),
    ("2001:2::/48", None, "2001:2:0:5555:5555:5555:5555:5555", None),
    ("2001:3::/32", None, "2001:3:5555:5555:5555:5555:5555:5555", None),
    ("2001:4:112::/48", None, "2001:4:112:5555:5555:5555:5555:5555", None),
    ("2001:10::/28", None, "2001:15:5555:5555:5555:5555:5555:5555", None),
    ("2001:20::/28", None, "2001:25:5555:5555:5555:5555:5555:5555", None),
    ("2001:30::/28", None, "2001:35:5555:5555:5555:5555:5555:5555", None),
    ("2001::/23", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:aa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa", "2001:200::"),
    ("2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:5555:5555:5555:5555:5555:5555", "2001:db9::"),
    ("2002::/16", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002:5555:5555:5555:5555:5555:5555:5555", "2003::"),
    ("2620:4f:8000::/48", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000:5555::", "2620:4f:8001::"),
    ("3fff::/20", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:555:5555:5555:5555:5555:5555:5555", "3fff:1000::"),
    ("5f00::/16", None, "5f00:5555:5555:5555:5555:5555:5555:5555", None),
    ("fc00::/7", None, "fcaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa", None),
    ("fe80::/10", None, "fe95:5555:5555:5555:5555:5555:5555:5555", None),
    ("fec0::/10", None, "fed5:5555:5555:5555:5555:5555:5555:5555", None),
    ("ff00::/8", None, "ff55:5555:5555:5555:5555:5555:5555:5555", None),
    ("::/3", None, "aaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa", "2000::"),
    ("4000::/2", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5555:5555:5555:5555:5555:5555:5555:5555", None),
    ("8000::/1", None, "aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa", None),
]  # fmt: skip
ROWS = [pytest.param(row, id=str(row.network)) for row in DENIED]


def test_every_row_of_the_table_is_written_out_here() -> None:
    assert [str(row.network) for row in DENIED] == [network for network, *_ in EDGES]


@pytest.mark.parametrize("edge", EDGES, ids=[edge[0] for edge in EDGES])
def test_a_row_ends_where_it_says(edge: tuple[str, str | None, str, str | None]) -> None:
    network, below, inside, above = ip_network(edge[0]), *edge[1:]
    asked = Reachable()
    assert asked.ruling(ip_address(inside))[:2] == (False, network)
    assert asked.refusal(network[0])
    assert asked.refusal(network[-1])
    for beside, number in ((below, int(network[0]) - 1), (above, int(network[-1]) + 1)):
        if beside is not None:
            assert int(ip_address(beside)) == number
            assert asked.ruling(ip_address(beside)) == (True, None, "public")
        elif 0 <= number < 2**network.max_prefixlen:
            other = asked.ruling(type(network[0])(number))
            assert not other.allowed
            assert other.network != network


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


BEHIND = [
    ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b::a00:1"),
    ("64:ff9b:1::/48", "64:ff9b:1::808:808", "64:ff9b:1::a00:1"),
    ("64:ff9b:1:7::/96", "64:ff9b:1:7::808:808", "64:ff9b:1:7::7f00:1"),
    ("2002::/16", "2002:808:808::1", "2002:a00:1::1"),
    ("2001::/32", "2001:0:808:808:0:ffff:f7f7:f7f7", "2001:0:808:808:0:ffff:f5ff:fffe"),
    ("::ffff:0:0:0/96", "::ffff:0:808:808", "::ffff:0:a9fe:a9fe"),
    ("::/0", "64:ff9b::808:808", "64:ff9b::a9fe:a9fe"),
]


@pytest.mark.parametrize(("allowed", "public", "inner"), BEHIND)
def test_a_gateway_that_is_allowed_is_no_way_to_the_addresses_behind_it(allowed: str, public: str, inner: str) -> None:
    assert Reachable([allowed]).refusal(ip_address(public)) is None
    assert "behind a gateway" in (Reachable([allowed]).refusal(ip_address(inner)) or "allowed")
    assert Reachable([allowed, "10.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8"]).refusal(ip_address(inner)) is None


def test_the_pieces_that_the_registries_call_reachable_within_a_denied_network_are_denied_too() -> None:
    for text in ("192.0.0.9", "192.0.0.10", "192.0.0.170", "2001:1::1", "2001:1::2", "2001:1::3", "2001:20::1"):
        assert Reachable().refusal(ip_address(text)), text
