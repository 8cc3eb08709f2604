import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hookyard.config.model import PluginSettings, ProcessLimits
from hookyard.config.values import Duration, Size
from hookyard.context import JobInfo
from hookyard.context.messages import EmitNote, Note, StateNote
from hookyard.errors import (
    ArtifactError,
    AttemptTimedOut,
    CommandError,
    InvalidOutput,
    PluginFailed,
    RetryLater,
    SecretUnavailable,
)
from hookyard.facilities.redact import Redactor
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.exec import describe
from hookyard.host.registry import Command
from hookyard.model import StateEntry
from hookyard.runners.exec import ExecRunner
from hookyard.testing.port import FakePort
from hookyard.testing.run import FakeCall

Json = Any
OUTPUT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
QUICK = PluginSettings(grace=Duration(100))


def plugin(
    folder: Path,
    script: str,
    *,
    shebang: str = "#!/bin/bash",
    settings: PluginSettings = QUICK,
    output: Json = OUTPUT,
    config: object = None,
    **manifest: Json,
) -> Command:
    """The command `lab/go` of an executable; `script` is what it does when it is called."""
    file = folder / "lab"
    file.write_text(f"{shebang}\n{script}\n", "utf-8")
    file.chmod(0o755)
    command = {"name": "go", "output": output, "scratch": manifest.pop("scratch", False)}
    document = {"name": "lab", "api": 1, "commands": [command], **manifest}
    beside = folder / "lab.plugin.yaml"
    beside.write_text(json.dumps(document), "utf-8")
    candidate = Candidate("lab", origin="lab", kind="exec", file=file, folder=folder, manifest=beside)
    described = describe(candidate, settings, folder)
    (spec,) = described.commands.values()
    return Command(
        spec=spec, config=config, lane="lab/go", lane_limit=1, timeout=1, max_attempts=4, launch=described.launch
    )


def python(folder: Path, script: str, **more: Json) -> Command:
    return plugin(folder, f"import json, os, sys, time\n{script}", shebang=f"#!{sys.executable} -SEI", **more)


class In(msgspec.Struct):
    name: str = "Ada"


def attempt(
    command: Command, *, timeout: int = 20_000, port: FakePort | None = None, args: bytes = b'{"name":"Ada"}'
) -> Json:
    info = JobInfo(
        id="job-1",
        plugin="lab",
        command="go",
        attempt=2,
        max_attempts=4,
        deadline=1_700_000_000_123,
        principal="token:ci",
        request_id="r-1",
        tags=("a",),
    )
    call = FakeCall(command, In(), info, timeout, args=args, host=port or FakePort())
    return json.loads(asyncio.run(ExecRunner().run(call)))


def says(*lines: str, then: str = "") -> str:
    """A script that prints these lines."""
    printed = "".join(f"{line}\n" for line in lines)
    return f"cat <<'END'\n{printed}END\n{then}"


OK = '{"kind":"result","output":{"text":"done"}}'


# --- a call -------------------------------------------------------------------------------------------------------


def test_a_call_gets_all_that_the_protocol_says(tmp_path: Path) -> None:
    script = 'got = json.load(sys.stdin)\nprint(json.dumps({"kind": "result", "output": [sys.argv[1:], got]}))'
    port = FakePort(secrets={"token": "s3cret"})
    port.state["cursor"] = StateEntry(key="cursor", value=b'{"n":1}', version=3)
    command = python(tmp_path, script, output={}, secrets=["token"], state=True, config={"type": "object"})
    command = Command(
        spec=command.spec, config={"url": "x"}, lane="l", lane_limit=1, timeout=1, max_attempts=4, launch=command.launch
    )
    assert attempt(command, port=port, args=b'{"name":"Ada","more":1.0}') == [
        ["call", "go"],
        {
            "protocol": 1,
            "plugin": "lab",
            "command": "go",
            "job": {
                "id": "job-1",
                "attempt": 2,
                "max_attempts": 4,
                "deadline": "2023-11-14T22:13:20.123Z",
                "principal": "token:ci",
                "source": None,
                "request_id": "r-1",
                "tags": ["a"],
                "parent": None,
            },
            "input": {"name": "Ada", "more": 1.0},
            "config": {"url": "x"},
            "secrets": {"token": "s3cret"},
            "state": {"cursor": {"n": 1}},
        },
    ]


