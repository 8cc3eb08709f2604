"""The plugins of the collection beside this file, each run as it is by the real runner."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from tests.unit.runners.ductile_lab import COLLECTION, JOB, bench, changes, collected, events, plugin_of

from hookyard.config.model import PluginSettings
from hookyard.errors import AttemptTimedOut, CommandError, PluginFailed
from hookyard.host.foreign.ductile import DuctileResult
from hookyard.runners.ductile import DuctileRunner


def end(pids: Path) -> bool:
    """Wait until all of these processes are gone, or only to be reaped by whoever inherited them."""
    until = monotonic() + 30
    while not all(map(gone, pids.read_text("ascii").split())):
        if monotonic() > until:
            return False
        sleep(0.01)
    return True


def gone(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def test_every_plugin_of_the_collection_is_described() -> None:
    names = {folder.name: plugin_of(folder).name for folder in COLLECTION.iterdir()}
    assert len(names) >= 10
    assert all(folder == name for folder, name in names.items())


def test_a_bash_plugin_that_prefers_jq_is_polled() -> None:
    echo = collected("echo", "poll", config={"message": 'a "good" day'})
    assert echo.run() == DuctileResult("echoed", 1)
    assert events(echo.port) == [("echo.poll", {"message": 'a "good" day', "result": "echoed"}, None)]
    assert echo.kept == {"last_message": 'a "good" day'}
    assert ("info", "poll") in echo.lines


def test_the_same_plugin_without_jq_falls_back_to_python() -> None:
    echo = collected("echo", "poll", config={"message": "hi"}, env={"NO_JQ": "1"})
    assert echo.run() == DuctileResult("echoed", 1)
    assert events(echo.port) == [("echo.poll", {"message": "hi", "result": "echoed"}, None)]


def test_a_result_that_an_event_has_already_stays_as_it_is() -> None:
    echo = collected("echo", "handle")
    assert echo.run({"message": "x"}).result == "api.trigger: x"
    assert events(echo.port) == [("echo.handled", {"message": "x", "result": "mine"}, "one")]


def test_health_succeeds_and_writes_no_state() -> None:
    echo = collected("echo", "health")
    assert echo.run() == DuctileResult("healthy", 0)
    assert changes(echo.port) == {}
    assert ("warning", "state_updates are dropped") in echo.lines


def test_a_command_with_an_upper_case_name_gets_its_payload() -> None:
    assert collected("greet", "Greet").run({"name": "Ada", "times": 2}).result == "Hello, Ada! Hello, Ada!"
    assert collected("greet", "greet-loudly").run({"name": "Ada", "times": None}).result == "HELLO, ADA!"


def test_an_error_that_says_retry_false_is_not_tried_again() -> None:
    greet = collected("greet", "Greet")
    with pytest.raises(CommandError, match="no name in the payload") as caught:
        greet.run()
    assert not caught.value.retryable
    assert ("error", "no name in the payload") in greet.lines


def test_a_snapshot_replaces_the_state(tmp_path: Path) -> None:
    watch = collected("folder_watch", "poll", config={"root": str(tmp_path)})
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("22")
    assert watch.run() == DuctileResult("2 changes", 2)
    assert [(kind, key) for kind, _, key in events(watch.port)] == [
        ("file_created", "folder_watch:a"),
        ("file_created", "folder_watch:b"),
    ]
    assert watch.kept == {"a": {"size": 1}, "b": {"size": 2}}
    (tmp_path / "a").unlink()
    assert watch.run().result == "1 changes"
    assert changes(watch.port) == {"a": None}
    assert watch.kept == {"b": {"size": 2}}


def test_a_whole_state_sent_back_changes_only_what_is_new() -> None:
    counter = collected("counter", "poll")
    assert [counter.run().result for _ in range(3)] == ["run 1", "run 2", "run 3"]
    assert changes(counter.port) == {"runs": 3}
    assert counter.kept == {"runs": 3, "seen": ["first"]}


def told(result: DuctileResult) -> Any:  # noqa: ANN401  JSON that a plugin made
    return json.loads(result.result)


def test_a_trigger_of_handle_is_wrapped_and_a_result_may_be_json() -> None:
    notify = collected("notify", "handle", config={"webhook_url": "http://127.0.0.1:1/x"})
    seen = told(notify.run({"message": "hi"}))
    assert seen["to"] == "http://127.0.0.1:1/x"
    assert seen["event"] == {"type": "api.trigger", "payload": {"message": "hi"}}
    assert seen["payload"] == {"message": "hi"}


def test_a_webhook_without_a_type_is_the_payload_of_an_event() -> None:
    notify = collected("notify", "handle", config={"webhook_url": "x"})
    event = told(notify.run({"message": "hi", "more": 1}, source="github"))["event"]
    assert event["payload"] == {"message": "hi", "more": 1}
    assert (event["source"], event["event_id"]) == ("github", JOB)


def test_a_webhook_that_is_an_event_is_handed_over_as_it_is() -> None:
    notify = collected("notify", "handle", config={"webhook_url": "x"})
    sent = {"type": "note.made", "payload": {"message": "hi"}, "dedupe_key": "k", "event_id": "7", "source": "s"}
    assert told(notify.run(sent, source="github"))["event"] == sent


@pytest.mark.parametrize(("payload", "again"), [({}, False), ({"message": "later"}, True)])
def test_a_plugin_says_whether_its_error_is_worth_another_attempt(payload: object, *, again: bool) -> None:
    with pytest.raises(CommandError) as caught:
        collected("notify", "handle", config={"webhook_url": "x"}).run(payload)
    assert caught.value.retryable is again


def test_an_interpreter_that_is_not_installed_is_named_from_stderr() -> None:
    missing = collected("no_interpreter", "poll")
    with pytest.raises(
        PluginFailed, match=r"no output on stdout \(exit code 127\); stderr: .*bun-that-is-not"
    ) as caught:
        missing.run()
    assert (caught.value.code, caught.value.retryable) == ("no_output", True)
    assert any("bun-that-is-not-here" in str(line) for line in missing.stderr)


def test_a_plugin_that_does_not_read_stdin_is_fine() -> None:
    assert collected("uptime", "poll").run({"much": "x" * (1 << 20)}) == DuctileResult("up", 0)


def test_a_valid_answer_counts_whatever_the_exit_code() -> None:
    backup = collected("backup", "poll")
    assert backup.run() == DuctileResult("backup ok", 0)
    assert backup.stderr == ["rest-server: 3 files"]


@pytest.mark.parametrize(("command", "said"), [("init", "^no credentials$"), ("verify", "no output .*exit code 78")])
def test_exit_78_is_never_tried_again(command: str, said: str) -> None:
    with pytest.raises((CommandError, PluginFailed), match=said) as caught:
        collected("backup", command).run()
    assert isinstance(caught.value, CommandError | PluginFailed)
    assert caught.value.retryable is False


def test_eleven_mebibytes_on_stdout_fail_and_nine_do_not() -> None:
    with pytest.raises(PluginFailed, match="wrote more than 10 MiB to stdout"):
        collected("flood", "poll").run()
    flood = collected("flood", "handle")
    assert len(flood.run().result) == 9 << 20
    assert ("warning", "stderr is cut") in flood.lines


def test_a_plugin_that_will_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stubborn = collected("stubborn", "poll", env={"PIDS": str(pids)})
    with pytest.raises(AttemptTimedOut):
        stubborn.run(timeout=3000)
    assert end(pids)


def test_a_child_that_is_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stubborn = collected("stubborn", "handle", env={"PIDS": str(pids)})
    assert stubborn.run().result == "left a child behind"
    assert end(pids)


def test_a_cancelled_job_ends_the_plugin_and_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    call = collected("stubborn", "poll", env={"PIDS": str(pids)}).call()

    async def main() -> None:
        task = asyncio.create_task(DuctileRunner().run(call))
        async with asyncio.timeout(20):
            while not (pids.exists() and pids.read_text().endswith("\n")):  # noqa: ASYNC110  the file is another process's
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert end(pids)


def test_a_plugin_sees_a_short_environment_and_exactly_this_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("HOOKYARD_SECRET", "no")
    show = collected("surroundings", "show", env={"ADDED": "yes"}, config={"depth": 3, "who": {"name": "é"}})
    show.run()  # an interpreter's own start may write its caches
    seen = told(show.run({"b": 1, "a": "two\nlines"}))
    allowed = {"PATH", "HOME", "TZ", "LANG", "TMPDIR", "ADDED"}
    # What a shell that stands before the interpreter adds for itself is not ours.
    own = {"PWD", "SHLVL", "_", "OLDPWD"} | {name for name in seen["env"] if "PYENV" in name}
    assert {name for name in seen["env"] if not name.startswith("LC_")} - own <= allowed
    assert (seen["env"]["ADDED"], seen["env"]["LC_TIME"]) == ("yes", "C")
    assert seen["argv"] == []
    assert seen["group"]
    assert seen["cwd"] == str(COLLECTION / "surroundings")
    assert seen["request"].endswith("}\n")
    assert seen["request"].count("\n") == 1
    assert json.loads(seen["request"]) == {
        "protocol": 2,
        "job_id": JOB,
        "command": "show",
        "config": {"depth": 3, "who": {"name": "é"}},
        "state": {},
        "payload": {"b": 1, "a": "two\nlines"},
        "deadline_at": "2027-01-15T08:00:00.000Z",
    }


def test_nothing_is_sent_for_an_empty_payload() -> None:
    seen = json.loads(told(collected("surroundings", "show").run())["request"])
    assert set(seen) == {"protocol", "job_id", "command", "config", "state", "deadline_at"}


def test_two_names_of_one_plugin_differ_in_all_but_the_program() -> None:
    folder = COLLECTION / "echo"
    first = plugin_of(folder, PluginSettings(env={"A": "1"}))
    second = plugin_of(folder, PluginSettings(env={"A": "2"}), "echo-two")
    assert (first.name, second.name) == ("echo", "echo-two")
    assert second.commands["poll"].key == "echo-two/poll"
    assert (first.lane, second.lane) == ("echo", "echo-two")
    assert bench(second, "poll", {"message": "two"}).run().result == "echoed"


def test_a_command_without_a_launch_says_so() -> None:
    call = collected("uptime", "poll").call()
    call = replace(call, command=replace(call.command, launch=None))
    with pytest.raises(TypeError, match="uptime/poll has no launch"):
        asyncio.run(DuctileRunner().run(call))
