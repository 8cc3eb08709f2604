"""Nobody hands on more than he has himself."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.auth import Principal
from hookyard.auth.grant import grant, grant_expiry, grant_tenant
from hookyard.errors import Refused

HALVES = st.sampled_from(["a", "ab", "b", "*", "a*", "?", "[ab]", "[!a]", "*b"])
PLAIN = [
    *("admin", "trigger:ro", "jobs:read", "jobs:write", "jobs:*", "results:read", "plugins:read", "work:*", "work:a"),
    *("tokens:*", "tokens:read", "tokens:write", "audit:read", "lanes:*", "lanes:write", "endpoints:read"),
]
ALLOWED = (
    st.sampled_from(PLAIN)
    | st.builds("trigger:{}/{}".format, HALVES, HALVES)
    | st.builds("work:{}/{}".format, HALVES, HALVES)
)
SCOPES = st.lists(ALLOWED | ALLOWED.map("!{}".format), max_size=5).map(tuple)
NAMES = ("a", "b", "ab", "ba", "c", "aab")
PAIRS = tuple(itertools.product(NAMES, NAMES))
QUESTIONS = (
    *("admin", "jobs:read", "jobs:write", "results:read", "plugins:read", "tokens:read", "tokens:write", "lanes:read"),
    *("lanes:write", "audit:read", "endpoints:read", "schedules:write", "work:a", "work:b"),
    *(f"work:{plugin}/{command}" for plugin, command in PAIRS),
)
TENANTS = st.sampled_from(["", "acme", "other"])


@given(SCOPES, SCOPES, TENANTS, st.none() | TENANTS)
def test_whatever_a_created_token_may_do_its_creator_may_do(
    own: tuple[str, ...], asked: tuple[str, ...], tenant: str, wanted: str | None
) -> None:
    creator = Principal("token:creator", own, tenant)
    try:
        made = Principal("token:made", grant(creator, asked), grant_tenant(creator, wanted))
    except Refused:
        return
    for question in QUESTIONS:
        assert creator.may(question) or not made.may(question)
    for (plugin, command), read_only in itertools.product(PAIRS, (False, True)):
        assert creator.may_trigger(plugin, command, read_only) or not made.may_trigger(plugin, command, read_only)
    for whose in ("", "acme", "other"):
        assert creator.sees(whose) or not made.sees(whose)


@given(st.none() | st.integers(1, 100), st.none() | st.integers(1, 100))
def test_no_created_token_outlives_its_creator(own: int | None, asked: int | None) -> None:
    creator = Principal("token:creator", ("admin",), "", own)
    try:
        end = grant_expiry(creator, asked)
    except Refused:
        assert asked is not None
        assert own is not None
        assert asked > own
        return
    assert own is None or (end is not None and end <= own)
    assert asked is None or end == asked


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        (("admin",), ("admin",)),
        (("admin",), ("trigger:a/*", "jobs:*", "work:*")),
        (("trigger:git*/*",), ("trigger:github/p*",)),
        (("trigger:*/*",), ("trigger:ro",)),
        (("jobs:*",), ("jobs:read",)),
        (("jobs:read",), ("results:read", "plugins:read")),
        (("work:*",), ("work:ml/*",)),
        (("tokens:write",), ("!trigger:*/*",)),
    ],
)
def test_what_is_provably_ones_own_can_be_handed_on(own: tuple[str, ...], asked: tuple[str, ...]) -> None:
    assert grant(Principal("token:x", own), asked) == asked


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        ((), "jobs:read"),
        (("trigger:github/*",), "trigger:git*/*"),
        (("trigger:a/*", "trigger:b/*"), "trigger:[ab]/*"),
        (("trigger:ro",), "trigger:a/look"),
        (("jobs:read",), "jobs:*"),
        (("results:read",), "jobs:read"),
        (("work:ml/*",), "work:*"),
        (("work:ml/*",), "work:ml"),
        (("tokens:*",), "admin"),
        (("!admin",), "admin"),
    ],
)
def test_what_is_not_is_refused_by_its_name(own: tuple[str, ...], asked: str) -> None:
    with pytest.raises(Refused) as caught:
        grant(Principal("token:x", own), ("!jobs:read", asked))
    assert caught.value.code == "forbidden"
    assert asked in caught.value.detail
    assert caught.value.path == "$.scopes[1]"


def test_what_the_creator_may_not_do_goes_with_the_token() -> None:
    creator = Principal("token:x", ("admin", "!trigger:prod/*", "!audit:read"))
    assert grant(creator, ("admin", "!audit:read")) == ("admin", "!audit:read", "!trigger:prod/*")


def test_a_token_is_of_its_creators_tenant_unless_an_admin_without_one_says_otherwise() -> None:
    assert grant_tenant(Principal("token:x", ("tokens:write",), "acme"), None) == "acme"
    assert grant_tenant(Principal("token:x", ("admin",)), "acme") == "acme"
    for creator in (
        Principal("token:x", ("admin",), "acme"),
        Principal("token:x", ("tokens:*",)),
        Principal("token:x", ("admin", "!admin")),
    ):
        with pytest.raises(Refused):
            grant_tenant(creator, "other")
    with pytest.raises(Refused):
        grant_tenant(Principal("token:x", ("admin",), "acme"), "")
