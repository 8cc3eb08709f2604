"""Scopes: what a principal may do, written as short texts."""

import pytest

from hookyard.auth import Principal, check_scope


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
