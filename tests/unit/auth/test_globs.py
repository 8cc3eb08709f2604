"""Globs: what one matches, and whether it matches all of another."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.auth.globs import within

GLOBS = st.lists(
    st.sampled_from(["a", "b", "-", "*", "?", "[ab]", "[!a]", "[a-c]", "[", "]", "[]a]", "[!]"]), max_size=5
)
NAMES = st.text("abcd-][!\xe9", max_size=6)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("github", "github"),
        ("github", "git*"),
        ("git*", "g*"),
        ("git?", "git*"),
        ("*", "*"),
        ("?*", "*?"),
        ("*a*b*", "*a*"),
        ("[ab]", "[abc]"),
        ("[!a-z]", "?"),
        ("a*c", "a*"),
        ("**", "*"),
    ],
)
def test_every_name_of_the_one_is_a_name_of_the_other(narrow: str, wide: str) -> None:
    assert within(narrow, wide)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("*", "?*"),
        ("git*", "github"),
        ("git*", "git?*"),
        ("[abc]", "[ab]"),
        ("?", "[!a]"),
        ("a", "A"),
        ("*a", "a*"),
        ("", "?"),
    ],
)
def test_a_name_of_the_one_that_is_none_of_the_other_is_enough(narrow: str, wide: str) -> None:
    assert not within(narrow, wide)


@given(GLOBS.map("".join), GLOBS.map("".join), NAMES)
def test_no_name_is_within_the_one_and_outside_the_other_when_the_answer_is_yes(
    narrow: str, wide: str, name: str
) -> None:
    if within(narrow, wide) and fnmatchcase(name, narrow):
        assert fnmatchcase(name, wide)


@given(GLOBS.map("".join), NAMES.filter(lambda name: not set("[]!") & set(name)))
def test_a_name_is_within_a_glob_exactly_when_the_glob_matches_it(glob: str, name: str) -> None:
    assert within(name, glob) is fnmatchcase(name, glob)


def test_what_would_take_for_ever_is_not_proved_however_true() -> None:
    assert within("*a???", "*[ab]???")
    assert not within("*a" + "?" * 40, "*[ab]" + "?" * 40)
