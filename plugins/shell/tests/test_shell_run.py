"""Programs are run as they are configured, and callers decide no more than that."""

import asyncio
import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hookyard_shell import Config, Ran, Run, plugin, run

from hookyard import CommandError
from hookyard.testing import FakeContext, FakePort, run_command

Options = Mapping[str, object]


def script(code: str, *items: object, **options: object) -> Options:
    return {"argv": [sys.executable, "-I", "-c", code, *items], **options}


def configured(**programs: Options) -> Config:
    return msgspec.convert({"programs": programs}, Config)


def ran(program: Options, host: FakePort | None = None, /, **arguments: object) -> Ran:
    data = {"program": "it", "arguments": arguments}
    return run_command(plugin, run, data, config=configured(it=program), host=host, timeout=60)


def refused(program: Options, /, **arguments: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        ran(program, **arguments)
    return caught.value


SHOW = "import sys, json; print(json.dumps(sys.argv[1:]))"


def shown(items: list[object], declared: Options, /, **arguments: object) -> object:
    return ran(script(SHOW, *items, arguments=declared, output="json"), **arguments).output


def test_arguments_stand_where_the_template_has_them() -> None:
    declared: Options = {
        "text": {"type": "string"},
        "count": {"type": "integer", "default": 3},
        "share": {"type": "number"},
        "loud": {"type": "boolean", "optional": True},
        "plain": {"type": "boolean"},
        "level": {"type": "enum", "values": ["low", "high"]},
        "left_out": {"type": "string", "optional": True},
    }
    items: list[object] = [
        {"arg": "text"},
        {"arg": "count", "prefix": "--count="},
        {"arg": "share"},
        {"arg": "loud", "flag": "--loud"},
        {"arg": "plain"},
        {"arg": "level"},
        {"arg": "left_out", "prefix": "--left-out="},
    ]
    answer = shown(items, declared, text="$(id); a b 'c' *\n", share=1.5, loud=True, plain=False, level="high")
    assert answer == ["$(id); a b 'c' *\n", "--count=3", "1.5", "--loud", "false", "high"]


@pytest.mark.parametrize(
    ("declared", "value", "why"),
    [
        ({"type": "string"}, 1, "it must be text, and is a whole number"),
        ({"type": "string"}, "a\0b", "NUL"),
        ({"type": "string", "max_length": 3}, "four", "it has 4 characters"),
        ({"type": "string", "pattern": "[a-z]+"}, "abc\n", r"it does not match [a-z]+"),
        ({"type": "string"}, "-rf", "it begins with -"),
        ({"type": "string"}, None, "it is missing"),
        ({"type": "integer"}, "1", "it must be a whole number, and is text"),
        ({"type": "integer"}, True, "and is true or false"),
        ({"type": "integer"}, -5, "it begins with -"),
        ({"type": "integer", "minimum": 2}, 1, "at least 2"),
        ({"type": "number", "maximum": 2.5}, 3, "at most 2.5"),
        ({"type": "number"}, "1", "it must be a number"),
        ({"type": "boolean"}, 1, "it must be true or false"),
        ({"type": "enum", "values": ["a", "b"]}, "c", "one of a, b"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_program_and_argument(
    declared: Options, value: object, why: str
) -> None:
    error = refused(script(SHOW, {"arg": "x"}, arguments={"x": declared}), x=value)
    assert error.message.startswith("program 'it': argument 'x': ")
    assert why in error.message
    assert (error.code, error.retryable) == ("invalid_argument", False)
    assert error.details == {"program": "it", "argument": "x"}


def test_a_value_may_begin_with_a_dash_where_it_cannot_be_an_option() -> None:
    text = {"x": {"type": "string"}}
    assert shown(["--", {"arg": "x"}], text, x="-rf") == ["--", "-rf"]
    assert shown([{"arg": "x", "prefix": "--name="}], text, x="-rf") == ["--name=-rf"]
    assert shown([{"arg": "x"}], {"x": {"type": "string", "dash": True}}, x="-rf") == ["-rf"]


def test_an_unknown_argument_and_an_unknown_program_are_refused_by_name() -> None:
    error = refused(script(SHOW), other=1)
    assert error.message == "program 'it': argument 'other': the program takes no such argument; it takes: none"
    with pytest.raises(CommandError, match="no program 'rm' is configured; there are: it") as caught:
        run_command(plugin, run, Run("rm"), config=configured(it=script(SHOW)))
    assert (caught.value.code, caught.value.retryable) == ("unknown_program", False)


def test_a_list_is_no_value() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$.arguments\[...\]"):
        ran(script(SHOW), x=[1])


def test_standard_input_is_an_argument() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read().upper())"
    program = script(code, stdin="text", arguments={"text": {"type": "string", "max_length": 100_000}})
    assert ran(program, text="-é" * 50_000).output == "-É" * 50_000
    assert ran(script(code)).output == ""


@pytest.mark.parametrize(
    ("output", "answer"), [("text", "[1,\n2]\n"), ("lines", ["[1,", "2]"]), ("json", [1, 2]), ("log", None)]
)
def test_standard_output_is_what_the_configuration_says(output: str, answer: object) -> None:
    host = FakePort()
    found = ran(script("print('[1,\\n2]')", output=output), host)
    assert (found.program, found.exit_code, found.output) == ("it", 0, answer)
    assert [line.values["line"] for line in host.lines] == (["[1,", "2]"] if output == "log" else [])


def test_what_is_no_json_is_an_error() -> None:
    error = refused(script("print('{')", output="json"))
    assert error.code == "not_json"
    assert error.message.startswith("program 'it': its output is no JSON")


def test_standard_error_is_kept_with_the_job_and_moves_its_progress() -> None:
    host = FakePort()
    code = "import sys; sys.stderr.write('start\\r\\n1/4 files\\r2/4 files\\n' + 'x' * 9000 + '\\nend')"
    ran(script(code, progress=r"(?P<done>\d+)/(?P<total>\d+)", max_log_lines=2), host)
    assert [(note.done, note.total, note.message) for note in host.progress] == [
        (1, 4, "1/4 files"),
        (2, 4, "2/4 files"),
    ]
    assert [line.event for line in host.lines] == ["stderr", "stderr", "stderr.cut"]
    assert [line.values["line"] for line in host.lines[:2]] == ["start", "x" * 4000]


def test_the_environment_is_scrubbed_and_secrets_are_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the server")
    program = script(
        "import os, json; print(json.dumps([dict(os.environ), os.getcwd()]))",
        output="json",
        cwd="/usr",
        environment={"MODE": "a b"},
        secret_environment={"TOKEN": "deploy_token"},
    )
    host = FakePort(secrets={"deploy_token": "s3cret"})
    env, folder = msgspec.convert(ran(program, host).output, tuple[dict[str, str], str])
    assert folder == "/usr"
    assert (env["MODE"], env["TOKEN"]) == ("a b", "s3cret")
    allowed = {"PATH", "HOME", "TZ", "LANG", "TMPDIR", "MODE", "TOKEN"}
    assert {name for name in env if not name.startswith("LC_")} <= allowed


def test_an_exit_status_is_judged_as_configured() -> None:
    code = "import sys; print('oops', file=sys.stderr); sys.exit(3)"
    assert ran(script(code, exit_codes=[0, 3])).exit_code == 3
    error = refused(script(code))
    assert (error.message, error.code, error.retryable) == (
        "program 'it': it ended with exit status 3",
        "exit_status",
        False,
    )
    assert error.details == {"program": "it", "stderr": ["oops"], "exit_code": 3}
    assert refused(script(code, retry_exit_codes=[3])).retryable
    assert refused(script("raise SystemExit(75)")).retryable


def test_a_program_that_a_signal_ended_is_named_with_it() -> None:
    error = refused(script("import os; os.kill(os.getpid(), 9)"))
    assert (error.code, error.message) == ("killed_by_signal", "program 'it': it was ended by SIGKILL")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ({"argv": ["no-such-program-here"]}, "no executable 'no-such-program-here' in PATH"),
        ({"argv": ["/no/such/program"]}, "No such file"),
        ({"argv": ["/etc/passwd"]}, "Permission denied"),
        ({"argv": ["true"], "cwd": "/no/such/folder"}, "No such file"),
    ],
)
def test_a_program_that_cannot_be_started_is_an_error(program: Options, why: str) -> None:
    error = refused(program)
    assert (error.code, error.retryable) == ("cannot_start", False)
    assert why in error.message


def test_a_program_that_writes_without_end_is_ended() -> None:
    error = refused(script("while True: print('x' * 10000)", max_output=100_000))
    assert (error.code, error.message) == ("output_too_large", "program 'it': it wrote more than 100000 bytes")


FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    time.sleep(600)
open(sys.argv[1], "w").write(f"{os.getpid()} {child}")
os.rename(sys.argv[1], sys.argv[2])
if sys.argv[3] == "stay":
    time.sleep(600)
"""


def family(tmp_path: Path, stay: str, **options: object) -> Options:
    return script(FAMILY, str(tmp_path / "w"), str(tmp_path / "pids"), stay, **options)


def gone(tmp_path: Path) -> bool:
    """Whether both processes are dead, or about to be: one that was killed takes a moment."""

    def dead(pid: int) -> bool:
        try:
            ends = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            return bool(select.select([ends], [], [], 30)[0])
        finally:
            os.close(ends)

    pids = (tmp_path / "pids").read_text(encoding="utf-8").split()
    return len(pids) == 2 and all(dead(int(pid)) for pid in pids)


def test_at_its_timeout_the_whole_group_is_ended_even_when_it_ignores_sigterm(tmp_path: Path) -> None:
    error = refused(family(tmp_path, "stay", timeout=3, grace=0.1))
    assert (error.code, error.retryable) == ("program_timeout", False)
    assert gone(tmp_path)


def test_what_a_program_leaves_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    assert ran(family(tmp_path, "go")).exit_code == 0
    assert gone(tmp_path)


def test_a_cancelled_job_ends_its_program(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    code = FAMILY.replace('if sys.argv[3] == "stay"', 'open(sys.argv[4], "w").close()\nif True')
    program = script(code, str(tmp_path / "w"), str(tmp_path / "pids"), "stay", str(tmp_path / "started"), grace=0.1)

    async def story() -> None:
        job = asyncio.create_task(run(Run("it"), FakeContext(configured(it=program))))
        await asyncio.to_thread((tmp_path / "started").read_bytes)  # ends when the program has opened it
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(asyncio.wait_for(story(), 30))
    assert gone(tmp_path)
