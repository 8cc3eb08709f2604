"""The host of plugin authors' tests, used as they use it: by the fixture."""

import asyncio
import importlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import respx
from msgspec import Struct

from hookyard import (
    CallError,
    CommandError,
    Context,
    HookContext,
    JobFinished,
    Plugin,
    RetryLater,
    SyncContext,
)
from hookyard.config.model import PluginHttp
from hookyard.errors import AttemptTimedOut, InvalidOutput, PluginFailed, PluginLoadError, Refused
from hookyard.model import Retry
from hookyard.testing import Host, JobFailed


class Config(Struct):
    greeting: str = "Hello"


class Greet(Struct):
    name: str


class Greeting(Struct):
    text: str


class Count(Struct):
    times: int = 1


plugin = Plugin("polite", config=Config)
strict = Plugin("strict", secrets=("token",))
workers = Plugin("workers", isolation="worker")


@plugin.command
async def greet(data: Greet, ctx: Context[Config]) -> Greeting:
    ctx.log.info("greeting", name=data.name)
    ctx.progress(1, 2, "half")
    ctx.progress(2, 2)
    ctx.emit("polite.greeted", data)
    await ctx.state.update("count", int, lambda count: count + 1, 0)
    await ctx.artifacts.put("greeting.txt", "text/plain", data.name.encode())
    return Greeting(f"{ctx.config.greeting}, {data.name}!")


@plugin.command
def greet_sync(data: Greet, ctx: SyncContext[Config]) -> Greeting:
    return Greeting(f"{ctx.config.greeting}, {data.name}, from a thread!")


@plugin.command(retry=Retry(attempts=3, base=100.0, jitter=False))
async def refuse(data: Greet, ctx: Context) -> Greeting:
    ctx.log.warning("refusing", attempt=ctx.job.attempt)
    raise CommandError("Not today.", code="closed")


@plugin.command
async def later(data: Greet, ctx: Context) -> Greeting:
    if await ctx.state.get("asked", bool) is None:
        await ctx.state.put("asked", True)
        raise RetryLater(3600)
    return Greeting("now")


@plugin.command(retry=Retry(attempts=1))
async def crash(data: Greet, ctx: Context) -> Greeting:
    del data
    empty: dict[str, Greeting] = {}
    return empty["nothing"]


