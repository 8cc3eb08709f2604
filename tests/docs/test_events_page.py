"""The page on typed events says what the code has: its tables are made from it."""

import re
from itertools import groupby
from typing import get_args

import pytest
from msgspec import Struct
from tests.docs.test_documents import ROOT

from hookyard.config.docstrings import of_fields
from hookyard.inbound.events import git, hosts

PAGE = ROOT / "docs" / "reference" / "events.md"
TITLES = {
    "github": "GitHub",
    "gitlab": "GitLab",
    "gitea": "Gitea, Forgejo, Gogs",
    "bitbucket": "Bitbucket Cloud",
    "bitbucket-server": "Bitbucket Data Center",
    "azure-devops": "Azure DevOps",
}


def everybodys(host: str, event: str) -> str:
    for kind in (git.Push, git.PullRequest):
        if event in (hosts.events_of(kind) or {}).get(host, frozenset()):
            return f"`git.{kind.__name__}`"
    return ""


def events_table(host: str) -> str:
    """Which type, and which of everybody's, the events of a host are; those alike in one row."""
    rows = [(kind, everybodys(host, event), event) for event, kind in hosts.types(host).items()]
    module = host.replace("-", "_")
    lines = [
        f"| {', '.join(f'`{event}`' for _, _, event in alike)} | `{module}.{kind.__name__}` | {also} |"
        for (kind, also), alike in groupby(rows, key=lambda row: row[:2])
    ]
    return "\n".join(["| event | type | or |", "|---|---|---|", *lines])


def fields_table(kind: type[Struct]) -> str:
    """What every field is."""
    said = of_fields(kind)
    return "\n".join(
        ["| field | what |", "|---|---|", *(f"| `{name}` | {said.get(name, '')} |" for name in kind.__struct_fields__)]
    )


def tables(page: str) -> list[str]:
    return re.findall(r"(?:^\|[^\n]*\n)+", page, re.MULTILINE)


@pytest.mark.parametrize("host", TITLES)
def test_the_page_has_every_event_of_a_host(host: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page.split(f"\n## {TITLES[host]}\n")[1].split("\n## ")[0]
    assert tables(section) == [f"{events_table(host)}\n"], f"must be\n{events_table(host)}"


@pytest.mark.parametrize("kind", [git.Push, git.Commit, git.PullRequest], ids=lambda kind: kind.__name__)
def test_the_page_has_every_field_of_everybodys_events(kind: type[Struct]) -> None:
    section = PAGE.read_text(encoding="utf-8").split(f"\n### `git.{kind.__name__}`\n")[1].split("\n##")[0]
    assert tables(section)[0] == f"{fields_table(kind)}\n", f"must be\n{fields_table(kind)}"


def test_the_page_has_every_word_of_what_was_done() -> None:
    section = PAGE.read_text(encoding="utf-8").split("`action` is one of")[1]
    first_column = " ".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    assert re.findall(r"`(\w+)`", first_column) == sorted(get_args(git.Action), key=first_column.find)
