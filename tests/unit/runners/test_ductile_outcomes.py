"""Every row of the protocol's table of outcomes, run by the real runner."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.runners.ductile_lab import (
    COLLECTION,
    MANIFEST,
    Bench,
    DuctileCall,
    bench,
    changes,
    events,
    plugin_of,
    small,
    warnings,
)

from hookyard.config.model import PluginSettings
from hookyard.config.values import Secret
from hookyard.errors import AttemptTimedOut, CommandError, PluginFailed
from hookyard.host.foreign.ductile import DuctileResult
from hookyard.model import StateEntry
from hookyard.runners.ductile import DuctileRunner
from hookyard.testing.port import FakePort

OK = '{"status":"ok","result":"fine","events":[{"type":"x.y","payload":{"a":1}}],"state_updates":{"k":[1,2]}}'


@pytest.mark.parametrize("code", [0, 1, 3, 78, 127])
def test_a_valid_answer_succeeds_whatever_the_exit_code(tmp_path: Path, code: int) -> None:
    plugin = small(tmp_path, f"cat >/dev/null; echo '{OK}'; exit {code}")
    assert plugin.run() == DuctileResult("fine", 1)
    assert events(plugin.port) == [("x.y", {"a": 1, "result": "fine"}, None)]
    assert changes(plugin.port) == {"k": [1, 2]}


@pytest.mark.parametrize(
    ("retry", "code", "again"),
    [
        ("", 0, True),
        ("", 1, True),
        (',"retry":true', 0, True),
        (',"retry":null', 0, True),
        (',"retry":false', 0, False),
        ("", 78, False),
        (',"retry":true', 78, False),
    ],
)
def test_an_error_is_tried_again_unless_the_plugin_or_its_exit_code_says_no(
    tmp_path: Path, retry: str, code: int, *, again: bool
) -> None:
    answer = f'{{"status":"error","error":"no luck","events":[{{"type":"x"}}],"state_updates":{{"k":1}}{retry}}}'
    plugin = small(tmp_path, f"cat >/dev/null; echo '{answer}'; exit {code}")
    with pytest.raises(CommandError, match=r"^no luck$") as caught:
        plugin.run()
    assert caught.value.retryable is again
    assert (events(plugin.port), changes(plugin.port)) == ([], {})


@pytest.mark.parametrize(
    ("script", "message", "code"),
    [
        ("true", r"plugin produced no output on stdout$", "no_output"),
        ("echo; echo ' '", r"plugin produced no output on stdout$", "no_output"),
        ("exit 3", r"no output on stdout \(exit code 3\)$", "no_output"),
        ("kill -9 $$", r"no output on stdout \(signal 9\)$", "no_output"),
        ("echo oh no >&2; exit 1", r"no output on stdout \(exit code 1\); stderr: oh no$", "no_output"),
        ("printf '{\"status\":'; kill -9 $$", r"stdout is not one JSON object: .* \(signal 9\)$", "protocol_error"),
        ("echo nonsense", "stdout is not one JSON object: ", "protocol_error"),
        ('echo \'{"status":"ok"\'', "stdout is not one JSON object: ", "protocol_error"),
        (f"echo '{OK}'; echo Done.", "stdout is not one JSON object: .*trailing", "protocol_error"),
        (f"echo '{OK}'; echo '{OK}'", "stdout is not one JSON object: .*trailing", "protocol_error"),
        (f"echo 'Starting'; echo '{OK}'", "stdout is not one JSON object: ", "protocol_error"),
        ("echo '[]'", "the answer is of the wrong type: expected `object`, got `array`", "protocol_error"),
        ("echo '{}'", "the answer has no status", "protocol_error"),
        ('echo \'{"status":""}\'', "the answer has no status", "protocol_error"),
        (
            'echo \'{"status":"done","result":"x"}\'',
            "the status is 'done', and must be 'ok' or 'error'",
            "protocol_error",
        ),
        ("echo '{\"status\":7}'", "status in the answer is of the wrong type", "protocol_error"),
        ('echo \'{"status":"ok"}\'', "the status is 'ok', and the result is missing or blank", "protocol_error"),
        ('echo \'{"status":"ok","result":"  "}\'', "the result is missing or blank", "protocol_error"),
        ('echo \'{"status":"ok","result":{"a":1}}\'', "result in the answer is of the wrong type", "protocol_error"),
        ('echo \'{"status":"error"}\'', "the status is 'error', and the error is missing or blank", "protocol_error"),
        ('echo \'{"status":"ok","result":"x","events":{}}\'', "events in the answer is of the wrong", "protocol_error"),
        ('echo \'{"status":"ok","result":"x","state_updates":[1]}\'', "state_updates in the answer", "protocol_error"),
    ],
)
def test_what_is_no_answer_is_a_retryable_failure_that_says_why(
    tmp_path: Path, script: str, message: str, code: str
) -> None:
    with pytest.raises(PluginFailed, match=message) as caught:
        small(tmp_path, script).run()
    assert (caught.value.code, caught.value.retryable) == (code, True)
    assert str(caught.value).startswith("small/poll: ")


@pytest.mark.parametrize("script", ["exit 78", "echo nonsense; exit 78"])
def test_exit_78_without_an_answer_is_not_tried_again(tmp_path: Path, script: str) -> None:
    with pytest.raises(PluginFailed) as caught:
        small(tmp_path, script).run()
    assert caught.value.retryable is False


def test_more_than_ten_mebibytes_fail_at_once_and_say_so(tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match="wrote more than 10 MiB to stdout") as caught:
        small(tmp_path, "exec cat /dev/zero").run()
    assert (caught.value.code, caught.value.retryable) == ("too_much_output", True)


def test_stderr_over_64_kibibytes_is_cut_and_no_failure(tmp_path: Path) -> None:
    plugin = small(tmp_path, f"yes complaint | head -c 200000 >&2; echo '{OK}'")
    assert plugin.run().result == "fine"
    assert [line.event for line in warnings(plugin.port)] == ["stderr is cut"]
    assert len(plugin.stderr) == 500


def test_what_cannot_be_executed_says_the_systems_reason(tmp_path: Path) -> None:
    plugin = small(tmp_path, "")
    (tmp_path / "small" / "run.sh").write_text("#!/no/such/interpreter\n")
    with pytest.raises(PluginFailed, match=r"executed: No such file .* \(/no/such/interpreter, which") as caught:
        plugin.run()
    assert (caught.value.code, caught.value.retryable) == ("cannot_execute", True)


def test_what_has_gone_since_it_was_loaded_says_so(tmp_path: Path) -> None:
    plugin = small(tmp_path, "")
    (tmp_path / "small" / "run.sh").chmod(0o644)
    with pytest.raises(PluginFailed, match="cannot be executed: Permission denied: "):
        plugin.run()


def test_a_plugin_past_its_timeout_is_timed_out(tmp_path: Path) -> None:
    call = small(tmp_path, "exec sleep 300").call(timeout=300)
    with pytest.raises(AttemptTimedOut, match=r"small/poll took longer than 0.3 s"):
        asyncio.run(DuctileRunner().run(call))
    assert call.cancel.is_set()


def test_an_answer_that_was_complete_before_the_signal_counts(tmp_path: Path) -> None:
    plugin = small(tmp_path, f"echo '{OK}'; exec sleep 300")
    assert plugin.run(timeout=2000) == DuctileResult("fine", 1)


def test_an_error_that_was_complete_before_the_signal_counts_too(tmp_path: Path) -> None:
    plugin = small(tmp_path, 'echo \'{"status":"error","error":"half way"}\'; exec sleep 300')
    with pytest.raises(CommandError, match="half way"):
        plugin.run(timeout=2000)


def test_an_answer_after_the_signal_does_not_count(tmp_path: Path) -> None:
    late = f"trap 'echo too late >&2; echo \"$ANSWER\"; exit 0' TERM\nANSWER='{OK}'\nsleep 300 &\nwait"
    plugin = small(tmp_path, late, grace=5000)
    with pytest.raises(AttemptTimedOut):
        plugin.run(timeout=2000)
    assert plugin.stderr == ["too late"]
    assert (events(plugin.port), changes(plugin.port)) == ([], {})


def test_half_an_answer_before_the_signal_and_half_after_it_is_none(tmp_path: Path) -> None:
    half, rest = OK[:40], OK[40:]
    script = f"trap 'printf %s \"$REST\"; exit 0' TERM\nREST='{rest}'\nprintf %s '{half}'\nsleep 300 &\nwait"
    with pytest.raises(AttemptTimedOut):
        small(tmp_path, script, grace=5000).run(timeout=2000)


def test_a_plugin_that_does_not_read_a_large_request_is_fine(tmp_path: Path) -> None:
    assert small(tmp_path, f"exec 0<&-; echo '{OK}'").run({"much": "x" * (2 << 20)}).result == "fine"


@pytest.mark.parametrize("command", ["health", "init"])
def test_health_and_init_write_no_state(tmp_path: Path, command: str) -> None:
    plugin = small(tmp_path, f"echo '{OK}'", command=command)
    plugin.run()
    assert changes(plugin.port) == {}
    assert [line.values["why"] for line in warnings(plugin.port)] == [f"{command} must not write state"]


@pytest.mark.parametrize("updates", ["{}", "null"])
def test_no_updates_leave_a_mirrored_state_as_it_is(tmp_path: Path, updates: str) -> None:
    rule = (
        "fact_outputs: [{when: {command: poll}, from: state_updates, fact_type: t, compatibility_view: mirror_object}]"
    )
    plugin = small(tmp_path, f"echo '{OK}'", manifest=rule)
    plugin.run()
    answer = f'{{"status":"ok","result":"x","state_updates":{updates}}}'
    (tmp_path / "small" / "run.sh").write_text(f"#!/bin/bash\necho '{answer}'\n")
    plugin.run()
    assert plugin.kept == {"k": [1, 2]}


def test_updates_merge_by_their_top_level_keys_only(tmp_path: Path) -> None:
    plugin = small(tmp_path, """echo '{"status":"ok","result":"x","state_updates":{"a":{"x":1},"b":1,"n":null}}'""")
    plugin.run()
    (tmp_path / "small" / "run.sh").write_text(
        """#!/bin/bash\necho '{"status":"ok","result":"x","state_updates":{"a":{"y":2}}}'\n"""
    )
    plugin.run()
    assert plugin.kept == {"a": {"y": 2}, "b": 1, "n": None}