def test_state_is_given_only_to_who_asks_for_it_and_never_too_much(tmp_path: Path) -> None:
    port = FakePort()
    for number in range(450):  # more than one page
        port.state[f"k{number:03}"] = StateEntry(key=f"k{number:03}", value=b"1", version=1)
    script = 'print(json.dumps({"kind": "result", "output": len(json.load(sys.stdin)["state"])}))'
    assert attempt(python(tmp_path, script, output={}), port=port) == 0
    assert attempt(python(tmp_path, script, output={}, state=True), port=port) == 450
    port.state["big"] = StateEntry(key="big", value=b'"' + b"x" * (64 << 20) + b'"', version=1)
    with pytest.raises(PluginFailed, match=r"more state than the 64 MiB .* such as 'big' of 67108866 bytes") as caught:
        attempt(python(tmp_path, script, output={}, state=True), port=port)
    assert (caught.value.code, caught.value.retryable) == ("state_too_large", False)


def test_a_state_that_no_later_call_could_be_given_is_not_kept(tmp_path: Path) -> None:
    port = FakePort()
    port.state["old"] = StateEntry(key="old", value=b'"' + b"x" * 600_000 + b'"', version=1)
    value = '{"kind":"state","key":"%s","value":"' + "y" * 600_000 + '"}'
    with pytest.raises(PluginFailed, match="would keep 1200010 bytes of state") as caught:
        attempt(plugin(tmp_path, says(value % "new", OK), state=True), port=port)
    assert (caught.value.code, caught.value.retryable) == ("not_kept", False)
    assert attempt(plugin(tmp_path, says(value % "new", '{"kind":"state","key":"old"}', OK), state=True), port=port)
    assert attempt(plugin(tmp_path, says(value % "old", OK), state=True), port=port)


def test_jobs_that_together_kept_too_much_do_not_lock_their_plugin_out(tmp_path: Path) -> None:
    port = FakePort()
    for key in ("a", "b"):
        port.state[key] = StateEntry(key=key, value=b'"' + b"x" * 600_000 + b'"', version=1)
    assert attempt(plugin(tmp_path, says(OK), state=True), port=port)
    assert attempt(plugin(tmp_path, says('{"kind":"state","key":"a"}', OK), state=True), port=port)
    with pytest.raises(PluginFailed, match="would keep 1200008 bytes"):
        attempt(plugin(tmp_path, says('{"kind":"state","key":"c","value":1}', OK), state=True), port=port)


def test_an_error_without_a_message_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="it failed, and not why") as caught:
        attempt(plugin(tmp_path, says('{"kind":"error","message":" ","code":"c"}')))
    assert caught.value.code == "c"


def test_a_secret_that_is_not_there_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(SecretUnavailable, match="token"):
        attempt(plugin(tmp_path, f"touch {tmp_path}/started", secrets=["token"]))
    assert not (tmp_path / "started").exists()


def test_lines_act_while_the_process_runs(tmp_path: Path) -> None:
    class Watching(FakePort):
        def tell(self, note: Note) -> None:
            super().tell(note)
            if len(self.progress) == 1:
                (tmp_path / "go").touch()  # it ends only because this was told before its end

    port = Watching()
    wait = f"until [ -e {tmp_path}/go ]; do sleep 0.01; done\n"
    script = says(
        '{"kind":"log","message":"begun","values":{"n":1}}', '{"kind":"progress","done":1,"total":2,"message":"half"}'
    )
    answer = attempt(
        plugin(
            tmp_path,
            script
            + wait
            + says(
                '{"kind":"log","level":"warning","message":"slow"}',
                '{"kind":"event","type":"page.made","payload":{"n":1},"dedupe_key":"k"}',
                '{"kind":"state","key":"cursor","value":{"at":5}}',
                "",
                '{"kind":"state","key":"old"}',
                '{"kind":"state","key":"none","value":null}',
                OK,
            ),
        ),
        port=port,
    )
    assert answer == {"text": "done"}
    assert [(line.level, line.event, line.values) for line in port.lines] == [
        ("info", "begun", {"n": 1}),
        ("warning", "slow", {}),
    ]
    assert [(one.done, one.total, one.message) for one in port.progress] == [(1, 2, "half")]
    assert port.events == [EmitNote("page.made", b'{"n":1}', "k")]
    assert port.state_changes == [
        StateNote("cursor", b'{"at":5}'),
        StateNote("old", None),
        StateNote("none", b"null"),
    ]


