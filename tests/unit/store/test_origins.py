"""The origin of a callback URL."""

import pytest

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
    ],
)
def test_the_origin_is_the_scheme_the_host_and_a_port_that_is_not_the_schemes_own(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_from(origin) == origin_from(f"{origin}/") == origin


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "ci.example.com", "ftp://ci.example.com", "https://", "https://ci.example.com/hooks"),
        *("https://ci.example.com?x", "https://me@ci.example.com", "https://ci.example.com:", "https://a b/"),
    ],
)
def test_what_is_no_origin_or_has_more_in_it_names_none(text: str) -> None:
    assert origin_from(text) is None
