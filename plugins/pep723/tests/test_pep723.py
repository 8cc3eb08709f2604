"""Real scripts are run by a real uv, which gets their packages from a folder of this test."""

import asyncio
import os
import select
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hookyard_pep723 import Config, Ran, Run, plugin, run

from hookyard import CommandError
from hookyard.testing import FakeContext, FakePort, run_command

pytestmark = pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not here")


def script(body: str, dependencies: str = "[]", python: str = ">=3.11") -> str:
    head = f'# /// script\n# requires-python = "{python}"\n# dependencies = {dependencies}\n# ///\n'
    return f"{head}import json, os, sys\n{body}\n"


def package(folder: Path) -> str:
    """A package that nobody else has; its requirement."""
    wheel = folder / "hookyard_tiny-1.0-py3-none-any.whl"
    files = {
        "hookyard_tiny.py": "ANSWER = 42\n",
        "hookyard_tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hookyard-tiny\nVersion: 1.0\n",
        "hookyard_tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, "hookyard_tiny-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in (files | {"hookyard_tiny-1.0.dist-info/RECORD": record}).items():
            archive.writestr(name, content)
    return f'["hookyard-tiny @ {wheel.as_uri()}"]'


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache", numbered=True)


def configured(cache: Path, **options: Any) -> Config:  # noqa: ANN401  of any field
    base = {
        "cache_dir": str(cache / "uv"),
        "work_dir": str(cache / "work"),
        "offline": True,
        "defaults": {"python": sys.executable},
        "grace": 0.5,
    }
    return msgspec.convert(base | options, Config)


def one(cache: Path, source: str, **options: object) -> Config:
    return configured(cache, scripts={"it": {"source": source, "python": sys.executable, **options}})


def ran(config: Config, data: object = None, *, host: FakePort | None = None, name: str = "it") -> Ran:
    return run_command(plugin, run, Run(name, data), config=config, host=host, timeout=60)


def refused(config: Config, data: object = None, *, name: str = "it", host: FakePort | None = None) -> CommandError:
    with pytest.raises(CommandError) as caught:
        ran(config, data, name=name, host=host)
    return caught.value


ECHO = "json.dump({'got': json.load(sys.stdin)}, sys.stdout)"


def test_json_goes_in_and_json_comes_out(cache: Path) -> None:
    answer = ran(one(cache, script(ECHO)), {"a": [1, "ä", None]})
    assert (answer.script, answer.output) == ("it", {"got": {"a": [1, "ä", None]}})


def test_its_packages_are_there(cache: Path, tmp_path: Path) -> None:
    source = script("import hookyard_tiny\nprint(hookyard_tiny.ANSWER)", package(tmp_path))
    assert ran(one(cache, source)).output == 42


def test_every_script_of_the_folder_may_be_run(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "report.py").write_text(script(ECHO), encoding="utf-8")
    config = configured(cache, folder=str(tmp_path))
    assert ran(config, 1, name="report").output == {"got": 1}
    for name in ("other", "../report", "report.py", "/etc/passwd", ""):
        error = refused(config, name=name)
        assert (error.code, error.retryable) == ("unknown_script", False)
        assert f"script {name!r}: there is no such script" in error.message


def test_a_file_has_options_of_its_own(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "report.py").write_text(script("print(json.dumps(os.environ['WHO']))"), encoding="utf-8")
    own = {"file": "report.py", "python": sys.executable, "environment": {"WHO": "Ada"}}
    assert ran(configured(cache, folder=str(tmp_path), scripts={"it": own})).output == "Ada"


def test_it_sees_its_own_environment_only(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PASSWORD", "s3cret")
    config = msgspec.structs.replace(
        one(cache, script("print(json.dumps([dict(os.environ), os.getcwd()]))"), secret_environment={"KEY": "api"}),
        uv_environment={"UV_DEFAULT_INDEX": "https://ada:pw@index.example/simple"},
    )
    host = FakePort(secrets={"api": "the key"})
    found: Any = ran(config, host=host).output
    env, cwd = found
    assert env["KEY"] == "the key"
    assert not {"SERVER_PASSWORD", "UV_DEFAULT_INDEX"} & env.keys()
    assert cwd == env["HOME"] == env["TMPDIR"] != str(Path.home())
    assert not Path(cwd).exists()


def test_what_it_says_is_kept_with_the_job(cache: Path) -> None:
    host = FakePort()
    source = script("for n in range(4): print('line', n, file=sys.stderr)")
    assert ran(one(cache, source, max_log_lines=2), host=host).output is None
    assert [(line.event, line.values.get("line")) for line in host.lines] == [
        ("stderr", "line 0"), ("stderr", "line 1"), ("stderr.cut", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "retryable", "message"),
    [
        ("sys.exit(3)", "script_failed", True, "it ended with exit code 3"),
        ("sys.exit('no luck')", "script_failed", True, "it ended with exit code 1: no luck"),
        ("1 / 0", "script_failed", True, "ZeroDivisionError: division by zero"),
        ("sys.exit(75)", "temporary", True, "exit code 75"),
        ("sys.exit(65)", "invalid_input", False, "exit code 65"),
        ("sys.exit(78)", "configuration", False, "exit code 78"),
        ("print('{')", "invalid_output", False, "what it wrote is not JSON"),
        ("print(1); print(2)", "invalid_output", False, "what it wrote is not JSON"),
        ("print('x' * 2000)", "too_large", False, "it wrote more than 1000 bytes"),
        ("while True: print('x' * 2000)", "too_large", False, "it wrote more than 1000 bytes"),
    ],
)
def test_a_script_that_fails_is_said_with_its_name(
    cache: Path, body: str, code: str, retryable: bool, message: str
) -> None:
    error = refused(one(cache, script(body), max_output=1000))
    assert (error.code, error.retryable) == (code, retryable)
    assert error.message.startswith("pep723: script 'it': ")
    assert message in error.message


def test_dependencies_that_cannot_be_had_are_said(cache: Path) -> None:
    error = refused(one(cache, script("", '["hookyard-no-such-thing-at-all"]')))
    assert (error.code, error.retryable) == ("dependencies", False)
    assert "script 'it': uv cannot prepare it: No solution found" in error.message
    assert "hookyard-no-such-thing-at-all" in error.message


def test_a_requirement_that_is_none_is_said(cache: Path) -> None:
    error = refused(one(cache, script("", '["==="]')))
    assert (error.retryable, "uv cannot prepare it" in error.message) == (False, True)


def test_a_python_that_cannot_be_had_is_said(cache: Path) -> None:
    error = refused(configured(cache, scripts={"it": {"source": script("", python=">=3.99")}}))
    assert (error.code, error.retryable) == ("no_python", False)


def test_no_uv_is_said(cache: Path) -> None:
    error = refused(msgspec.structs.replace(one(cache, script("")), uv="/no/such/uv"))
    assert (error.code, error.retryable) == ("uv_missing", False)
    assert "'/no/such/uv' cannot be run: No such file or directory" in error.message


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("print(1)\n", "it has no `# /// script` block"),
        ("# /// script\n# dependencies = []\nprint(1)\n", "it has no `# /// script` block"),
        ("# /// script\n# dependencies = [\n# ///\n", "its metadata is wrong: Invalid value"),
        ("# /// script\n# dependencies = 3\n# ///\n", "Expected `array`, got `int`"),
        ("# /// script\n# requires-python = 3\n# ///\n", "requires-python"),
        ("# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n", "it has 2 `# /// script` blocks"),
    ],
)
def test_a_file_whose_metadata_is_wrong_is_not_run(cache: Path, tmp_path: Path, source: str, why: str) -> None:
    (tmp_path / "it.py").write_text(source, encoding="utf-8")
    error = refused(configured(cache, folder=str(tmp_path), uv="/no/such/uv"))
    assert (error.code, error.retryable, why in error.message) == ("bad_metadata", False, True)


