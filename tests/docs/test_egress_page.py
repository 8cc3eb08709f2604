"""The page on the egress guard says what the guard has."""

from tests.docs.test_documents import ROOT

from hookyard.egress.reference import markdown

PAGE = ROOT / "docs" / "reference" / "egress.md"


def test_the_page_is_made_from_the_table() -> None:
    written = "run: hookyard egress table --markdown > docs/reference/egress.md"
    assert PAGE.read_text(encoding="utf-8") == markdown(), written
