"""What the types alone cannot say."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.auth.scopes import check_scope
from hookyard.config import Config, loads
from hookyard.errors import ConfigError

Read = Callable[[str], Config]
Problems = Callable[[str], list[str]]

TOKENS = """
tokens:
  - {{name: a, sha256: "{one}", scopes: [admin]}}
  - {{name: {name}, sha256: "{two}", scopes: [admin]}}
"""


def test_two_tokens_may_not_share_a_name(problems: Problems) -> None:
    assert problems(TOKENS.format(one="1" * 64, two="2" * 64, name="a")) == [
        "4: tokens[1].name: tokens[0] has this name already; logs could not tell them apart"
    ]


def test_two_tokens_may_not_share_a_digest_in_whatever_case(problems: Problems) -> None:
    assert problems(TOKENS.format(one="a" * 64, two="A" * 64, name="b")) == [
        "4: tokens[1].sha256: tokens[0] is the same token; give each caller one of its own"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("jobs: {timeout: 0}", "1: jobs.timeout: expected at least 1 ms"),
        ("jobs: {lease: 99ms}", "1: jobs.lease: expected at least 100 ms"),
        (
            "server: {trusted_proxies: [10.0.0.0/8, 10.1.0.1/16]}",
            "1: server.trusted_proxies[1]: is no network such as 10.1.0.0/16: 10.1.0.1/16 has host bits set",
        ),
        (
            "server: {trusted_proxies: [proxy]}",
            (
                "1: server.trusted_proxies[0]: is no network such as 10.1.0.0/16: "
                "'proxy' does not appear to be an IPv4 or IPv6 network"
            ),
        ),
        ("server: {max_body: 0}", "1: server.max_body: expected at least 1 byte"),
        (
            "outbound:\n  timeout: 10s\n  connect_timeout: 11s",
            "3: outbound.connect_timeout: 11s is longer than outbound.timeout, 10s, which holds it",
        ),
        (
            "outbound:\n  timeout: 3s",
            "1: outbound.connect_timeout: 5s is longer than outbound.timeout, 3s, which holds it",
        ),
    ],
)
def test_times_and_sizes_that_cannot_work_are_refused(problems: Problems, text: str, problem: str) -> None:
    assert problems(text) == [problem]


@given(
    st.text(alphabet="trigeadmnjobs:lo/*?[]!-_.x{}\n", max_size=24)
    | st.sampled_from(["admin", "jobs:read", "trigger:ro", "trigger:*/*", "trigger:hello/gr[ea]et"])
    | st.from_regex(r"trigger:[a-z*?\[\]!-]{1,5}/[a-z*]{1,5}", fullmatch=True)
)
def test_the_loader_takes_exactly_the_scopes_that_authentication_knows(scope: str) -> None:
    text = f"tokens: [{{name: a, sha256: '{'0' * 64}', scopes: [{_quoted(scope)}]}}]"
    if check_scope(scope) is None:
        assert loads(text, environ={}).tokens[0].scopes == (scope,)
    else:
        with pytest.raises(ConfigError, match="expected a scope"):
            loads(text, environ={})


def _quoted(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'
