"""What the commands below `endpoints` and `deliveries` have in common, they call by the same words."""

from typing import Any

import pytest
from typer.main import get_command

from hookyard.cli import app

GROUPS = ("endpoints", "deliveries")
UNDONE_BY_NOTHING = {
    ("endpoints", "delete"),
    ("endpoints", "rotate"),
    ("endpoints", "purge"),
    ("deliveries", "abandon"),
    ("deliveries", "purge"),
}
WALKS = {(group, word) for group in GROUPS for word in ("recover", "purge")} | {("endpoints", "replay")}
SHARED = ("--url", "--token-file", "--yes", "--dry-run", "--cursor", "--waiting", "--error", "--since", "--until")


def commands() -> dict[tuple[str, str], dict[str, str]]:
    """All of them: the options of each, and what they say of themselves."""
    root: Any = get_command(app)  # typer's own copy of click, which it does not export
    return {
        (name, word): {each.opts[0]: each.help or "" for each in command.params if each.opts[0].startswith("--")}
        for name in GROUPS
        for word, command in root.commands[name].commands.items()
    }


def test_every_command_prints_json_if_that_is_wanted() -> None:
    assert [of for of, options in commands().items() if "--json" not in options] == []


def test_what_nothing_undoes_asks_first_and_nothing_else_does() -> None:
    assert {of for of, options in commands().items() if "--yes" in options} == UNDONE_BY_NOTHING


def test_what_walks_through_the_past_is_told_where_to_go_on_and_of_what_it_is() -> None:
    every = commands()
    assert {of for of, options in every.items() if "--cursor" in options} == WALKS
    for of in WALKS:
        assert {"--since", "--until", "--event", "--dry-run"} <= every[of].keys(), of
        assert ("--error" in every[of]) is (of[1] != "replay"), of
    assert len({every[of]["--event"] for of in WALKS}) == 1


@pytest.mark.parametrize("option", SHARED)
def test_an_option_of_one_name_says_the_same_of_itself_everywhere(option: str) -> None:
    assert len({options[option] for options in commands().values() if option in options}) == 1