@plugin.command(retry=Retry(attempts=1))
async def lie(data: Greet, ctx: Context) -> Greeting:
    return Greeting(text=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  the lie


@plugin.command
async def parent(data: Greet, ctx: Context) -> Greeting:
    return await ctx.call("polite/later", data, type=Greeting)


@plugin.command(retry=Retry(attempts=1))
async def stuck(data: Count, ctx: Context) -> None:
    await asyncio.Event().wait()


@plugin.command
async def fetch(data: Greet, ctx: Context) -> str:
    return (await ctx.http.get(f"https://names.example/{data.name}")).text


@strict.command
async def whisper(data: Greet, ctx: Context) -> Greeting:
    return Greeting(f"the token has {len(await ctx.secrets.get('token'))} letters")


@strict.command
async def shout(data: Greet, ctx: Context) -> Greeting:
    return Greeting(await ctx.secrets.get("token"))


@workers.command
def where(data: Count, ctx: SyncContext) -> str:
    ctx.log.info("working")
    return threading.current_thread().name


@workers.command
def die(data: Count, ctx: SyncContext) -> str:
    os._exit(3)


def test_a_command_is_triggered_by_its_function_and_answers_with_its_type(hookyard: Host) -> None:
    assert hookyard.trigger(greet, Greet("Ada")) == Greeting("Hello, Ada!")
    assert hookyard.trigger(greet_sync, {"name": "Ada"}) == Greeting("Hello, Ada, from a thread!")
    assert hookyard.trigger("polite/greet", b'{"name": "Ada"}') == Greeting("Hello, Ada!")


def test_an_async_test_awaits_the_twin_of_each_method(hookyard: Host) -> None:
    async def test() -> None:
        assert await hookyard.atrigger(greet, Greet("Ada")) == Greeting("Hello, Ada!")
        assert (await hookyard.atrigger_job(greet, Greet("Ada"))).status == "succeeded"
        assert (await hookyard.awebhook("github", Greet("Ada"), run=greet)).status == 202
        assert (await hookyard.await_job(hookyard.submit(greet, Greet("Ada")))).status == "succeeded"

    asyncio.run(test())


def test_the_configuration_is_the_plugins_own_struct_or_a_mapping(hookyard: Host) -> None:
    hookyard.load(plugin, config=Config(greeting="Good day"))
    assert hookyard.trigger(greet, Greet("Ada")).text == "Good day, Ada!"
    hookyard.load(plugin, config={"greeting": "Servus"})
    assert hookyard.trigger(greet, Greet("Ada")).text == "Servus, Ada!"


def test_a_plugin_that_a_server_would_not_run_is_refused_with_the_reason(hookyard: Host) -> None:
    with pytest.raises(PluginLoadError, match=r"strict.*declares the secret 'token'"):
        hookyard.trigger(whisper, Greet("Ada"))
    with pytest.raises(PluginLoadError, match=r"unknown key; known are greeting"):
        hookyard.load(plugin, config={"greting": "Hi"})
    hookyard.load(strict, secrets={"token": "t0ken-of-tests"})
    assert hookyard.trigger(whisper, Greet("Ada")).text == "the token has 14 letters"


def test_a_secret_is_kept_out_of_sight_as_in_a_server(hookyard: Host) -> None:
    hookyard.load(strict, secrets={"token": "t0ken-of-tests"})
    job = hookyard.trigger_job(shout, Greet("Ada"))
    assert job.result is not None
    assert b"t0ken" not in job.result


def test_nothing_is_found_in_folders_or_among_what_is_installed(hookyard: Host, tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    hookyard.load(plugin)
    with pytest.raises(LookupError, match=r"no command 'hello/greet' is loaded.*polite/greet"):
        hookyard.trigger("hello/greet", {"name": "Ada"})


def test_an_input_of_another_type_is_refused_as_the_gateway_does(hookyard: Host) -> None:
    with pytest.raises(Refused, match="str") as caught:
        hookyard.trigger(greet, {"name": 3})
    assert caught.value.path == "$.payload.name"
    assert hookyard.jobs == ()


def test_an_answer_is_checked_although_it_is_of_the_right_class(hookyard: Host) -> None:
    with pytest.raises(InvalidOutput, match=r"\$\.text"):
        hookyard.trigger(lie, Greet("Ada"))


def test_a_failed_job_raises_what_its_command_raised_with_its_log(hookyard: Host) -> None:
    with pytest.raises(CommandError, match=r"Not today") as caught:
        hookyard.trigger(refuse, Greet("Ada"))
    assert caught.value.code == "closed"
    (note,) = caught.value.__notes__
    assert "polite/refuse is failed (attempts_exhausted) after 3 of 3 attempts" in note
    assert [line for line in note.splitlines() if "refusing" in line] == [
        f'  {attempt}  warning refusing {{"attempt":{attempt}}}' for attempt in (1, 2, 3)
    ]


def test_what_callers_are_not_shown_the_author_is(hookyard: Host) -> None:
    with pytest.raises(KeyError, match="nothing"):
        hookyard.trigger(crash, Greet("Ada"))
    (job,) = hookyard.jobs
    assert job.last_error is not None
    assert "nothing" not in job.last_error.message


def test_a_job_is_returned_whatever_became_of_it(hookyard: Host) -> None:
    job = hookyard.trigger_job(refuse, Greet("Ada"), attempts=1, tags=["a"], priority=7, principal="user:ada")
    assert (job.status, job.attempt, job.tags, job.priority, job.principal) == ("failed", 1, ("a",), 7, "user:ada")
    assert job.last_error is not None
    assert job.last_error.code == "closed"


def test_what_a_job_waits_for_by_the_clock_is_skipped(hookyard: Host) -> None:
    began, real = hookyard.clock.now(), time.monotonic()
    hookyard.trigger_job(refuse, Greet("Ada"))
    assert hookyard.clock.now() - began == 300_000  # 100 s and 200 s, without jitter
    assert hookyard.trigger(later, Greet("Ada")).text == "now"
    assert hookyard.clock.now() - began == 3_900_000
    hookyard.trigger(greet, Greet("Ada"), delay=60)
    assert hookyard.clock.now() - began == 3_960_000
    assert time.monotonic() - real < 60


def test_a_called_command_is_a_job_of_its_own_and_its_waits_are_skipped_too(hookyard: Host) -> None:
    assert hookyard.trigger(parent, Greet("Ada")).text == "now"
    first, second = hookyard.jobs
    assert (second.command, second.parent, second.principal) == ("later", first.id, "plugin:polite")


def test_the_clock_stands_still_until_a_test_moves_it(hookyard: Host) -> None:
    job_id = hookyard.submit(greet, Greet("Ada"), delay=60)
    assert [job.status for job in hookyard.jobs] == ["queued"]
    hookyard.clock.advance(60_000)
    assert hookyard.wait_job(job_id).status == "succeeded"
    job = hookyard.jobs[0]
    assert job.started_at == hookyard.clock.now()


def test_everything_that_happened_can_be_looked_at(hookyard: Host) -> None:
    hookyard.trigger(greet, Greet("Ada"))
    (job,) = hookyard.jobs
    assert json.loads(job.result or b"") == {"text": "Hello, Ada!"}
    assert [(event.type, json.loads(event.payload)) for event in hookyard.events] == [
        ("polite.greeted", {"name": "Ada"})
    ]
    assert [(said.done, said.total, said.message) for said in hookyard.progress] == [(1, 2, "half"), (2, 2, "")]
    assert [(line.event, json.loads(line.values)) for line in hookyard.lines] == [("greeting", {"name": "Ada"})]
    assert [delivery.event for delivery in hookyard.deliveries] == ["polite.greeted", "job.succeeded"]
    assert {delivery.status for delivery in hookyard.deliveries} == {"pending"}
    assert hookyard.artifacts["greeting.txt"].data == b"Ada"
    assert hookyard.state(plugin) == {"count": 1}


def test_state_can_be_there_before_the_command(hookyard: Host) -> None:
    hookyard.put_state(plugin, "count", 41)
    hookyard.trigger(greet, Greet("Ada"))
    assert hookyard.state("polite") == {"count": 42}


def test_a_job_is_of_the_tenant_that_is_named(hookyard: Host) -> None:
    assert hookyard.trigger_job(greet, Greet("Ada"), tenant="acme").tenant == "acme"
    assert hookyard.trigger_job(greet, Greet("Ada")).tenant == ""
    with pytest.raises(Refused, match="matching regex") as caught:
        hookyard.submit(greet, Greet("Ada"), tenant="two words")
    assert caught.value.path == "$.tenant"


def test_an_idempotency_key_stands_for_one_job(hookyard: Host) -> None:
    first = hookyard.submit(greet, Greet("Ada"), idempotency_key="k")
    assert hookyard.submit(greet, Greet("Ada"), idempotency_key="k") == first
    with pytest.raises(Refused) as caught:
        hookyard.submit(greet, Greet("Bob"), idempotency_key="k")
    assert caught.value.code == "idempotency_mismatch"


def test_a_job_that_takes_too_long_is_timed_out(hookyard: Host) -> None:
    with pytest.raises(AttemptTimedOut):
        hookyard.trigger(stuck, Count(), timeout=0.05)


def test_a_job_can_be_cancelled(hookyard: Host) -> None:
    job_id = hookyard.submit(stuck, Count())
    hookyard.cancel(job_id)
    assert hookyard.wait_job(job_id).status == "cancelled"


def test_a_job_that_does_not_end_fails_its_test_instead_of_hanging_it(hookyard: Host) -> None:
    hookyard.patience = 0.1
    with pytest.raises(JobFailed, match=r"polite/stuck is running.*\n.*logged nothing"):
        hookyard.trigger(stuck, Count())


def test_a_call_goes_to_nobody_unless_it_is_mocked(hookyard: Host) -> None:
    with pytest.raises(httpx.ConnectError, match="a test reaches nobody"):
        hookyard.trigger(fetch, Greet("ada"), attempts=1)
    with respx.mock:
        respx.get("https://names.example/ada").respond(text="Ada Lovelace")
        assert hookyard.trigger(fetch, Greet("ada")) == "Ada Lovelace"


def test_a_call_goes_where_the_test_lets_it_go_and_no_further(hookyard: Host) -> None:
    hookyard.load(plugin, http=PluginHttp(allow_hosts=("elsewhere.example",)))
    with pytest.raises(Exception, match=r"names\.example"):
        hookyard.trigger(fetch, Greet("ada"), attempts=1)
    (job,) = hookyard.jobs
    assert job.last_error is not None
    assert job.last_error.code == "egress_denied"


def test_a_worker_command_runs_in_a_process_of_its_own(hookyard: Host) -> None:
    assert hookyard.trigger(where, Count()) != threading.current_thread().name
    assert [line.event for line in hookyard.lines] == ["working"]


def test_a_job_that_somebody_cancels_fails_its_test_and_says_so(hookyard: Host) -> None:
    def cancel() -> None:
        while not (running := [job.id for job in hookyard.jobs if job.status == "running"]):
            pass
        hookyard.cancel(running[0])

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        with pytest.raises(JobFailed, match=r"polite/stuck is cancelled \(cancelled_by_user\)"):
            hookyard.trigger(stuck, Count())
    finally:
        thread.join()


def test_the_worker_of_a_package_imports_it_by_its_name(
    hookyard: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lab_of_workers"
    package.mkdir()
    (package / "__init__.py").write_text("from lab_of_workers.commands import plugin\n")
    (package / "commands.py").write_text(
        "from msgspec import Struct\n"
        "from hookyard import Plugin, SyncContext\n"
        "plugin = Plugin('lab', isolation='worker')\n"
        "class In(Struct):\n    x: int\n"
        "@plugin.command\n"
        "def double(data: In, ctx: SyncContext) -> int:\n    return 2 * data.x\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = importlib.import_module("lab_of_workers.commands")
    try:
        hookyard.load(found.plugin)
        assert hookyard.trigger("lab/double", {"x": 2}) == 4
    finally:
        for name in ("lab_of_workers", "lab_of_workers.commands"):
            sys.modules.pop(name, None)


def test_a_worker_that_dies_fails_the_test_with_the_reason(hookyard: Host) -> None:
    with pytest.raises(PluginFailed, match="workers/die"):
        hookyard.trigger(die, Count(), attempts=1)
    assert hookyard.trigger(where, Count())


def test_a_plugin_is_loaded_from_its_files_too(hookyard: Host, tmp_path: Path) -> None:
    file = tmp_path / "shout"
    manifest = {
        "name": "shout",
        "api": 1,
        "commands": [{"name": "loud", "input": {"type": "object"}, "output": {"type": "string"}}],
    }
    file.write_text(
        f"#!/bin/sh\nif [ \"$1\" = describe ]; then echo '{json.dumps(manifest)}'\n"
        'else echo \'{"kind": "result", "output": "HEY"}\'; fi\n'
    )
    file.chmod(0o755)
    hookyard.load(file)
    assert hookyard.trigger("shout/loud", {}) == "HEY"


@pytest.mark.parametrize("path", ["nothing", "."])
def test_a_path_without_a_plugin_says_so(hookyard: Host, tmp_path: Path, path: str) -> None:
    with pytest.raises(PluginLoadError, match="there is no plugin at"):
        hookyard.load(tmp_path / path)


def test_hooks_are_called_as_in_a_server(hookyard: Host) -> None:
    watcher = Plugin("watcher")
    seen: list[str] = []

    @watcher.hook
    async def startup(ctx: HookContext) -> None:
        seen.append("startup")

    @watcher.hook
    async def job_finished(event: JobFinished) -> None:
        seen.append(event.command)

    @watcher.hook
    async def shutdown(ctx: HookContext) -> None:
        seen.append("shutdown")

    hookyard.load(watcher)
    hookyard.trigger(greet, Greet("Ada"))
    hookyard.close()
    assert seen == ["startup", "greet", "shutdown"]


def test_a_command_cannot_use_its_host_behind_its_contexts_back(hookyard: Host) -> None:
    nosy = Plugin("nosy")

    @nosy.command(retry=Retry(attempts=1))
    async def look(data: Count, ctx: Context) -> int:
        return len(hookyard.jobs)

    hookyard.load(nosy)
    with pytest.raises(RuntimeError, match=r"it has ctx\.call"):
        hookyard.trigger(look, Count())


def test_a_closed_host_leaves_no_thread_and_the_interpreter_as_it_was() -> None:
    before, switch = set(threading.enumerate()), sys.getswitchinterval()
    with Host() as host:
        host.trigger(greet_sync, Greet("Ada"))
    assert sys.getswitchinterval() == switch
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(30)  # it was told to end, or had its last word; nobody waits until it is gone
    assert not any(thread.is_alive() for thread in left)


def test_two_threads_that_are_both_the_first_get_one_host(hookyard: Host) -> None:
    both = threading.Barrier(2)

    def trigger() -> None:
        both.wait(10)
        hookyard.trigger(greet_sync, Greet("Ada"))

    hookyard.load(plugin)
    threads = [threading.Thread(target=trigger) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hookyard.jobs) == 2


def test_a_host_that_ran_nothing_costs_nothing() -> None:
    before = set(threading.enumerate())  # those of another host may still be about to end
    with Host() as host:
        host.load(plugin)
        assert set(threading.enumerate()) <= before


def test_errors_of_calls_are_what_commands_see_in_a_server(hookyard: Host) -> None:
    caller = Plugin("caller")

    @caller.command(retry=Retry(attempts=1))
    async def call(data: Greet, ctx: Context) -> Any:  # noqa: ANN401  whatever it is answered
        return await ctx.call("polite/none", data)

    hookyard.load(caller)
    with pytest.raises(CallError, match="there is no command polite/none"):
        hookyard.trigger(call, Greet("Ada"))


def test_the_result_is_decoded_from_the_stored_json(hookyard: Host) -> None:
    job = hookyard.trigger_job(greet, Greet("Ada"))
    assert msgspec.json.decode(job.result or b"", type=Greeting) == Greeting("Hello, Ada!")