def test_artifacts_come_as_text_as_base64_and_as_files(tmp_path: Path) -> None:
    port = FakePort()
    script = "mkdir -p out; head -c 700000 /dev/zero > out/zeros\n" + says(
        '{"kind":"artifact","name":"report","media_type":"text/markdown","text":"# é"}',
        '{"kind":"artifact","name":"blob","base64":"AAEC"}',
        '{"kind":"artifact","name":"zeros","path":"out/zeros"}',
        OK,
    )
    attempt(plugin(tmp_path, script, scratch=True), port=port)
    assert port.artifacts["report"].data.decode() == "# é"
    assert port.artifacts["report"].media_type == "text/markdown"
    assert port.artifacts["blob"].data == b"\0\1\2"
    assert port.artifacts["zeros"].data == bytes(700_000)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../etc/passwd", "leads out of the working directory"),
        ("/etc/passwd", "leads out of the working directory"),
        ("link", "leads out of the working directory"),
        ("gone", "No such file"),
        ("pipe", "is no file"),
        (".", "is no file"),
    ],
)
def test_an_artifact_s_file_is_one_below_the_working_directory(tmp_path: Path, path: str, reason: str) -> None:
    line = json.dumps({"kind": "artifact", "name": "a", "path": path})
    port = FakePort()
    script = says(line, then="exec sleep 60")  # it is ended at once
    with pytest.raises(ArtifactError, match=f"line 1 of its output: artifact 'a': .*{reason}"):
        attempt(plugin(tmp_path, f"ln -s /etc/passwd link; mkfifo pipe; {script}", scratch=True), port=port)
    assert port.artifacts == {}


def test_calls_work_in_the_plugin_s_folder_or_in_one_of_their_own(tmp_path: Path) -> None:
    script = 'print(json.dumps({"kind": "result", "output": [os.getcwd(), os.listdir()]}))'
    where, _ = attempt(python(tmp_path, script, output={}))
    assert where == str(tmp_path)
    where, files = attempt(python(tmp_path, script, output={}, scratch=True))
    assert (Path(where).exists(), files) == (False, [])


def test_stderr_is_lines_of_the_job_s_log(tmp_path: Path) -> None:
    port = FakePort()
    script = f"echo one >&2; printf two >&2; head -c 300000 /dev/zero | tr '\\0' x >&2; echo '{OK}'"
    attempt(plugin(tmp_path, script), port=port)
    assert [(line.level, line.event) for line in port.lines[:2]] == [("info", "stderr")] * 2
    assert port.lines[0].values == {"line": "one"}
    assert max(len(str(line.values.get("line", ""))) for line in port.lines) <= 4096 + len("... (300000 characters)")
    assert port.lines[-1].event == "stderr is cut: the plugin wrote more than is kept"


def test_a_last_line_without_an_end_counts(tmp_path: Path) -> None:
    assert attempt(plugin(tmp_path, f"printf '%s' '{OK}'")) == {"text": "done"}


def test_it_sees_none_of_the_server_s_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_SECRET", "s3cret")
    script = 'print(json.dumps({"kind": "result", "output": dict(os.environ)}))'
    seen = attempt(python(tmp_path, script, output={}, settings=PluginSettings(env={"ONE": "1"})))
    assert "HOOKYARD_SECRET" not in seen
    assert seen["ONE"] == "1"


def test_its_limits_hold(tmp_path: Path) -> None:
    settings = PluginSettings(limits=ProcessLimits(memory=Size(512 << 20), files=50))
    script = 'echo "{\\"kind\\":\\"result\\",\\"output\\":\\"$(ulimit -n) $(ulimit -v)\\"}"'
    assert attempt(plugin(tmp_path, script, output={}, settings=settings)) == "50 524288"


