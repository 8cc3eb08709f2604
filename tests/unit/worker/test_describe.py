import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import msgspec
import pytest
from tests.unit.worker.lab import PLUGINS, Chosen, candidate, in_lab, settings
from typing_extensions import Unpack

import hookyard
from hookyard.config.model import OutboundSettings, ProcessLimits
from hookyard.config.values import Duration, Size
from hookyard.errors import PluginLoadError
from hookyard.host.foreign.contract import ForeignPlugin
from hookyard.host.foreign.worker.describe import describe
from hookyard.host.foreign.worker.launch import WorkerLaunch

SITE = Path(sysconfig.get_paths()["purelib"])
SOURCE = Path(hookyard.__file__).parents[1]


def described(file: Path, **chosen: Unpack[Chosen]) -> ForeignPlugin:
    return describe(candidate(file), settings(**chosen), file.parent, outbound=OutboundSettings())


def plugin(folder: Path, text: str, name: str = "thing") -> Path:
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    return file


def interpreter(folder: Path, *, paths: tuple[Path, ...] = (SITE, SOURCE)) -> Path:
    """A virtual environment that sees these folders, after its own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "more.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    return own


def test_a_plugin_is_described_by_its_own_process_and_not_imported_here() -> None:
    before = set(sys.modules)
    found = described(PLUGINS / "rough.py")
    assert {name for name in set(sys.modules) - before if "rough" in name} == set()
    assert (found.name, found.secrets, found.hooks) == ("rough", ("key",), {})
    echo = found.commands["echo"]
    assert (echo.key, echo.summary, echo.is_async) == ("rough/echo", "Answer at once.", True)
    assert {command.options.isolation for command in found.commands.values()} == {"worker"}
    assert msgspec.json.encode(echo.decode(b'{"text":"Ada"}')) == b'{"text":"Ada","number":0}'
    with pytest.raises(msgspec.ValidationError, match=r"\$\.number"):
        echo.decode(b'{"number":"many"}')
    assert msgspec.convert({}, found.config_type).greeting == "Hello"
    assert isinstance(found.launch, WorkerLaunch)
    with pytest.raises(TypeError, match="rough/echo runs in a process of its own"):
        echo.function(None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import not_there", r"ModuleNotFoundError: No module named 'not_there' \(.*thing\.py:1\)"),
        ("def broken(", r"SyntaxError: .*thing\.py:1"),
        ("import sys; sys.exit(4)", r"SystemExit: 4 \(.*thing\.py:1\)"),
        ("import os; os._exit(4)", r"its process ended with exit status 4 before it was ready"),
        (
            "import os, sys; sys.stderr.write('oh no\\n'); os.abort()",
            r"its process was ended by SIGABRT before it was ready; it wrote last: oh no",
        ),
        ("x = 1", r"'plugin' in .*thing\.py is nothing"),
        (
            "from hookyard import *\nplugin = Plugin('x')\n@plugin.hook\ndef startup(ctx: HookContext) -> None: ...",
            r"it has hooks \(startup\), which run in the server's own process only",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PluginLoadError, match=message):
        described(plugin(tmp_path, text))


def test_a_plugin_that_writes_much_while_it_is_imported_is_described_all_the_same(tmp_path: Path) -> None:
    text = (
        "import os\nfrom hookyard import Plugin\nfor _ in range(4096): os.write(1, b'x' * 4096)\nplugin = Plugin('x')"
    )
    assert described(plugin(tmp_path, text)).name == "x"


def test_a_plugin_that_is_never_imported_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = plugin(tmp_path, "print('so far', flush=True)\nimport threading\nthreading.Event().wait()")
    monkeypatch.setattr("hookyard.host.foreign.worker.interview.PATIENCE", 0.5)
    with pytest.raises(PluginLoadError, match=r"it was not imported within 0\.5 s"):
        described(file)


def test_limits_are_set_before_the_plugin_is_imported(tmp_path: Path) -> None:
    text = (
        "import resource\nfrom hookyard import Plugin\n"
        "kinds = [resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU]\n"
        "plugin = Plugin('thing', version=str([resource.getrlimit(kind)[0] for kind in kinds]))"
    )
    limits = ProcessLimits(files=100, memory=Size(1 << 30), file_size=Size(1 << 20), cpu=Duration(60_000))
    found = described(plugin(tmp_path, text), limits=limits)
    assert found.version == f"[100, {1 << 30}, {1 << 20}, 60]"


# --- an interpreter of its own --------------------------------------------------------------------------------------


def test_two_plugins_may_need_two_versions_of_one_library(tmp_path: Path) -> None:
    text = (
        "import clash\nfrom msgspec import Struct\nfrom hookyard import Context, Plugin\n"
        "plugin = Plugin('thing', isolation='worker', version=clash.version)\n"
        "class In(Struct): ...\n"
        "@plugin.command\nasync def which(data: In, ctx: Context) -> str:\n    return clash.version\n"
    )
    file = plugin(tmp_path, text)
    for version in ("1", "2"):
        own = interpreter(tmp_path / version)
        (own / "clash.py").write_text(f"version = {version!r}\n", encoding="utf-8")
        found = described(file, python=f"{version}/bin/python")
        assert found.version == version
    with pytest.raises(PluginLoadError, match="No module named 'clash'"):
        described(file)


def test_its_commands_run_there(tmp_path: Path) -> None:
    interpreter(tmp_path / "own")
    answer = in_lab(lambda lab: lab.text("where"), python=str(tmp_path / "own" / "bin" / "python"))
    assert answer.startswith(str(PLUGINS))


@pytest.mark.parametrize("missing", ["hookyard", "msgspec"])
def test_an_interpreter_without_hookyard_is_named_with_the_remedy(tmp_path: Path, missing: str) -> None:
    interpreter(tmp_path / "own", paths=() if missing == "hookyard" else (SOURCE,))
    python = tmp_path / "own" / "bin" / "python"
    message = (
        f"the interpreter {python} cannot import {missing}; a plugin's own interpreter needs Hookyard: "
        f"install it there, {python} -m pip install hookyard"
    )
    with pytest.raises(PluginLoadError, match=f"^{re.escape(message)}$"):
        described(PLUGINS / "rough.py", python=str(python))


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = plugin(tmp_path, "")
    message = f"there is no interpreter {tmp_path}/own/bin/python (`python: own/bin/python`) that can be executed"
    with pytest.raises(PluginLoadError, match=re.escape(message)):
        described(file, python="own/bin/python")


def test_a_program_that_is_no_interpreter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginLoadError, match="its process ended with exit status 1 before it was ready"):
        described(plugin(tmp_path, ""), python="/bin/false")


def test_a_worker_starts_with_little() -> None:
    code = (
        "import sys, hookyard.worker.start; print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"litestar", "apsw", "uvicorn", "httpx", "structlog", "typer", "yaml", "uvloop"})
