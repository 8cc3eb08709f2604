"""The page of outgoing events is the catalogue, as it is now."""

from tests.docs.test_documents import ROOT

from hookyard.outbound.events import EVENT_TYPES
from hookyard.outbound.events.page import page

PAGE = ROOT / "docs" / "reference" / "outgoing-events.md"


def test_the_page_is_what_the_catalogue_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m hookyard.outbound.events > docs/reference/outgoing-events.md"


def test_every_type_has_a_row_and_a_section() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    for each in EVENT_TYPES:
        assert any(line.startswith(f"| `{each.type}` |") for line in lines)
        assert f"### `{each.type}`" in lines