# --- every other end ----------------------------------------------------------------------------------------------

ENDS: list[tuple[str, str, str, bool]] = [
    ("true", "it ended without a result or an error, after 0 lines", "no_result", False),
    (says('{"kind":"progress","done":1}'), "without a result or an error, after 1 lines", "no_result", False),
    (says(OK, OK), "line 2 of its output comes after the result", "protocol_error", False),
    (says(OK, '{"kind":"progress","done":1}'), "line 2 of its output comes after the result", "protocol_error", False),
    (
        says('{"kind":"error","message":"no"}', OK),
        "line 2 of its output comes after the error",
        "protocol_error",
        False,
    ),
    ("echo hello", "line 1 of its output is not JSON .*'hello'", "protocol_error", False),
    (says("", "[]"), "line 2 of its output is none of the protocol: expected `object`", "protocol_error", False),
    (says('{"kind":"shout"}'), "line 1 .* none of the protocol: invalid value 'shout'", "protocol_error", False),
    (says('{"kind":"progress"}'), "line 1 .* missing required field `done`", "protocol_error", False),
    (says('{"kind":"progress","done":1,"of":2}'), "line 1 .* unknown field `of`", "protocol_error", False),
    (says('{"kind":"state","key":"a\\nb"}', OK), "line 1 .* more than is kept: a state's key", "not_kept", False),
    (says('{"kind":"event","type":"job.done"}', OK), "line 1 .* more than is kept: .* reserved", "not_kept", False),
    (says('{"kind":"event","type":"endpoint.disabled"}', OK), "line 1 .* one of Hookyard's own", "not_kept", False),
    (says(*['{"kind":"event","type":"a.b"}'] * 1001, OK), "line 1001 .* may emit 1000 events", "not_kept", False),
    (says('{"kind":"artifact","name":"a"}'), "exactly one of text, base64 and path", "protocol_error", False),
    (r"printf '\xff\n'", "line 1 of its output is not JSON", "protocol_error", False),
    ("head -c 9000000 /dev/zero | tr '\\0' x", "line 1 of its output is longer than 8 MiB", "protocol_error", False),
    (
        'while :; do printf \'{"kind":"log","message":"%01000000d"}\\n\' 1; done',
        "it printed more than 64 MiB",
        "too_much_output",
        False,
    ),
    (f"printf '%s' '{OK[:20]}'", "line 1 of its output ends in the middle", "protocol_error", False),
    (f"printf '%s' '{OK[:20]}'; exit 4", "it exited with 4", "exited", True),
    (f"printf '%s' '{OK[:20]}'; kill -9 $$", "SIGKILL ended it in the middle of line 1", "killed", True),
    (says(OK, then="exit 3"), "it exited with 3 after its result in line 1", "exited", True),
    (says(OK, then="kill -SEGV $$"), "SIGSEGV ended it", "killed", True),
    ("echo gone wrong >&2; exit 1", "it exited with 1; stderr: gone wrong", "exited", True),
    ("exit 75", "it exited with 75: not now", "temporary", True),
    ("exit 78", "it exited with 78: its configuration is wrong", "configuration", False),
]


@pytest.mark.parametrize(("script", "problem", "code", "retryable"), ENDS)
def test_each_bad_end_has_one_outcome_that_names_the_place(
    tmp_path: Path, script: str, problem: str, code: str, retryable: bool
) -> None:
    with pytest.raises(PluginFailed, match=f"lab/go: .*{problem}") as caught:
        attempt(plugin(tmp_path, script))
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


