"""The page on the log has every line of the sending side that somebody should look at."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "read-the-log.md").read_text()
LINE = re.compile(r'_log\.(?:warning|error|exception)\(\s*"([a-z_.]+)"')
SAID = sorted(
    {
        event
        for file in (ROOT / "src" / "hookyard" / "outbound").rglob("*.py")
        for event in LINE.findall(file.read_text())
    }
)


def test_the_sending_side_has_lines_to_explain() -> None:
    assert len(SAID) > 10


@pytest.mark.parametrize("event", SAID)
def test_a_warning_or_error_of_the_sending_side_is_explained(event: str) -> None:
    assert f"`{event}`" in PAGE
