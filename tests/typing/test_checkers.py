"""mypy and pyright, in strict mode, over definitions that are right and definitions that are wrong.

The definitions are `.txt` so that the checks of the project itself leave them alone.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def snippets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("snippets")
    for name in ("right", "wrong"):
        (folder / f"{name}.py").write_text((HERE / f"{name}.txt").read_text())
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def mypy(snippets: Path) -> dict[str, set[int]]:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version=3.11", "--config-file="]
    command += [f"--cache-dir={snippets / 'cache'}", "right.py", "wrong.py"]
    run = subprocess.run(command, cwd=snippets, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    return _by_file(re.findall(r"^(\w+)\.py:(\d+): error:", run.stdout, re.MULTILINE))


@pytest.fixture(scope="module")
def pyright(snippets: Path) -> dict[str, set[int]]:
    command = [sys.executable, "-m", "pyright", "--outputjson", f"--pythonpath={sys.executable}"]
    run = subprocess.run(command, cwd=snippets, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    found = json.loads(run.stdout)["generalDiagnostics"]
    errors = [each for each in found if each["severity"] == "error"]
    return _by_file([(Path(each["file"]).stem, each["range"]["start"]["line"] + 1) for each in errors])


def _by_file(places: list[tuple[str, int]]) -> dict[str, set[int]]:
    files: dict[str, set[int]] = {"right": set(), "wrong": set()}
    for name, line in places:
        files[name].add(int(line))
    return files


def _marked() -> set[int]:
    lines = (HERE / "wrong.txt").read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if "  # wrong" in line}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_right_definitions_are_accepted_and_wrong_ones_rejected_where_they_stand(
    checker: str, request: pytest.FixtureRequest
) -> None:
    found: dict[str, set[int]] = request.getfixturevalue(checker)
    assert found["right"] == set()
    assert found["wrong"] == _marked()
