"""`${VAR}` in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.config.substitute import substitute

ENV = {"A": "one", "B": "two", "EMPTY": "", "NESTED": "${A}"}

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)


def escape(text: str) -> str:
    """The text that `substitute` turns back into this one, as a person writes it."""
    return text.replace("${", "$${")


tricky = st.text(alphabet="${}:-AB_ ") | st.text()


@given(tricky)
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    found = substitute(escape(text), {})
    assert (found.text, found.problems, found.changed) == (text, (), False)


@given(tricky, names, st.text(), tricky)
def test_a_variable_is_replaced_and_what_stands_around_it_stays(before: str, name: str, value: str, after: str) -> None:
    # A `$` right before `${` would escape it.
    before = escape(before).rstrip("$")
    found = substitute(f"{before}${{{name}}}{escape(after)}", {name: value})
    assert found.text == substitute(before, {}).text + value + after
    assert found.changed
    assert not found.problems


@given(tricky)
def test_any_text_gives_a_result_or_a_problem(text: str) -> None:
    found = substitute(text, ENV)
    assert isinstance(found.text, str)
    assert found.problems or found.changed or "${" not in text.replace("$${", "")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${A}", "one"),
        ("${A}-${B}", "one-two"),
        ("http://${A}:${B}@host", "http://one:two@host"),
        ("${EMPTY}", ""),
        ("${EMPTY:-else}", "else"),
        ("${MISSING:-else}", "else"),
        ("${MISSING:-}", ""),
        ("${MISSING:-a:-b}", "a:-b"),
        ("${A:-else}", "one"),
        ("${NESTED}", "${A}"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A $.repository $event $$", "$A $.repository $event $$"),
    ],
)
def test_the_rules_by_example(text: str, result: str) -> None:
    assert substitute(text, ENV).text == result


def test_every_variable_that_is_not_set_is_named() -> None:
    assert substitute("${X} ${A} ${Y}", ENV).problems == (
        "the environment variable X is not set",
        "the environment variable Y is not set",
    )


@pytest.mark.parametrize("text", ["${", "${}", "${1}", "${A", "${A-else}", "${A:+x}", "${ A }", "${A:-${B}}"])
def test_what_is_no_variable_is_a_problem(text: str) -> None:
    (problem,) = substitute(text, ENV).problems
    assert "nor ${VAR:-default}" in problem
