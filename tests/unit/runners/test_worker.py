import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.unit.worker.lab import PLUGINS, Lab, Port, gone, in_lab, lab, lives

from hookyard import CommandError, RetryLater
from hookyard.config.model import ProcessLimits
from hookyard.config.values import Duration, Size
from hookyard.errors import AttemptTimedOut, CommandCrashed, InvalidOutput, PluginFailed
from hookyard.host.foreign.worker.failures import CommandRaised


async def stopped(task: "asyncio.Task[bytes]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def uncounted(lab: Lab, text: str) -> str:
    """Run `echo`, again where that costs no attempt, as a dispatcher does."""
    while True:
        try:
            return await lab.text("echo", text)
        except RetryLater as later:
            await asyncio.sleep(later.after)


# --- what works ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["echo", "echo_sync"])
def test_the_answer_comes_back_as_checked_json(name: str) -> None:
    assert in_lab(lambda lab: lab.run(name, "Ada"), config={"greeting": "Hej"}) == b'{"text":"Hej Ada"}'


def test_one_process_runs_many_commands_and_each_in_its_order() -> None:
    async def test(lab: Lab) -> None:
        answers = await asyncio.gather(*(lab.text("echo", str(number)) for number in range(300)))
        assert answers == [f"Hello {number}" for number in range(300)]
        assert len({await lab.text("who") for _ in range(5)}) == 1

    in_lab(test)


def test_the_process_has_its_own_folder_environment_group_and_session() -> None:
    where, names, own = in_lab(lambda lab: lab.text("where"), env={"EXTRA": "1"}).split("|")
    assert Path(where) == PLUGINS
    allowed = {"PATH", "HOME", "TZ", "LANG", "TMPDIR", "EXTRA", "LC_CTYPE"}
    assert "EXTRA" in names
    assert set(names.split(",")) <= allowed | {name for name in os.environ if name.startswith("LC_")}
    assert own == "True"


def test_an_input_of_several_megabytes_and_its_answer_pass() -> None:
    text = "ä" * 3_000_000
    assert in_lab(lambda lab: lab.text("echo", text)) == f"Hello {text}"


def test_a_prefix_of_standard_output_is_a_line_of_the_job_that_wrote_it() -> None:
    async def test(lab: Lab) -> list[Port]:
        ports = [Port() for _ in range(9)]
        names = ["echo", "prints", "echo"] * 3
        await asyncio.gather(*(lab.run(name, port=port) for name, port in zip(names, ports, strict=True)))
        return ports

    ports = in_lab(test)
    expected = {("stdout", "to stdout"), ("stderr", "to stderr"), ("stdout", "by descriptor"), ("stdout", "by a child")}
    for index, port in enumerate(ports):
        assert set(port.written) == (expected if index % 3 == 1 else set())


# --- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("command", CommandError, "No such thing."),
        ("later", RetryLater, "busy"),
        ("value", ValueError, "mine"),
        ("own", CommandRaised, "_OwnError: whose"),
        ("exit", CommandCrashed, "rough/raises raised .*SystemExit: 3"),
        ("itself", CommandCrashed, "CancelledError"),
        ("unmade", CommandRaised, "_UnmadeError: "),
        ("never", CommandRaised, "RetryLater: "),
    ],
)
def test_what_a_command_raises_is_raised_here(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        in_lab(lambda lab: lab.run("raises", text, 5))
    error = caught.value
    if isinstance(error, CommandError):
        assert (error.code, error.retryable, error.details) == ("gone", False, {"id": 5})
    if isinstance(error, RetryLater):
        assert error.after == 7
    if isinstance(error, ValueError | CommandCrashed) or text == "unmade":
        assert "rough.py" in "".join(error.__notes__)


def test_an_answer_of_the_wrong_type_is_invalid_output() -> None:
    with pytest.raises(InvalidOutput, match=r"rough/lies .* expected `str`, got `int` at \$.text"):
        in_lab(lambda lab: lab.run("lies"))


def test_an_answer_that_no_frame_can_hold_fails_its_own_job_only() -> None:
    async def test(lab: Lab) -> None:
        before = await lab.text("who")
        with pytest.raises(PluginFailed, match=r"^rough/huge: the answer cannot be sent: .* longer than"):
            await lab.run("huge", number=65 << 20)
        assert await lab.text("who") == before

    in_lab(test)


# --- dying --------------------------------------------------------------------------------------------------------

DEATHS = [
    ("exits", 3, "rough/exits: its worker process ended with exit status 3; it wrote last: the last words", "exited"),
    ("exits", 0, "rough/exits: its worker process ended with exit status 0", "exited"),
    ("killed", 0, "rough/killed: its worker process was ended by SIGKILL", "exited"),
    ("garbage", 0, "rough/garbage: its worker process broke the protocol: what came is no message", "protocol_error"),
    ("announces", 0, "rough/announces: .* a frame of 4294967295 bytes was announced", "protocol_error"),
    ("twice", 1, "rough/twice: .* it answered number 1, which is not what it runs", "protocol_error"),
    ("twice", 999, "rough/twice: .* it answered number 999, which is not what it runs", "protocol_error"),
    ("hangs_up", 0, "rough/hangs_up: its worker process closed its end of the channel", "exited"),
]


@pytest.mark.parametrize(("name", "number", "message", "code"), DEATHS)
def test_a_process_that_dies_or_breaks_the_protocol_costs_its_job_only(
    name: str, number: int, message: str, code: str
) -> None:
    async def test(lab: Lab) -> None:
        await lab.run("echo")  # number 1
        await lab.run("echo")
        bad = asyncio.create_task(lab.run(name, number=number))
        beside = [asyncio.create_task(uncounted(lab, str(index))) for index in range(20)]
        with pytest.raises(PluginFailed, match=message) as caught:
            await bad
        assert caught.value.code == code
        assert await asyncio.gather(*beside) == [f"Hello {index}" for index in range(20)]

    in_lab(test)


def test_a_command_that_answers_under_its_own_number_and_again_is_heard_once() -> None:
    async def test(lab: Lab) -> None:
        # Its own number is 1: the first answer counts, and the second ends the process.
        assert await lab.text("twice", number=1) == "mine"
        assert await lab.text("echo") == "Hello x"

    in_lab(test)


def test_half_a_message_that_is_not_finished_costs_its_job_and_not_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.runners.worker.process.UNFINISHED", 0.2)

    async def test(lab: Lab) -> None:
        await lab.run("echo")
        bad = asyncio.create_task(lab.run("half"))
        beside = [asyncio.create_task(uncounted(lab, str(index))) for index in range(20)]
        async with asyncio.timeout(30):
            with pytest.raises(PluginFailed, match=r"a message was begun, and did not go on for 0\.2 s") as caught:
                await bad
        assert caught.value.code == "protocol_error"
        assert await asyncio.gather(*beside) == [f"Hello {index}" for index in range(20)]

    in_lab(test)


def test_who_says_much_and_then_blocks_is_not_taken_for_half_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.runners.worker.process.UNFINISHED", 1.5)

    async def test(lab: Lab) -> int:
        port = Port()
        assert await lab.text("says_much_and_blocks", number=3000, port=port) == "said"
        return len(port.progress)

    assert in_lab(test) == 5_000


@pytest.mark.parametrize(("before", "name"), [("echo", "SIGXCPU"), ("deafen", "SIGKILL")])
def test_a_process_that_used_up_its_processor_time_says_so(before: str, name: str) -> None:
    async def test(lab: Lab) -> None:
        await lab.run(before)
        limit = rf"its worker process was ended by {name}: limits\.cpu \(1 s, for all the jobs of one process\)"
        with pytest.raises(PluginFailed, match=limit):
            await lab.run("computes")
        assert await lab.text("echo") == "Hello x"

    in_lab(test, limits=ProcessLimits(cpu=Duration(1000)))


def test_a_process_that_is_killed_for_another_reason_does_not_name_its_limit() -> None:
    async def test(lab: Lab) -> None:
        with pytest.raises(PluginFailed, match="SIGKILL") as caught:
            await lab.run("killed")
        assert "limits" not in str(caught.value)

    in_lab(test, limits=ProcessLimits(cpu=Duration(60_000)))


def test_a_command_for_which_there_is_no_memory_names_the_limit() -> None:
    async def test(lab: Lab) -> None:
        before = await lab.text("who")
        with pytest.raises(MemoryError, match=r"limits\.memory \(4294967296 bytes"):
            await lab.run("hoards", number=8 << 30)
        assert await lab.text("who") == before

    in_lab(test, limits=ProcessLimits(memory=Size(4 << 30)))


def test_children_that_a_command_leaves_are_ended_with_its_process() -> None:
    async def test() -> None:
        async with lab() as found:
            left = int(await found.text("forks"))
            assert lives(left)
        await gone(left)
        assert not lives(left)

    asyncio.run(test())


def test_the_group_ends_when_the_server_is_gone_even_while_a_command_blocks(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "sys.stdout, out = sys.stderr, sys.stdout\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from tests.unit.worker.lab import lab\n"
        "async def main():\n"
        "    async with lab() as found:\n"
        "        print(await found.text('who'), file=out, flush=True)\n"
        f"        await found.run('blocks', {str(tmp_path / 'gate')!r})\n"
        "asyncio.run(main())\n",
        encoding="utf-8",
    )

    async def test() -> None:
        server = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=asyncio.subprocess.PIPE)
        assert server.stdout is not None
        try:
            async with asyncio.timeout(30):
                pid = int(await server.stdout.readline())
                assert lives(pid)
                server.kill()
                await server.wait()
                await gone(pid)
            assert not lives(pid)
        finally:
            if server.returncode is None:
                server.kill()
                await server.wait()

    asyncio.run(test())


