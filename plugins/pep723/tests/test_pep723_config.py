"""A configuration that could not work is refused with the script's name, when the server starts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hookyard_pep723 import Config

SOURCE = "# /// script\n# dependencies = []\n# ///\n"


def problem(config: dict[str, object]) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(config, Config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ({}, "it has a `file` or a `source`, and exactly one of them"),
        ({"source": SOURCE, "file": "x.py"}, "exactly one of them"),
        ({"source": "print(1)"}, "source: it has no `# /// script` block"),
        ({"source": "# /// script\n# a = [\n# ///\n"}, "source: its metadata is wrong"),
        ({"source": SOURCE, "require_lock": True}, "require_lock: a `source` has no lock"),
        ({"file": "x.sh"}, "file: it must end with .py"),
        ({"file": "../x.py"}, "file: it must be absolute, or below `folder`"),
        ({"source": SOURCE, "python": "--x"}, "python: it is no version and no path"),
        ({"source": SOURCE, "environment": {"A=B": "c"}}, "environment: 'A=B' cannot be a variable"),
        ({"source": SOURCE, "secret_environment": {"A": "\0"}}, "secret_environment: 'A' cannot be"),
        ({"source": SOURCE, "timeout": 0}, "Expected `float` > 0"),
        ({"source": SOURCE, "argv": []}, "unknown field `argv`"),
    ],
)
def test_a_script_that_is_not_right_is_refused(script: dict[str, object], why: str) -> None:
    assert re.search(why, problem({"folder": "/srv", "scripts": {"report": script}}))


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({}, "there is neither a folder nor a script"),
        ({"folder": "srv"}, "folder: it must be absolute"),
        ({"folder": "/srv", "cache_dir": "x"}, "cache_dir: it must be absolute"),
        ({"folder": "/srv", "work_dir": "x"}, "work_dir: it must be absolute"),
        ({"folder": "/srv", "uv": "bin/uv"}, "uv: it must be an absolute path"),
        ({"folder": "/srv", "uv_environment": {"": "x"}}, "uv_environment: '' cannot be a variable"),
        ({"folder": "/srv", "defaults": {"python": ""}}, "defaults: python: it is no version"),
        ({"scripts": {"a b": {"source": SOURCE}}}, "script 'a b': the name must be"),
        ({"scripts": {"report": {"file": "x.py"}}}, "script 'report': file: it must be absolute"),
    ],
)
def test_a_configuration_that_is_not_right_is_refused(config: dict[str, object], why: str) -> None:
    assert re.search(why, problem(config))


def test_the_example_of_the_readme_passes_the_check(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "config.yaml").write_text(example, encoding="utf-8")
    env = os.environ | {"STORE_KEY": "key"}
    command = [sys.executable, "-m", "hookyard", "check", str(tmp_path / "config.yaml")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "pep723" in done.stderr) == (0, False), done.stderr
    assert "pep723" in done.stdout