def test_an_event_that_is_not_what_the_manifest_declares_ends_it_and_others_are_taken(tmp_path: Path) -> None:
    declared = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    right = '{"kind":"event","type":"order.placed","payload":{"n":7}}'
    other = '{"kind":"event","type":"order.seen","payload":"as it likes"}'
    port = FakePort()
    attempt(plugin(tmp_path, says(right, other, OK), events={"order.placed": declared}), port=port)
    assert [(each.type, each.payload) for each in port.events] == [
        ("order.placed", b'{"n":7}'),
        ("order.seen", b'"as it likes"'),
    ]
    for payload, why in (('{"n":"x"}', "Expected `int`, got `str` at $.n"), ("null", "Expected `object`, got `null`")):
        wrong = f'{{"kind":"event","type":"order.placed","payload":{payload}}}'
        port = FakePort()
        with pytest.raises(PluginFailed) as caught:
            attempt(plugin(tmp_path, says(right, wrong, OK), events={"order.placed": declared}), port=port)
        said = "lab/go: line 2 of its output is refused: the data of the event 'order.placed' is not what the plugin"
        assert str(caught.value).startswith(said)
        assert why in str(caught.value)
        assert (caught.value.code, caught.value.retryable) == ("context_error", False)
        assert len(port.events) == 1


def test_a_line_after_a_bad_one_does_nothing(tmp_path: Path) -> None:
    port = FakePort()
    script = says("what", '{"kind":"progress","done":1}', then="sleep 0.3; " + says('{"kind":"progress","done":2}'))
    with pytest.raises(PluginFailed, match="line 1"):
        attempt(plugin(tmp_path, f"trap '' TERM\n{script}"), port=port)
    assert port.progress == []


def test_what_is_gone_or_not_executable_when_it_is_called_says_so(tmp_path: Path) -> None:
    command = plugin(tmp_path, "true")
    (tmp_path / "lab").chmod(0o644)
    with pytest.raises(PluginFailed, match="it cannot be executed: Permission denied") as caught:
        attempt(command)
    assert caught.value.code == "cannot_execute"
    (tmp_path / "lab").unlink()
    with pytest.raises(PluginFailed, match="it cannot be executed: No such file or directory"):
        attempt(command)


@pytest.mark.parametrize(
    ("line", "end", "expected"),
    [
        ('{"kind":"error","message":"no such page","code":"gone","retryable":false,"details":{"n":1}}', 0, False),
        ('{"kind":"error","message":"no such page","code":"gone","details":{"n":1}}', 1, True),
        ('{"kind":"error","message":"no such page","code":"gone","details":{"n":1}}', 78, False),
        ('{"kind":"error","message":"no such page","code":"gone","retryable":false,"details":{"n":1}}', 75, True),
    ],
)
def test_an_error_of_the_plugin_s_own_is_shown_as_it_is(tmp_path: Path, line: str, end: int, expected: bool) -> None:
    with pytest.raises(CommandError, match="no such page") as caught:
        attempt(plugin(tmp_path, says(line, then=f"exit {end}")))
    assert (caught.value.code, caught.value.retryable, caught.value.details) == ("gone", expected, {"n": 1})


def test_an_error_may_ask_for_another_time(tmp_path: Path) -> None:
    with pytest.raises(RetryLater, match="busy") as caught:
        attempt(plugin(tmp_path, says('{"kind":"error","message":"busy","retry_after":2.5}')))
    assert caught.value.after == 2.5


def test_a_result_of_another_type_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidOutput, match=r"lab/go answered .* expected `str`, got `int` at \$\.text"):
        attempt(plugin(tmp_path, says('{"kind":"result","output":{"text":1}}')))


def test_an_answer_after_the_deadline_is_none(tmp_path: Path) -> None:
    script = f"trap \"echo '{OK.replace(chr(34), chr(92) + chr(34))}'; exit 0\" TERM; while :; do sleep 0.01; done"
    with pytest.raises(AttemptTimedOut, match=r"longer than 0\.3 s"):
        attempt(plugin(tmp_path, script), timeout=300)


def test_what_it_prints_after_its_time_is_up_is_not_read(tmp_path: Path) -> None:
    port = FakePort()
    line = '{\\"kind\\":\\"progress\\",\\"done\\":1}'
    script = f'trap "echo \\"{line}\\"; echo no JSON; exit 0" TERM; while :; do sleep 0.01; done'
    with pytest.raises(AttemptTimedOut):
        attempt(plugin(tmp_path, script), timeout=300, port=port)
    assert port.progress == []


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(AttemptTimedOut):
        attempt(plugin(tmp_path, "trap '' TERM; while :; do sleep 0.01; done"), timeout=200)
    assert time.monotonic() - began < 30


