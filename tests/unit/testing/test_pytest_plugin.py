"""What a pytest run pays for having Hookyard installed, and what it gets."""

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from hookyard.testing import Host


def test_pytest_finds_the_plugin_where_it_looks_for_plugins() -> None:
    (found,) = [one for one in entry_points(group="pytest11") if one.name == "hookyard"]
    assert found.value == "hookyard_pytest"


def test_what_a_pytest_run_loads_is_next_to_nothing() -> None:
    script = "import pytest, sys; before = set(sys.modules); import hookyard_pytest; import json"
    script += "; print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(done.stdout)) - sys.stdlib_module_names
    assert loaded == {"hookyard_pytest"}


def test_a_run_that_does_not_use_the_fixture_does_not_load_hookyard(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\ndef test_it() -> None:\n    assert 'hookyard' not in sys.modules\n"
    )
    assert _pytest(tmp_path) == 0


def test_the_fixture_needs_nothing_but_its_name(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from hookyard import Context, Plugin\n"
        "from msgspec import Struct\n"
        "plugin = Plugin('lab')\n"
        "class In(Struct):\n    x: int\n"
        "@plugin.command\n"
        "async def double(data: In, ctx: Context) -> int:\n    return 2 * data.x\n"
        "def test_it(hookyard):\n    assert hookyard.trigger(double, In(2)) == 4\n"
    )
    assert _pytest(tmp_path) == 0


def test_a_host_can_be_had_without_pytest() -> None:
    with Host() as host:
        assert host.jobs == ()


def _pytest(folder: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60).returncode
