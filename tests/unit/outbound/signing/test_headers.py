import pytest

from hookyard.outbound.signing import header_problem


@pytest.mark.parametrize(
    "name",
    [
        *("webhook-id", "Webhook-Signature", "WEBHOOK-TIMESTAMP", "webhook-anything"),
        *("x-webhook-signature", "X-Webhook-Event", "x-webhook-delivery", "x-webhook-timestamp"),
        *("host", "Host", "content-length", "Content-Type", "content-digest", "content-encoding", "expect"),
        *("signature", "Signature-Input", "signature-agent"),
        *("connection", "keep-alive", "TE", "trailer", "transfer-encoding", "upgrade", "http2-settings"),
        *("proxy-authorization", "Proxy-Connection", "proxy-authenticate"),
    ],
)
def test_a_header_that_is_not_the_endpoints_to_set_is_refused_by_name(name: str) -> None:
    problem = header_problem(name, "x")
    assert problem is not None
    assert problem.startswith(f"{name} ")


@pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "a\n", "a\r\nb", "ä", "a" * 201])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert "has a name that is none" in (header_problem(name, "x") or "")


@pytest.mark.parametrize("value", ["a\nb", "a\r\nhost: b", "\0", "a\tb", "\x7f", "ä", "\u2028"])
def test_a_value_that_could_be_read_as_more_than_one_line_is_refused_and_not_quoted(value: str) -> None:
    assert header_problem("x-tenant", f"s3cret{value}") == "x-tenant has characters that are not printable ASCII"


@pytest.mark.parametrize("value", [" a", "a ", " "])
def test_blanks_around_a_value_are_refused(value: str) -> None:
    assert "blanks" in (header_problem("x-tenant", value) or "")


def test_a_value_has_a_bound() -> None:
    assert header_problem("x-tenant", "a" * 8192) is None
    assert header_problem("x-tenant", "a" * 8193) == "x-tenant is longer than 8192 bytes"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer abc"),
        ("X-Tenant", "acme"),
        ("x-webhook-version", "2"),
        ("user-agent", "a b"),
        ("a", ""),
    ],
)
def test_any_other_header_may_be_sent(name: str, value: str) -> None:
    assert header_problem(name, value) is None
