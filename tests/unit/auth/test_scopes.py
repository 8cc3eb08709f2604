"""Scopes: what a principal may do, written as short texts."""

import tracemalloc

import msgspec
import pytest

from hookyard.auth import Principal, check_scope
from hookyard.auth.scopes import GLOBAL, rules_of
from hookyard.config.model import Scope


@pytest.mark.parametrize(
    ("scope", "plugin", "command", "allowed"),
    [
        ("trigger:hello/greet", "hello", "greet", True),
        ("trigger:hello/greet", "hello", "greets", False),
        ("trigger:hello/greet", "Hello", "greet", False),
        ("trigger:hello/*", "hello", "anything", True),
        ("trigger:hello/*", "hello2", "anything", False),
        ("trigger:*/greet", "other", "greet", True),
        ("trigger:*/*", "other", "thing", True),
        ("trigger:git*/p[ou]sh", "github", "push", True),
        ("trigger:git*/p[ou]sh", "github", "pish", False),
        ("admin", "any", "thing", True),
        ("jobs:read", "any", "thing", False),
        ("trigger:ro", "any", "thing", False),
    ],
)
def test_a_scope_allows_what_its_globs_match(scope: str, plugin: str, command: str, allowed: bool) -> None:
    assert Principal("token:x", (scope,)).may_trigger(plugin, command, False) is allowed


def test_a_glob_does_not_reach_over_the_slash() -> None:
    assert not Principal("token:x", ("trigger:a*/c",)).may_trigger("a/b", "d", False)


def test_a_read_only_command_needs_less() -> None:
    reader = Principal("token:x", ("trigger:ro",))
    assert reader.may_trigger("any", "look", True)
    assert not reader.may_trigger("any", "look", False)


def test_several_scopes_add_up() -> None:
    principal = Principal("token:x", ("trigger:a/b", "jobs:read"))
    assert principal.may_trigger("a", "b", False)
    assert principal.may("jobs:read")
    assert not principal.may("admin")


def test_admin_may_everything() -> None:
    principal = Principal("token:x", ("admin",))
    assert principal.may("jobs:read")
    assert principal.may_trigger("a", "b", False)


def test_no_scope_allows_nothing() -> None:
    principal = Principal("token:x", ())
    assert not principal.may("jobs:read")
    assert not principal.may_trigger("a", "b", True)


@pytest.mark.parametrize(
    "scope", ["admin", "jobs:read", "trigger:ro", "trigger:a/b", "trigger:*/*", "trigger:a.b/c-d_e"]
)
def test_a_known_scope_passes_the_check(scope: str) -> None:
    assert check_scope(scope) is None


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "Admin",
        "trigger",
        "trigger:",
        "trigger:*",
        "trigger:a/",
        "trigger:a/b/c",
        "jobs:erase",
        "trigger:a b/c",
    ],
)
def test_an_unknown_scope_is_named_in_the_message(scope: str) -> None:
    message = check_scope(scope)
    assert message is not None
    assert repr(scope) in message


@pytest.mark.parametrize(
    ("scopes", "question", "allowed"),
    [
        (("jobs:write",), "jobs:write", True),
        (("jobs:write",), "jobs:read", False),
        (("jobs:*",), "jobs:write", True),
        (("jobs:*",), "results:read", True),
        (("jobs:read",), "results:read", True),
        (("jobs:read",), "plugins:read", True),
        (("results:read",), "jobs:read", False),
        (("tokens:*",), "tokens:write", True),
        (("tokens:read",), "tokens:write", False),
        (("audit:read",), "audit:read", True),
        (("schedules:read",), "lanes:read", False),
        (("work:ml",), "work:ml", True),
        (("work:ml",), "work:ml/train", False),
        (("work:ml/*",), "work:ml/train", True),
        (("work:ml/*",), "work:other/train", False),
        (("work:*",), "work:ml/train", True),
        (("work:*",), "work:ml", True),
        (("trigger:*/*",), "trigger:a/b", True),
        (("trigger:*/*",), "jobs:read", False),
        (("admin",), "work:ml/train", True),
        (("admin",), "admin", True),
        (("jobs:*",), "admin", False),
        ((), "jobs:read", False),
    ],
)
def test_every_scope_allows_what_it_says_and_no_more(scopes: tuple[str, ...], question: str, allowed: bool) -> None:
    assert Principal("token:x", scopes).may(question) is allowed


@pytest.mark.parametrize(
    ("scopes", "question", "allowed"),
    [
        (("admin", "!trigger:prod/*"), "trigger:prod/deploy", False),
        (("!trigger:prod/*", "admin"), "trigger:prod/deploy", False),
        (("admin", "!trigger:prod/*"), "trigger:test/deploy", True),
        (("trigger:prod/deploy", "!trigger:prod/*"), "trigger:prod/deploy", False),
        (("admin", "!jobs:*"), "jobs:read", False),
        (("admin", "!jobs:*"), "jobs:write", False),
        (("jobs:read", "!results:read"), "results:read", False),
        (("jobs:read", "!results:read"), "jobs:read", True),
        (("admin", "!work:ml/*"), "work:ml/train", False),
        (("admin", "!admin"), "admin", False),
        (("admin", "!admin"), "jobs:read", True),
        (("!jobs:read",), "jobs:write", False),
    ],
)
def test_what_is_taken_away_wins_in_whatever_order(scopes: tuple[str, ...], question: str, allowed: bool) -> None:
    assert Principal("token:x", scopes).may(question) is allowed


def test_what_only_reads_can_be_taken_away_too() -> None:
    principal = Principal("token:x", ("trigger:*/*", "!trigger:ro"))
    assert principal.may_trigger("a", "change", False)
    assert not principal.may_trigger("a", "look", True)


@pytest.mark.parametrize("question", sorted(GLOBAL))
def test_what_concerns_everybody_is_for_nobody_with_a_tenant(question: str) -> None:
    assert Principal("token:x", ("admin",)).may(question)
    assert not Principal("token:x", ("admin",), "acme").may(question)


def test_an_admin_of_a_tenant_may_all_that_is_of_a_tenant() -> None:
    principal = Principal("token:x", ("admin",), "acme")
    assert all(map(principal.may, ("jobs:read", "jobs:write", "tokens:write", "audit:read", "schedules:write")))
    assert principal.may_trigger("a", "b", False)


def test_a_principal_sees_its_own_tenant_only_and_without_one_every_tenant() -> None:
    assert Principal("token:x", (), "acme").sees("acme")
    assert not Principal("token:x", (), "acme").sees("other")
    assert not Principal("token:x", (), "acme").sees("")
    assert Principal("token:x", ()).sees("acme")


def test_asking_for_ever_new_things_takes_no_ever_new_memory() -> None:
    rules = rules_of(("trigger:a/*",))

    def asked(first: int) -> int:
        before = tracemalloc.get_traced_memory()[0]
        assert all(rules.may("trigger", f"a/{number}") for number in range(first, first + 10_000))
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        asked(0)
        assert asked(10_000) < 100_000
    finally:
        tracemalloc.stop()
    assert not rules.may("trigger", "b/late")


@pytest.mark.parametrize(
    "scope",
    [
        "jobs:write",
        "jobs:*",
        "results:read",
        "work:ml",
        "work:ml/*",
        "work:*",
        "tokens:*",
        "audit:read",
        "!admin",
        "!trigger:prod/*",
    ],
)
def test_the_configuration_and_the_gateway_know_the_same_scopes(scope: str) -> None:
    assert check_scope(scope) is None
    assert msgspec.convert(scope, Scope) == scope