def test_a_log_line_that_nests_too_deeply_costs_only_itself() -> None:
    async def test(lab: Lab) -> Port:
        port = Port()
        assert await lab.text("deep", port=port) == "deep"
        return port

    assert ("stderr", "(a line of the log was dropped: its values nest too deeply)") in in_lab(test).written


# --- stopping -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["waits", "waits_sync"])
def test_a_command_that_stops_when_it_is_asked_keeps_its_process(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.runners.worker.ending.COOPERATE", 20)

    async def test(lab: Lab) -> None:
        before, port = await lab.text("who"), Port()
        task = asyncio.create_task(lab.run(name, port=port))
        await port.begun.wait()
        await stopped(task)
        assert await lab.text("who") == before
        with pytest.raises(AttemptTimedOut, match=f"rough/{name} took longer than 0.05 s"):
            await lab.run(name, timeout=50)
        assert await lab.text("who") == before

    in_lab(test)


@pytest.mark.parametrize("name", ["late", "late_sync"])
def test_an_answer_after_the_deadline_is_dropped_and_the_next_one_of_the_process_is_right(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hookyard.runners.worker.ending.COOPERATE", 20)

    async def test(lab: Lab) -> None:
        before = await lab.text("who")
        late = asyncio.create_task(lab.run(name, timeout=50))
        behind = [asyncio.create_task(lab.text("echo", str(index))) for index in range(5)]
        with pytest.raises(AttemptTimedOut, match=f"rough/{name} took longer than 0.05 s"):
            await late
        assert await asyncio.gather(*behind) == [f"Hello {index}" for index in range(5)]
        assert await lab.text("who") == before

    in_lab(test)


@pytest.mark.parametrize("first", ["echo", "deafen"])
def test_a_command_that_does_not_stop_is_ended_with_its_group(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.runners.worker.ending.COOPERATE", 0.05)

    async def test(lab: Lab) -> None:
        await lab.run(first)
        before = await lab.text("who")
        with pytest.raises(AttemptTimedOut, match="rough/deaf"):
            await lab.run("deaf", timeout=50)
        assert not lives(int(before))
        port = Port()
        task = asyncio.create_task(lab.run("deaf", port=port))
        await port.begun.wait()
        (pid,) = lab.pids
        await stopped(task)
        assert not lives(pid)

    in_lab(test)


def test_who_is_cancelled_twice_does_not_wait_for_the_grace() -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        task = asyncio.create_task(lab.run("deaf", port=port))
        await port.begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        await stopped(task)
        assert lab.pids == [] or not any(map(lives, lab.pids))

    in_lab(test, grace=3_600_000)


def test_a_command_that_waits_for_its_turn_can_be_cancelled_and_costs_nobody_else_anything() -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        first = asyncio.create_task(lab.run("waits", port=port))
        await port.begun.wait()
        second, third = asyncio.create_task(lab.run("echo")), asyncio.create_task(lab.text("echo", "c"))
        await asyncio.sleep(0)
        await stopped(second)
        assert not first.done()
        await stopped(first)
        assert await third == "Hello c"

    in_lab(test)


# --- sent ahead ---------------------------------------------------------------------------------------------------


def test_what_waits_behind_a_slow_command_is_run_by_another_process(tmp_path: Path) -> None:
    async def test(lab: Lab) -> None:
        gate = tmp_path / "gate"
        slow = asyncio.create_task(lab.text("blocks", str(gate)))
        answers = await asyncio.gather(*(lab.text("echo", str(index)) for index in range(20)))
        assert answers == [f"Hello {index}" for index in range(20)]
        assert not slow.done()
        gate.touch()
        assert await slow == "free"
        assert len(lab.pids) == 2

    in_lab(test, workers=2)


def test_what_comes_back_keeps_its_place() -> None:
    async def test(lab: Lab) -> list[int]:
        ended: list[int] = []

        async def nap(index: int) -> None:
            await lab.run("naps")
            ended.append(index)

        await asyncio.gather(*(lab.run("echo") for _ in range(300)))  # short ones, after which more are sent ahead
        await asyncio.gather(*map(nap, range(120)))
        return ended

    ended = in_lab(test, workers=3)
    places = {index: place for place, index in enumerate(ended)}
    # Each process may stand still for a while with the one that it runs; what it was sent ahead has come back by then.
    *kept, _, _, _ = sorted(places[index] for index in range(20))
    assert max(kept) < min(places[index] for index in range(100, 120))


def test_the_time_of_a_command_begins_when_it_begins(tmp_path: Path) -> None:
    async def test(lab: Lab) -> None:
        gate = tmp_path / "gate"
        slow = asyncio.create_task(lab.text("blocks", str(gate)))
        behind = asyncio.create_task(lab.text("echo", timeout=2000))
        done, _ = await asyncio.wait([behind], timeout=2.5)
        assert not done  # longer than its timeout, and it has not begun
        gate.touch()
        assert await slow == "free"
        assert await behind == "Hello x"

    in_lab(test)


def test_what_an_earlier_command_left_behind_ends_its_process_not_the_next_command() -> None:
    async def test(lab: Lab) -> None:
        before = await lab.text("who")
        await lab.run("leaves_a_blocker")
        assert await lab.text("who", timeout=1500) != before

    in_lab(test)


# --- output -------------------------------------------------------------------------------------------------------


def test_a_gigabyte_of_output_neither_blocks_nor_fills_memory() -> None:
    async def test(lab: Lab) -> Port:
        port = Port()
        assert await lab.text("floods", number=1024, port=port, timeout=60_000) == "flooded"
        assert await lab.text("echo") == "Hello x"
        return port

    port = in_lab(test)
    assert 400 < len(port.lines) < 600
    assert "more lines were dropped" in port.written[-1][1]
    dropped = int(port.written[-1][1].split()[0].strip("("))
    assert dropped + len(port.lines) - 1 >= (1 << 24) - 64


def test_a_line_without_end_is_cut() -> None:
    async def test(lab: Lab) -> list[tuple[str, str]]:
        port = Port()
        await lab.run("one_long_line", port=port)
        return port.written

    ((stream, line),) = in_lab(test)
    assert stream == "stderr"
    assert re.fullmatch(r"z{4096}\.\.\. \(\d+ characters\)", line)


# --- the life of processes ----------------------------------------------------------------------------------------


def test_a_process_is_replaced_after_so_many_commands_without_a_pause() -> None:
    async def test(lab: Lab) -> None:
        seen: set[str] = set()
        while len(seen) < 4:
            seen.add(await lab.text("who"))

    in_lab(test, recycle_jobs=5)


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (2, 25)])
def test_a_worn_process_gets_no_more_than_twice_its_share_while_its_successor_starts(workers: int, most: int) -> None:
    async def test(lab: Lab) -> Counter[str]:
        return Counter(await asyncio.gather(*(lab.text("who") for _ in range(most * 10))))

    ran = in_lab(test, workers=workers, recycle_jobs=most)
    assert max(ran.values()) <= 2 * most


def test_a_worn_process_goes_on_while_its_successor_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "rough.py"
    file.write_text((PLUGINS / "rough.py").read_text("utf-8"), "utf-8")

    async def test(lab: Lab) -> None:
        first = await lab.text("who")
        file.write_text("raise ValueError('worse than before')\n", "utf-8")
        assert {await lab.text("who") for _ in range(20)} == {first}

    in_lab(test, file, recycle_jobs=2)


def test_a_process_is_replaced_above_so_much_memory() -> None:
    async def test(lab: Lab) -> None:
        assert len({await lab.text("who") for _ in range(3)}) == 3

    in_lab(test, recycle_memory=1_000_000)


def test_a_plugin_that_does_not_import_says_why_and_puts_the_others_off(tmp_path: Path) -> None:
    file = tmp_path / "later.py"
    good = (PLUGINS / "rough.py").read_text("utf-8").replace('Plugin("rough"', 'Plugin("later"')
    file.write_text(good, encoding="utf-8")

    async def test(lab: Lab) -> None:
        file.write_text("import not_there\n", encoding="utf-8")
        ends = await asyncio.gather(*(lab.run("echo") for _ in range(3)), return_exceptions=True)
        assert isinstance(ends[0], PluginFailed)
        assert str(ends[0]).startswith("later/echo: its worker cannot start: ModuleNotFoundError: No module named")
        assert "later.py:1" in str(ends[0])
        assert ends[0].code == "start_failed"
        assert [type(end) for end in ends[1:]] == [RetryLater, RetryLater]
        file.write_text(good, encoding="utf-8")
        with pytest.raises(RetryLater, match="not_there") as caught:
            await lab.run("echo")
        assert 0 < caught.value.after <= 0.1
        assert await uncounted(lab, "x") == "Hello x"

    in_lab(test, file)


def test_a_launch_that_is_not_kept_ends_with_its_last_command() -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        task = asyncio.create_task(lab.run("waits", port=port))
        await port.begun.wait()
        (pid,) = lab.pids
        lab.runner.keep([lab.launch])
        assert lives(pid)
        lab.runner.keep([])
        await asyncio.sleep(0)
        assert lives(pid)
        await stopped(task)
        await gone(pid)
        assert list(lab.runner.pools) == []
        assert json.loads(await lab.run("echo")) == {"text": "Hello x"}

    in_lab(test)


def test_closing_ends_every_process() -> None:
    async def test() -> list[int]:
        async with lab(workers=2) as found:
            await asyncio.gather(*(found.run("echo") for _ in range(50)))
            return found.pids

    assert not any(map(lives, asyncio.run(test())))


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match=f"{tmp_path}/nowhere cannot be started: No such file"):
        in_lab(lambda lab: lab.run("echo"), python=str(tmp_path / "nowhere"))


def test_a_killed_process_gives_back_what_it_had_not_begun() -> None:
    async def test(lab: Lab) -> None:
        port = Port()
        first = asyncio.create_task(lab.run("waits", port=port))
        await port.begun.wait()
        behind = [asyncio.create_task(lab.text("echo", str(index))) for index in range(10)]
        await asyncio.sleep(0)
        (pid,) = lab.pids
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(PluginFailed, match="rough/waits: its worker process was ended by SIGKILL"):
            await first
        assert await asyncio.gather(*behind) == [f"Hello {index}" for index in range(10)]

    in_lab(test)
