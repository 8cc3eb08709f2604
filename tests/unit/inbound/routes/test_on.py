"""The `on` of a route: names and globs of events."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inbound.routes.lab import problems, received, route, settings

NAMES = st.text("abAB.:/-_ ", min_size=1, max_size=8)
GLOBS = st.lists(st.sampled_from(["a", "B", ".", "*", "?", "[ab]", "[!a]", "[a-b]"]), min_size=1, max_size=6).map(
    "".join
)


def takes(on: str | list[str], event: str) -> bool:
    return route(on=on).takes(received({}, event=event))


@pytest.mark.parametrize(
    ("on", "event", "taken"),
    [
        ("push", "push", True),
        ("push", "Push", False),
        ("push", "pushed", False),
        ("*", "anything at all", True),
        ("repo:*", "repo:push", True),
        ("repo:*", "repo", False),
        ("repo:*", "pr:repo:x", False),
        ("issue?", "issues", True),
        ("issue?", "issue", False),
        ("[ip]*", "push", True),
        ("[ip]*", "create", False),
        ("[!ip]*", "create", True),
        ("[a-c]reate", "create", True),
        ("customer.*", "customerXcreated", False),
        (["push", "pull_*"], "push", True),
        (["push", "pull_*"], "pull_request", True),
        (["push", "pull_*"], "issues", False),
        (["push", "*"], "issues", True),
    ],
)
def test_events_are_taken_by_name_and_by_glob_in_the_same_case(on: str | list[str], event: str, taken: bool) -> None:
    assert takes(on, event) is taken


def test_left_out_every_event_is_taken() -> None:
    assert route().takes(received({}, event="any"))


@given(st.lists(GLOBS | NAMES, min_size=1, max_size=4), NAMES)
def test_a_list_takes_what_any_of_its_globs_takes(on: list[str], event: str) -> None:
    assert takes(on, event) is any(fnmatchcase(event, glob) for glob in on)


@pytest.mark.parametrize("on", ["", [], ["push", ""], "[push", ["issues", "a[!"], "a[]"])
def test_an_event_without_a_name_and_an_open_bracket_are_problems(on: str | list[str]) -> None:
    assert [path for path, _ in problems(settings(on=on))] == ["sources.hub.routes[0].on"]