def test_children_that_it_leaves_do_not_hold_the_job_up(tmp_path: Path) -> None:
    began = time.monotonic()
    assert attempt(plugin(tmp_path, f"sleep 60 & {says(OK)}")) == {"text": "done"}
    assert time.monotonic() - began < 30


def test_a_cancelled_job_is_over_when_its_process_is(tmp_path: Path) -> None:
    async def scene() -> int:
        told = asyncio.Event()

        class Watching(FakePort):
            def tell(self, note: Note) -> None:
                super().tell(note)
                told.set()

        port = Watching()
        script = 'echo "{\\"kind\\":\\"progress\\",\\"done\\":$$}"; exec sleep 60'
        info = JobInfo(id="job-1", plugin="lab", command="go")
        call = FakeCall(plugin(tmp_path, script), In(), info, 30_000, host=port)
        task = asyncio.get_running_loop().create_task(ExecRunner().run(call))
        await told.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int(port.progress[0].done)

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(scene()), signal.SIG_DFL)


def test_a_program_that_knows_nothing_of_the_protocol_is_told_so(tmp_path: Path) -> None:
    script = "exec /bin/cat"  # what it is asked comes back
    with pytest.raises(PluginFailed, match=r"line 1 .* missing required field `kind`|line 1 .* none of the protocol"):
        attempt(plugin(tmp_path, script))


def test_a_bad_call_is_nothing_to_the_one_beside_it(tmp_path: Path) -> None:
    scripts: list[Callable[[Path], Command]] = [
        lambda folder: plugin(folder, "head -c 1073741824 /dev/zero"),
        lambda folder: plugin(folder, "kill -9 $$"),
        lambda folder: plugin(folder, f"sleep 0.2; echo '{OK}'"),
    ]

    async def scene() -> list[bytes | BaseException]:
        calls: list[FakeCall] = []
        for number, make in enumerate(scripts):
            folder = tmp_path / str(number)
            folder.mkdir()
            calls.append(FakeCall(make(folder), In(), JobInfo(id="j", plugin="lab", command="go"), 20_000))
        return await asyncio.gather(*(ExecRunner().run(call) for call in calls), return_exceptions=True)

    first, second, third = asyncio.run(scene())
    assert isinstance(first, PluginFailed)
    assert isinstance(second, PluginFailed)
    assert third == b'{"text":"done"}'


def test_half_a_character_becomes_u_fffd_and_whole_ones_stay(tmp_path: Path) -> None:
    port = FakePort()
    line = r'{"kind": "log", "message": "a\ud800b \ud83d\ude00 \\ud800 \udc00"}'
    attempt(plugin(tmp_path, f"echo '{line}'; echo '{OK}'"), port=port)
    assert port.lines[0].event == "a\ufffdb \U0001f600 \\ud800 \ufffd"


def test_where_it_cuts_what_it_quotes_no_part_of_a_secret_shows(tmp_path: Path) -> None:
    secret = "s3cr3t-of-theirs-which-is-long"
    redactor = Redactor([secret])
    port = FakePort()
    script = f"printf '%04086d{secret} more\\n' 0 >&2; printf '%070d{secret} and more\\n' 0"
    with pytest.raises(PluginFailed) as raised:
        attempt(plugin(tmp_path, script), port=port)
    told = redactor.text(str(raised.value))
    lines = [redactor.value(line.values) for line in port.lines]
    for part in (secret[:6], secret[-6:]):
        assert part not in told
        assert part not in str(lines)


def test_the_last_of_stderr_in_a_message_begins_with_no_part_of_a_secret(tmp_path: Path) -> None:
    secret = "s3cr3t-of-theirs-which-is-long"
    script = f"printf '{secret}%0290d\\n' 0 >&2; exit 3"
    with pytest.raises(PluginFailed) as raised:
        attempt(plugin(tmp_path, script), port=FakePort())
    told = Redactor([secret]).text(str(raised.value))
    assert "is-long" not in told
    assert "characters) ...***" in told