def test_more_than_a_page_of_state_reaches_the_plugin(tmp_path: Path) -> None:
    updates = ",".join(f'"k{number:04}":{number}' for number in range(450))
    plugin = small(tmp_path, f'echo \'{{"status":"ok","result":"x","state_updates":{{{updates}}}}}\'')
    plugin.run()
    (tmp_path / "small" / "run.sh").write_text(
        "#!/bin/bash\nread -r line\n"
        """printf '{"status":"ok","result":"%s"}' "$(grep -o '"k[0-9]*":' <<<"$line" | wc -l)"\n"""
    )
    assert plugin.run().result == "450"


def test_a_plugin_that_keeps_more_than_a_call_can_be_given_is_not_called(tmp_path: Path) -> None:
    plugin = small(tmp_path, f"touch {tmp_path}/called")
    plugin.state = {key: StateEntry(key=key, value=b'"' + b"x" * (33 << 20) + b'"', version=1) for key in ("a", "b")}
    with pytest.raises(PluginFailed, match="more state than the 64 MiB") as caught:
        plugin.run()
    assert (caught.value.code, caught.value.retryable) == ("state_too_large", False)
    assert not (tmp_path / "called").exists()


def test_a_log_line_has_the_level_that_the_plugin_gave_it(tmp_path: Path) -> None:
    logs = ",".join(
        f'{{"level":"{level}","message":"m"}}' for level in ("debug", "info", "warn", "WARNING", "error", "odd")
    )
    plugin = small(tmp_path, f'echo \'{{"status":"ok","result":"x","logs":[{logs},{{}}]}}\'')
    plugin.run()
    assert [level for level, _ in plugin.lines] == ["debug", "info", "warning", "warning", "error", "info", "info"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ('{"payload":{}}', "'' is no event type; that is 1 to 200 printable"),
        ('{"type":" "}', "' ' is no event type"),
        ('{"type":"a\\u0007b"}', "is no event type"),
        (f'{{"type":"{"x" * 201}"}}', "is no event type"),
        ('{"type":"job.done"}', "is reserved"),
        ('{"type":"endpoint.disabled"}', "'endpoint.disabled' is one of Hookyard's own"),
    ],
)
def test_an_event_that_cannot_be_published_is_dropped_with_a_warning(tmp_path: Path, event: str, why: str) -> None:
    plugin = small(
        tmp_path, f'cat <<\'X\'\n{{"status":"ok","result":"x","events":[{event},{{"type":"Any thing_1"}}]}}\nX'
    )
    assert plugin.run() == DuctileResult("x", 1)
    assert events(plugin.port) == [("Any thing_1", {"result": "x"}, None)]
    assert [why in str(line.values["why"]) for line in warnings(plugin.port)] == [True]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ('"events":[{"type":"big","payload":{"x":"\'"$BIG"\'"}}],"state_updates":{"k":1}', "may hold 1048576 bytes"),
        ('"events":[{"type":"small"}],"state_updates":{"k":"\'"$BIG"\'"}', "the state 'k' would have"),
        (f'"state_updates":{{"{"k" * 201}":1}}', "a state's key has 1 to 200 printable characters"),
        ('"state_updates":{"a":"\'"$HALF"\'","b":"\'"$HALF"\'"}', "it would keep 1200006 bytes of state"),
    ],
)
def test_more_than_is_kept_fails_whole_and_says_why(tmp_path: Path, answer: str, why: str) -> None:
    sizes = {"HALF": 600_000, "BIG": 1_100_000}
    made = "".join(f"{name}=$(head -c {size} /dev/zero | tr '\\0' x)\n" for name, size in sizes.items())
    script = f'{made}echo \'{{"status":"ok","result":"x",{answer}}}\''
    plugin = small(tmp_path, script)
    with pytest.raises(PluginFailed, match=why) as caught:
        plugin.run()
    assert (caught.value.code, caught.value.retryable) == ("not_kept", False)
    assert (events(plugin.port), changes(plugin.port)) == ([], {})


