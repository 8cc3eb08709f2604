"""The pages on testing: the tests shown pass, and the reference has everything there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.test_documents import ROOT, blocks

from hookyard import testing
from hookyard.testing import Host
from hookyard.testing.options import Options, WebhookOptions

HOW_TO = ROOT / "docs" / "how-to" / "test-a-plugin.md"
REFERENCE = (ROOT / "docs" / "reference" / "testing.md").read_text(encoding="utf-8")


@pytest.mark.timeout(600)
def test_the_tests_shown_pass_and_are_typed(tmp_path: Path) -> None:
    shown = [block for block in blocks(HOW_TO) if "file" in block.marks]
    assert len(shown) == 3
    for block in shown:
        (tmp_path / block.marks["file"]).write_text(block.text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    for command in (["pytest", "-q", "-W", "error", "-p", "no:cacheprovider"], ["mypy", "--strict", "."]):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False, timeout=280,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        if command[0] == "pytest":
            assert "7 passed" in done.stdout


def test_the_reference_has_every_name() -> None:
    members = {name for name in dir(Host) if not name.startswith("_")} | {"clock", "patience"}
    options = {*Options.__annotations__, *WebhookOptions.__annotations__}
    known = set(re.findall(r"[a-z_A-Z]+", " ".join(re.findall(r"`([^`]+)`", REFERENCE))))
    assert {*members, *options, *testing.__all__} - known - {"FakeArtifact", "WebhookAnswer"} == set()


@pytest.mark.parametrize("page", [HOW_TO, ROOT / "docs" / "reference" / "plugins.md"])
def test_the_fixture_is_typed_where_it_is_shown(page: Path) -> None:
    parameters = re.findall(r"def test_\w+\((.*hookyard.*)\)", page.read_text(encoding="utf-8"))
    assert parameters
    assert set(parameters) == {"hookyard: Host"}
