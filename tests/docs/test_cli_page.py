"""The reference page of the command line."""

from tests.docs.test_documents import ROOT

from hookyard.cli import app
from hookyard.cli.reference import markdown

PAGE = ROOT / "docs" / "reference" / "cli.md"


def test_the_page_says_what_the_commands_say() -> None:
    written = "`python -m hookyard.cli.reference > docs/reference/cli.md` writes it"
    assert PAGE.read_text(encoding="utf-8") == markdown(app), written


def test_the_page_has_every_command() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for command in ("serve", "check", "schema lock", "schema check", "client generate", "plugins check"):
        assert f"## `hookyard {command}`\n" in text
