"""One key of a configuration changes, and not one other character."""

from difflib import ndiff

import pytest

from hookyard.config import loads
from hookyard.config.edit import CannotEdit, set_enabled

TEXT = """\
# The configuration of the house.
server: {port: 1}   # free

plugins:
  # says hello
  hello:
    config: {a: 1}  # kept
  other:
    enabled: true   # for now
    env: {A: b}
  flow: {config: {}}
  empty: {}
  nothing:
  "quoted": {enabled: yes_please}

tokens: []
"""


def changed(before: str, after: str) -> list[str]:
    return [line for line in ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("hello", ["+     enabled: false"]),
        ("other", ["-     enabled: true   # for now", "+     enabled: false   # for now"]),
        ("flow", ["-   flow: {config: {}}", "+   flow: {enabled: false, config: {}}"]),
        ("empty", ["-   empty: {}", "+   empty: {enabled: false}"]),
        ("nothing", ["-   nothing:", "+   nothing: {enabled: false}"]),
        ("new", ["+   new: {enabled: false}"]),
    ],
)
def test_the_one_line_changes_and_changes_back(name: str, lines: list[str]) -> None:
    text = TEXT.replace('  "quoted": {enabled: yes_please}\n', "")
    made = set_enabled(text, name, False)
    assert changed(text, made) == lines
    assert loads(made, environ={}).plugins[name].enabled is False
    assert set_enabled(made, name, False) == made
    again = set_enabled(made, name, True)
    assert loads(again, environ={}).plugins[name].enabled is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "plugins:\n  a: {enabled: false}\n"),
        ("# nothing yet\n", "# nothing yet\n\nplugins:\n  a: {enabled: false}\n"),
        ("server: {}\n", "server: {}\n\nplugins:\n  a: {enabled: false}\n"),
        ("plugins:\n", "plugins: {a: {enabled: false}}\n"),
        ("plugins: # none\ntokens: []\n", "plugins: {a: {enabled: false}} # none\ntokens: []\n"),
        ("plugins: {}\n", "plugins: {a: {enabled: false}}\n"),
        ("plugins: {b: {}}\n", "plugins: {a: {enabled: false}, b: {}}\n"),
        ("plugins:\r\n  a:\r\n    enabled: true\r\n", "plugins:\r\n  a:\r\n    enabled: false\r\n"),
        ("plugins:\n    a:\n        enabled: '${ON}'\n", "plugins:\n    a:\n        enabled: false\n"),
        ("plugins: {a: ~}\n", "plugins: {a: {enabled: false}}\n"),
        ("plugins:\n  'a': {enabled: true, env: {}}\n", "plugins:\n  'a': {enabled: false, env: {}}\n"),
    ],
)
def test_every_layout_is_kept(text: str, expected: str) -> None:
    assert set_enabled(text, "a", False) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plugins:\n  a: &x {enabled: true}\n  b: *x\n", "has anchors"),
        ("plugins:\n  a:\n    <<: &x {enabled: true}\n", "has anchors"),
        ("plugins: [", "not in order (line 1"),
        ("plugins:\n  a: 5\n", "layout"),
        ("[]", "layout"),
    ],
)
def test_what_cannot_be_changed_safely_is_said_with_the_lines_to_write(text: str, why: str) -> None:
    with pytest.raises(CannotEdit) as caught:
        set_enabled(text, "a", False)
    assert why in str(caught.value)
    assert str(caught.value).endswith("plugins:\n  a:\n    enabled: false")
