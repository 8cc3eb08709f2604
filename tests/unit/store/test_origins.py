"""The origin of a callback URL."""

from itertools import combinations, product

import pytest

from hookyard.egress.urls import UrlError, parse
from hookyard.store.origins import origin_from, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://ci.example.com/hooks/1?token=x", "https://ci.example.com"),
        ("HTTPS://CI.Example.com:443/", "https://ci.example.com"),
        ("https://ci.example.com:8443?x=/", "https://ci.example.com:8443"),
        ("http://ci.example.com:80", "http://ci.example.com"),
        ("http://ci.example.com:443/", "http://ci.example.com:443"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]"),
        ("https://[2001:db8::443]/a", "https://[2001:db8::443]"),
        ("https://ci.example.com:0443/", "https://ci.example.com"),
        ("https://ci.example.com.:08443/", "https://ci.example.com:8443"),
        ("https://[2001:0db8:0:0:0:0:0:1]/", "https://[2001:db8::1]"),
        ("https://[::ffff:192.0.2.1]:443/", "https://192.0.2.1"),
        ("https://XN--bcher-kva.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_the_origin_is_the_scheme_the_host_and_a_port_that_is_not_the_schemes_own(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_from(origin) == origin_from(f"{origin}/") == origin


_HOSTS = ("ci.example.com", "CI.example.COM.", "192.0.2.1", "[::ffff:c000:201]", "[2001:DB8::1]", "[2001:db8:0::0:1]")
_URLS = tuple(
    f"{scheme}://{host}{port}/hooks?at=https://other.example:1/"
    for scheme, host, port in product(("https", "HTTP"), _HOSTS, ("", ":443", ":0443", ":80", ":8080", ":08080"))
)


def test_two_urls_have_one_origin_when_what_sends_goes_to_the_same_place() -> None:
    def place(url: str) -> tuple[str, str, int]:
        found = parse(url)
        return found.scheme, found.host, found.port

    assert len({place(url) for url in _URLS}) < len(_URLS)
    for one, other in combinations(_URLS, 2):
        assert (origin_of(one) == origin_of(other)) is (place(one) == place(other)), (one, other)


@pytest.mark.parametrize(
    "url", ["", "x", "https://", "https://[::g]/", "https://[:::]/", "https://a b/", "https://:1/"]
)
def test_what_could_not_be_a_callback_url_has_the_origin_of_nothing_that_could(url: str) -> None:
    with pytest.raises(UrlError):
        parse(f"{origin_of(url)}/")


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "ci.example.com", "ftp://ci.example.com", "https://", "https://ci.example.com/hooks"),
        *("https://ci.example.com?x", "https://me@ci.example.com", "https://ci.example.com:", "https://a b/"),
    ],
)
def test_what_is_no_origin_or_has_more_in_it_names_none(text: str) -> None:
    assert origin_from(text) is None