def test_an_event_that_is_not_what_is_declared_fails_it_whole_and_says_why(tmp_path: Path) -> None:
    whole = {"url": {"type": "string"}, "result": {"type": "string"}}
    declared = {"type": "object", "properties": whole, "required": ["url", "result"], "additionalProperties": False}
    settings = PluginSettings(events={"ready": declared})
    small(tmp_path, 'echo \'{"status":"ok","result":"x","events":[\'"$EVENTS"\']}\'')

    def told(*payloads: str) -> Bench:
        listed = ",".join(f'{{"type":"ready","payload":{each}}}' for each in payloads)
        plugin = plugin_of(tmp_path / "small", replace(settings, env={"EVENTS": listed}))
        return bench(plugin, "poll")

    right = told('{"url":"a"}', '{"url":"b","result":"own"}')
    right.run()
    assert [payload for _, payload, _ in events(right.port)] == [
        {"url": "a", "result": "x"},
        {"url": "b", "result": "own"},
    ]
    wrong = told('{"url":"a"}', '{"url":5}')
    why = r"small/poll: the data of the event 'ready' is not what the plugin declares: .* got `int` at \$.url"
    with pytest.raises(PluginFailed, match=why) as caught:
        wrong.run()
    assert (caught.value.code, caught.value.retryable) == ("context_error", False)
    assert events(wrong.port) == []


