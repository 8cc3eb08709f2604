"""No header becomes two, none ends the head, and none says what only the client may say."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookyard.egress.guard import Target
from hookyard.egress.urls import UrlError, parse
from hookyard.outbound.http.request import opening, request
from hookyard.outbound.sender import SendError

START = b"POST / HTTP/1.1\r\nhost: x\r\n"
OURS = ["accept: */*", "accept-encoding: identity", "content-length: 0"]


def lines(headers: dict[str, str], body: bytes = b"") -> list[str]:
    head, _, rest = request(START, headers, body).partition(b"\r\n\r\n")
    assert rest == body
    return head.decode().split("\r\n")[2:]


@pytest.mark.parametrize("value", [
    "a\r\nx: y", "a\nx: y", "a\rb", "\r\n", "a\r\n\r\nPOST / HTTP/1.1", "a\x00b", "a\x7fb", "a\x1bb", "\ud800",
])  # fmt: skip
def test_a_value_with_control_characters_is_refused(value: str) -> None:
    with pytest.raises(SendError, match=r"^unusable_request$"):
        request(START, {"x": value, "z": "1"}, b"{}")


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "a\n", "\u00e4", "a\x00", "(a)", "a/b", " a", "a "])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(SendError, match=r"^unusable_request$"):
        request(START, {"x": "1", name: "1"}, b"{}")


@pytest.mark.parametrize("name", [
    "host", "Host", "content-length", "Content-Length", "transfer-encoding", "connection", "keep-alive", "te",
    "trailer", "upgrade", "expect", "proxy-connection",
])  # fmt: skip
def test_what_only_the_client_may_say_is_refused(name: str) -> None:
    with pytest.raises(SendError, match=r"^unusable_request$"):
        request(START, {name: "1"}, b"{}")


def test_one_name_in_two_spellings_is_refused() -> None:
    with pytest.raises(SendError, match=r"^unusable_request$"):
        request(START, {"a": "1", "A": "2"}, b"{}")


def test_percent_signs_in_names_and_values_stay_what_they_are() -> None:
    assert lines({"%s": "%d %", "a%%d": "%s"}) == ["%s: %d %", "a%%d: %s", *OURS]


def test_values_may_have_tabs_and_letters_of_any_language() -> None:
    assert lines({"x": "a\tb Zoë ü"})[0] == "x: a\tb Zoë ü"


def test_accept_headers_may_be_ones_own() -> None:
    assert lines({"Accept": "a/b", "accept-encoding": "br"}) == ["Accept: a/b", "accept-encoding: br", OURS[2]]


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=4), st.binary(max_size=20))
@example({"a": "b\x85c"}, b"\r\n\r\n")
def test_whatever_passes_is_one_line_for_each_header(headers: dict[str, str], body: bytes) -> None:
    try:
        whole = request(START, headers, body)
    except SendError:
        return
    head = whole.removesuffix(body)
    assert head.endswith(b"\r\n\r\n")
    said = head[:-4].split(b"\r\n")
    asked = [f"{name}: {value}".encode() for name, value in headers.items()]
    assert said[2 : 2 + len(asked)] == asked
    assert said[-1] == b"content-length: %d" % len(body)
    assert not any(byte in line for line in said for byte in (b"\r", b"\n", b"\x00"))


@pytest.mark.parametrize(("url", "start"), [
    ("https://example.com/", b"POST / HTTP/1.1\r\nhost: example.com\r\n"),
    ("https://example.com:443/a?b=//c", b"POST /a?b=//c HTTP/1.1\r\nhost: example.com\r\n"),
    ("http://example.com:443/", b"POST / HTTP/1.1\r\nhost: example.com:443\r\n"),
    ("https://example.com?q", b"POST /?q HTTP/1.1\r\nhost: example.com\r\n"),
    ("https://[2001:DB8::1]:8443/x", b"POST /x HTTP/1.1\r\nhost: [2001:db8::1]:8443\r\n"),
    ("http://192.0.2.1/", b"POST / HTTP/1.1\r\nhost: 192.0.2.1\r\n"),
])  # fmt: skip
def test_the_first_lines_name_path_host_and_an_unusual_port(url: str, start: bytes) -> None:
    read = parse(url)
    assert opening(Target(read.text, read.scheme, read.host, read.port, ("192.0.2.1",))) == start


@pytest.mark.parametrize(("url", "host"), [
    ("http://a/ x", "a"), ("http://a/\r\nx: y", "a"), ("http://a/\u00e4", "a"), ("http://a", "a"), ("", "a"),
    ("http://a/", "a\r\nx: y"), ("http://a/", "a b"), ("http://a/", "a/b"), ("http://a/", "a@b"), ("http://a/", "::g"),
    ("http://a/", ""),
    ("http://a/", "fe80::1%\r\nx"), ("http://a/", "\u00e4"),
])  # fmt: skip
def test_a_target_that_no_guard_would_hand_out_is_refused(url: str, host: str) -> None:
    with pytest.raises(SendError, match=r"^unusable_url$"):
        opening(Target(url, "http", host, 80, ("192.0.2.1",)))


@given(st.text(alphabet="ab.:/?#@[]%\\ \r\n\t", max_size=20))
def test_whatever_the_guard_reads_can_be_asked_for_in_one_line(rest: str) -> None:
    try:
        read = parse(f"https://{rest}")
    except UrlError:
        return
    start = opening(Target(read.text, read.scheme, read.host, read.port, ("192.0.2.1",)))
    assert start.count(b"\r\n") == 2
    assert start.split(b"\r\n")[0].count(b" ") == 2
