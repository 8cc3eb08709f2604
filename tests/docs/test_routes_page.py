"""The expressions on the pages about routes are expressions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml

from hookyard.inbound.routes.expression import EventExpression

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "reference" / "inbound-webhooks.md", DOCS / "how-to" / "route-events.md"]
EXAMPLE = DOCS.parent / "config.example.yaml"


def expressions() -> Iterator[str]:
    """Those of the tables, and of the configurations."""
    how_to = PAGES[1].read_text(encoding="utf-8")
    table = how_to.partition("| wanted | written |")[2].partition("\n\n")[0]
    yield from re.findall(r"\| `(.*)` \|$", table, re.MULTILINE)
    for page in PAGES:
        for block in re.findall(r"```yaml check\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            yield from _within(yaml.safe_load(block))
    yield from _within(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")))


def _within(tree: object) -> Iterator[str]:
    if isinstance(tree, str) and tree.startswith("$("):
        yield tree[2:-1]
    elif isinstance(tree, list):
        for item in cast("list[object]", tree):
            yield from _within(item)
    elif isinstance(tree, dict):
        members = cast("dict[object, object]", tree)
        if "run" in members and isinstance(members.get("if"), str):
            yield str(members["if"])
        for member in members.values():
            yield from _within(member)


ALL = sorted(set(expressions()))


def test_there_are_some() -> None:
    assert len(ALL) > 12


@pytest.mark.parametrize("text", ALL)
def test_every_expression_that_is_shown_is_one(text: str) -> None:
    assert EventExpression(text).kind