def test_a_long_dedupe_key_is_shortened_to_one_that_is_as_good(tmp_path: Path) -> None:
    keys = [f"{'path/' * 60}{last}" for last in "aab"]
    listed = ",".join(f'{{"type":"x","dedupe_key":"{key}"}}' for key in keys)
    plugin = small(tmp_path, f'echo \'{{"status":"ok","result":"x","events":[{listed}]}}\'')
    plugin.run()
    first, second, third = (key or "" for _, _, key in events(plugin.port))
    assert first == second != third
    assert {len(first), len(third)} == {200}
    assert first.startswith("path/path/")


def test_unknown_members_and_bytes_that_are_no_text_are_lived_with(tmp_path: Path) -> None:
    script = 'printf \'{"status":"ok","result":"caf\\xe9 \\\\ud83d","ductile_stopwatch_subs":[{}],"more":1}\\n\\n\''
    assert small(tmp_path, script).run().result == "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"


def test_the_protocols_own_timeouts_attempts_and_waits() -> None:
    echo = plugin_of(COLLECTION / "echo").commands
    backup = plugin_of(COLLECTION / "backup").commands
    greet = plugin_of(COLLECTION / "greet").commands
    timeouts = {spec.name: spec.options.timeout for spec in (*greet.values(), *backup.values(), *echo.values())}
    assert timeouts == {
        "poll": 60, "handle": 120, "health": 10, "init": 30, "verify": 60, "Greet": 60, "greet-loudly": 60,
    }  # fmt: skip
    retry = echo["poll"].options.retry
    assert retry.attempts == 4
    assert [retry.delay(attempt, 0.0) for attempt in (1, 2, 3)] == [30, 60, 120]
    assert [retry.delay(attempt, 0.8) for attempt in (1, 2, 3)] == [36, 72, 144]


def test_its_secrets_are_members_of_its_configuration(tmp_path: Path) -> None:
    script = 'read -r request; printf \'{"status": "ok", "result": "%s"}\' "${request//\\"/}"'
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(MANIFEST.format(command="poll"), "utf-8")
    (folder / "run.sh").write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    (folder / "run.sh").chmod(0o755)
    settings = PluginSettings(config={"channel": "builds"}, secrets={"key": Secret("k3y")})
    described = plugin_of(folder, settings)
    assert described.secrets == ("key",)
    made = bench(described, "poll", {"channel": "builds"})
    call = made.call()
    port = FakePort(secrets={"key": "k3y"})
    call = DuctileCall(call.command, call.args, call.info, call.timeout, port)
    result = asyncio.run(DuctileRunner().run(call))
    assert b"config:{channel:builds,key:k3y}" in result


def test_a_name_that_is_both_configured_and_secret_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(MANIFEST.format(command="poll"), "utf-8")
    (folder / "run.sh").write_text("#!/bin/bash\n", "utf-8")
    (folder / "run.sh").chmod(0o755)
    described = plugin_of(folder, PluginSettings(config={"key": 1}, secrets={"key": Secret("k3y")}))
    assert [path for path, _ in described.problems] == ["plugins.small.secrets.key"]
