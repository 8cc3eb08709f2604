from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookyard.egress.urls import UrlError, parse

PLAIN = [
    ("https://example.com", "https://example.com/", "example.com", 443),
    ("HTTPS://EXAMPLE.com/A?b=C", "https://example.com/A?b=C", "example.com", 443),
    ("https://example.com.:8443/x", "https://example.com:8443/x", "example.com", 8443),
    ("https://example.com:443/", "https://example.com/", "example.com", 443),
    ("http://example.com:80?x", "http://example.com/?x", "example.com", 80),
    ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
    ("https://under_score.example/", "https://under_score.example/", "under_score.example", 443),
    ("https://192.0.2.1/", "https://192.0.2.1/", "192.0.2.1", 443),
    ("https://127.0.0.1./", "https://127.0.0.1/", "127.0.0.1", 443),
    ("https://[2001:DB8:0::1]:9/", "https://[2001:db8::1]:9/", "2001:db8::1", 9),
    ("https://[::ffff:127.0.0.1]/", "https://127.0.0.1/", "127.0.0.1", 443),
    ("https://[::ffff:7f00:1]/", "https://127.0.0.1/", "127.0.0.1", 443),
]
REFUSED = [
    "", "example.com", "//example.com", "https:example.com", "https:///path", "https://", "https://:443/",
    "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)",
    "https://user@example.com/", "https://user:pw@example.com/", "https://example.com@127.0.0.1/", "https://@a.b/",
    "https://example.com\\@127.0.0.1/", "https://example.com/\\x", "https:\\\\example.com\\",
    "https://example.com#@127.0.0.1/", "https://example.com/#fragment",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/",
    "https://127.0.0.1.5/", "https://1.2.3/", "https://0/", "https://0x/", "https://a.0x7f/", "https://127.0.0.01/",
    "https://[::1%25eth0]/", "https://[::1%eth0]/", "https://[::1/", "https://::1/", "https://[]/", "https://[::g]/",
    "https://[127.0.0.1]/", "https://[::ffff:0177.0.0.1]/",
    "https://%31%32%37.0.0.1/", "https://exam%70le.com/", "https://example.com%00.evil/", "https://a..b/",
    "https://example.com../", "https://.example.com/", "https://-a.example/", "https://a-.example/",
    "https://exa mple.com/", " https://example.com/", "https://example.com/ ", "https://example.com/\n",
    "https://example.com\t/", "https://example.com/\x00", "https://example.com/\x7f", "https://exa\rmple.com/",
    "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/",
    "https://\N{CIRCLED LATIN SMALL LETTER A}.example/", "https://127\N{IDEOGRAPHIC FULL STOP}0.0.1/",
    "https://\N{FULLWIDTH DIGIT ONE}27.0.0.1/", "https://example.com/p\N{LATIN SMALL LETTER A WITH ACUTE}th",
    "https://example.com:/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:99999/",
    "https://example.com:-1/", "https://example.com:80:80/", "https://example.com:http/",
    "https://example.com:+443/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 126 + "example/", "https://example.com/" + "a" * 2048,
]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical", "host", "port"), PLAIN)
def test_a_plain_url_is_brought_to_one_form(text: str, canonical: str, host: str, port: int) -> None:
    url = parse(text)
    assert (url.text, url.host, url.port) == (canonical, host, port)
    assert parse(url.text) == url


@pytest.mark.parametrize("text", REFUSED)
def test_what_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(UrlError):
        parse(text)


def test_a_refusal_does_not_quote_the_url() -> None:
    with pytest.raises(UrlError) as raised:
        parse("https://user:hunter2@example.com/")
    assert "hunter2" not in str(raised.value)


TRICKY = st.text(alphabet="abx0179.-_:/@#?%[]\\ XF\t\N{IDEOGRAPHIC FULL STOP}", max_size=24)


@given(st.tuples(st.sampled_from(["http", "https", "HTTPS"]), TRICKY | st.text(max_size=24)))
@example(("https", "0x7f.1"))
@example(("https", "xn--a"))
def test_what_passes_is_read_by_other_parsers_as_the_same_place(parts: tuple[str, str]) -> None:
    try:
        url = parse(f"{parts[0]}://{parts[1]}")
    except UrlError:
        return
    standard = {"https": 443, "http": 80}[url.scheme]
    plain = urlsplit(url.text)
    assert (plain.scheme, plain.hostname, plain.port or standard) == (url.scheme, url.host, url.port)
    assert (plain.username, plain.password, plain.fragment) == (None, None, "")
    try:
        read = httpx.URL(url.text)
    except httpx.InvalidURL:
        return  # what a plugin's client cannot read it does not send
    assert (read.scheme, read.raw_host.decode(), read.port or standard) == (url.scheme, url.host, url.port)
    assert (read.userinfo, read.fragment) == (b"", "")