def test_a_file_that_anyone_can_change_is_not_run(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text(script(""), encoding="utf-8")
    (tmp_path / "it.py").chmod(0o666)
    assert refused(configured(cache, folder=str(tmp_path))).code == "unsafe_script"


def test_its_lock_is_honoured(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "it.py"
    source = script("import hookyard_tiny\nprint(hookyard_tiny.ANSWER)", package(tmp_path))
    path.write_text(source, encoding="utf-8")
    own = {"file": "it.py", "python": sys.executable, "require_lock": True}
    config = configured(cache, folder=str(tmp_path), scripts={"it": own})
    error = refused(config)
    assert (error.code, error.retryable) == ("no_lock", False)
    command = ["uv", "lock", "--offline", "--no-config", "--python", sys.executable, "--script", str(path)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"UV_CACHE_DIR": str(cache / "uv")})
    assert ran(config).output == 42
    path.write_text(script("print(1)"), encoding="utf-8")
    error = refused(config)
    assert (error.code, error.retryable) == ("lock_outdated", False)


FORKS = "import subprocess\nchild = subprocess.Popen(['sleep', '100'])\n"


def test_a_script_that_takes_too_long_is_ended_with_its_children(cache: Path, tmp_path: Path) -> None:
    body = f"{FORKS}open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\nchild.wait()"
    error = refused(one(cache, script(body), timeout=6))
    assert (error.code, error.retryable) == ("timed_out", True)
    assert error.message == "pep723: script 'it': it took longer than 6 s"
    gone(int((tmp_path / "child").read_text(encoding="utf-8")))


def test_a_cancelled_job_ends_its_script_and_what_that_started(cache: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    body = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{FORKS}"
    body += f"with open({str(pipe)!r}, 'w') as file: file.write(str(child.pid))\nchild.wait(); signal.pause()"
    config = one(cache, script(body))

    async def cancelled() -> int:
        task = asyncio.ensure_future(run(Run("it"), FakeContext(config)))
        child = int(await written(pipe, task))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return child

    gone(asyncio.run(cancelled()))


async def written(pipe: Path, task: asyncio.Task[object]) -> bytes:
    """What comes through a pipe, before the task ends."""
    reader, come = os.open(pipe, os.O_RDWR | os.O_NONBLOCK), asyncio.Event()
    asyncio.get_running_loop().add_reader(reader, come.set)
    try:
        waiting = asyncio.ensure_future(come.wait())
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
        assert come.is_set(), task
        return os.read(reader, 100)
    finally:
        asyncio.get_running_loop().remove_reader(reader)
        os.close(reader)


def gone(child: int) -> None:
    try:
        watched = os.pidfd_open(child)
    except ProcessLookupError:
        return
    try:
        assert select.select([watched], [], [], 10)[0], "it still runs"
    finally:
        os.close(watched)
