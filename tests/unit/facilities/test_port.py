"""What a command tells and asks is in the store, and nothing of it outlives the attempt."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from tests.unit.dispatch.lab import run
from tests.unit.facilities.lab import In, Lab, Out, lab

from hookyard import (
    ArtifactError,
    Cancelled,
    Context,
    ContextError,
    EgressDenied,
    Plugin,
    Retry,
    StateConflict,
    SyncContext,
)
from hookyard.config.model import Config, PluginSettings
from hookyard.config.values import Secret
from hookyard.context import CancelFlag, state
from hookyard.context.messages import EmitNote, LogNote, StateNote
from hookyard.errors import StoreUnavailable
from hookyard.facilities import HostPort, joblog
from hookyard.facilities.contract import Attempt
from hookyard.store.contract import EventQuery, Op, PutArtifact, Result, Stale


def test_lines_of_both_kinds_are_kept_in_their_order_with_the_job() -> None:
    plugin = Plugin("lab")

    @plugin.command
    async def inline(data: In, ctx: Context) -> Out:
        for number in range(3):
            ctx.log.info("step", number=number)
        return Out()

    @plugin.command
    def thread(data: In, ctx: SyncContext) -> Out:
        ctx.log.warning("one", level="odd", event_="x")
        ctx.log.error("two")
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/inline")
            lines = await it.lines(job.id, 3)
            assert [(line.number, line.event, line.attempt, line.level) for line in lines] == [
                (1, "step", 1, "info"),
                (2, "step", 1, "info"),
                (3, "step", 1, "info"),
            ]
            assert msgspec.json.decode(lines[2].values) == {"number": 2}
            job = await it.run("lab/thread")
            assert [line.event for line in await it.lines(job.id, 2)] == ["one", "two"]

    run(story)


def test_lines_beyond_the_bound_are_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblog, "MOST_LINES", 5)
    plugin = Plugin("lab")

    @plugin.command
    async def chatty(data: In, ctx: Context) -> Out:
        for _ in range(12):
            ctx.log.info("step")
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/chatty")
            lines = await it.lines(job.id, 6)
            assert [line.event for line in lines] == [*["step"] * 5, "log.dropped"]
            assert msgspec.json.decode(lines[5].values) == {"lines": 7}

    run(story)


def test_the_latest_progress_is_stored_with_the_end_and_on_the_way() -> None:
    plugin = Plugin("lab")
    gate = asyncio.Event()

    @plugin.command
    async def work(data: In, ctx: Context) -> Out:
        for number in range(1000):
            ctx.progress(number, 2000, "half")
        await gate.wait()
        ctx.progress(2000, 2000, "done")
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job_id = await it.accept("lab/work")
            job = await it.until(job_id, lambda job: job.progress is not None and job.progress.done == 999)
            assert job.status == "running"
            gate.set()
            job = await it.ended(job_id)
            assert job.progress is not None
            assert (job.progress.done, job.progress.total, job.progress.message) == (2000, 2000, "done")

    run(story)


def test_events_are_published_with_the_end_of_the_job_and_not_before() -> None:
    plugin = Plugin("lab")

    @plugin.command(retry=Retry(attempts=2, base=0.001))
    async def flaky(data: In, ctx: Context) -> Out:
        ctx.emit("try.made", {"attempt": ctx.job.attempt})
        if ctx.job.attempt == 1 or data.text == "fail":
            raise RuntimeError
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            for text, status in (("", "succeeded"), ("fail", "failed")):
                job = await it.run("lab/flaky", text, max_attempts=2, tenant="acme")
                assert job.status == status
                (event,) = await it.store.events(EventQuery(job_id=job.id))
                assert (event.type, event.payload) == ("try.made", b'{"attempt":2}')
                assert (event.plugin, event.request_id, event.tenant) == ("lab", "request", "acme")

    run(story)


def test_state_is_kept_at_once_compared_and_set_and_each_plugin_has_its_own() -> None:
    plugin = Plugin("lab")
    seen: list[object] = []

    @plugin.command
    async def count(data: In, ctx: Context) -> Out:
        new = await ctx.state.update("n", int, lambda n: n + 1, 0)
        seen.append(new)
        seen.append(await ctx.state.keys())
        try:
            await ctx.state.put("n", 7, expected=0)
        except StateConflict as conflict:
            seen.append(conflict.version)
        raise RuntimeError

    @plugin.command
    def count_sync(data: In, ctx: SyncContext) -> Out:
        new = ctx.state.update("n", int, lambda n: n + 1, 0)
        seen.append(new)
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            await it.run("lab/count")
            assert (await it.run("lab/count_sync")).status == "succeeded"
            assert seen == [1, ["n"], 1, 2]
            assert await it.store.state("other", "n") is None

    run(story)


def test_many_commands_that_update_one_value_lose_nothing() -> None:
    plugin = Plugin("lab")

    @plugin.command
    async def count(data: In, ctx: Context) -> Out:
        await ctx.state.update("n", int, lambda n: n + 1, 0)
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            jobs = [await it.accept("lab/count") for _ in range(30)]
            assert {(await it.ended(job)).status for job in jobs} == {"succeeded"}
            entry = await it.store.state("lab", "n")
            assert entry is not None
            assert entry.value == b"30"

    run(story)


def test_artifacts_are_kept_read_across_jobs_and_dropped_when_unfinished() -> None:
    plugin = Plugin("lab")
    told: list[str] = []

    @plugin.command
    async def write(data: In, ctx: Context) -> Out:
        await ctx.artifacts.put("a.txt", "text/plain", "first")
        await ctx.artifacts.put("a.txt", "text/plain", "second")
        opened = ctx.artifacts.open("half.txt", "text/plain")
        sink = await opened.__aenter__()
        await sink.write("never completed")
        return Out()

    @plugin.command
    def read(data: In, ctx: SyncContext) -> Out:
        for wrong in ("half.txt", "none.txt"):
            try:
                ctx.artifacts.read(wrong, data.text)
            except ArtifactError as error:
                told.append(str(error))
        return Out(ctx.artifacts.read("a.txt", data.text).decode())

    @plugin.command
    async def large(data: In, ctx: Context) -> Out:
        await ctx.artifacts.put("large", "text/plain", b"x" * ((1 << 20) + 1))
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/write")
            assert [(a.name, a.size, a.media_type) for a in await it.store.artifacts(job.id)] == [
                ("a.txt", 6, "text/plain")
            ]
            reader = await it.run("lab/read", job.id)
            assert reader.result == b'{"text":"second"}'
            assert told == [f"the job {job.id} has no artifact {name!r}" for name in ("half.txt", "none.txt")]
            refused = await it.run("lab/large")
            assert refused.last_error is not None
            assert (refused.last_error.code, refused.last_error.retryable) == ("artifact_error", True)
            assert "larger than 1048576 bytes" in refused.last_error.message

    run(story)


def test_a_job_may_have_only_so_many_artifacts_in_all_its_attempts() -> None:
    plugin = Plugin("lab")

    @plugin.command(retry=Retry(attempts=3))
    async def hoards(data: In, ctx: Context) -> Out:
        try:
            for number in range(9):
                await ctx.artifacts.put(f"{ctx.job.attempt}-{number}", "text/plain", b"x")
        except ArtifactError as error:
            await ctx.artifacts.put("1-0", "text/plain", b"again")
            return Out(str(error))
        raise RuntimeError

    @plugin.command
    async def opens(data: In, ctx: Context) -> Out:
        found = await asyncio.gather(
            *(ctx.artifacts.put(f"{number}", "text/plain", b"x") for number in range(40)), return_exceptions=True
        )
        return Out(str(sum(not isinstance(each, Exception) for each in found)))

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/hoards", max_attempts=3)
            assert job.result is not None
            assert b"a job may have 20 artifacts, and this one has them (artifacts.max_per_job)" in job.result
            names = [each.name for each in await it.store.artifacts(job.id)]
            assert names == [*(f"{attempt}-{number}" for attempt in (1, 2) for number in range(9)), "3-0", "3-1"]
            job = await it.run("lab/opens")
            kept = len(await it.store.artifacts(job.id))
            assert job.result == f'{{"text":"{kept}"}}'.encode()
            assert 16 <= kept <= 20

    run(story)


def test_a_declared_event_with_other_data_is_refused_also_when_a_process_of_its_own_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugin = Plugin("lab", events={"in.told": In})
    told: list[HostPort] = []

    @plugin.command
    async def tells(data: In, ctx: Context) -> Out:
        ctx.emit("in.told", In("right"))
        (port,) = told
        port.tell(EmitNote("in.told", b'{"text": 7}', None))
        port.tell(EmitNote("in.undeclared", b'{"text": 7}', None))
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            opened = it.facilities.open

            def watched(attempt: Attempt) -> HostPort:
                told.append(opened(attempt))
                return told[0]

            monkeypatch.setattr(it.facilities, "open", watched)
            job = await it.run("lab/tells")
            assert [(each.type, each.payload) for each in told[0].events] == [
                ("in.told", b'{"text":"right"}'),
                ("in.undeclared", b'{"text": 7}'),
            ]
            (line,) = await it.lines(job.id, 1)
            assert line.event == "event.refused"
            assert b"Expected `str`, got `int` at $.text" in line.values

    run(story)


def test_what_is_kept_with_the_end_is_bounded_however_often_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_KEYS", 5)
    monkeypatch.setattr(state, "MOST_BYTES", 60)
    plugin = Plugin("lab")
    told: list[HostPort] = []

    @plugin.command
    async def tells(data: In, ctx: Context) -> Out:
        ctx.progress(1)
        (port,) = told  # and then as a plugin's own process would, which may tell anything
        for number in range(1000):
            port.tell(StateNote("same", str(number).encode()))
        port.tell(StateNote("long", b"x" * 40))
        port.tell(StateNote("longer", b"x" * 40))
        for number in range(5):
            port.tell(StateNote(str(number), None))
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            opened = it.facilities.open

            def watched(attempt: Attempt) -> HostPort:
                told.append(opened(attempt))
                return told[0]

            monkeypatch.setattr(it.facilities, "open", watched)
            job = await it.run("lab/tells")
            assert [change.key for change in told[0].state] == ["same", "long", "0", "1", "2"]
            assert [line.event for line in await it.lines(job.id, 3)] == ["state.refused"] * 3
            kept = await it.store.states("lab")
            assert [(entry.key, entry.value) for entry in kept] == [("long", b"x" * 40), ("same", b"999")]

    run(story)


def test_a_value_may_have_any_name() -> None:
    plugin = Plugin("lab")
    names = ("self", "event", "method_name", "args", "kwargs", "exc_info", "stack_info", "level", "timestamp", "")

    @plugin.command
    async def inline(data: In, ctx: Context) -> Out:
        # As another program's line may have them; a Python author's cannot have all of them.
        ctx._port.tell(LogNote("info", "named", dict.fromkeys(names, 1)))  # pyright: ignore[reportPrivateUsage]
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/inline")
            assert job.status == "succeeded"
            (line,) = await it.lines(job.id)
            assert msgspec.json.decode(line.values) == dict.fromkeys(names, 1)

    run(story)


def test_content_that_is_replaced_is_gone() -> None:
    plugin = Plugin("lab")
    locations: list[str] = []

    @plugin.command
    async def write(data: In, ctx: Context) -> Out:
        locations.append((await ctx.artifacts.put("a.txt", "text/plain", "first")).location)
        locations.append((await ctx.artifacts.put("a.txt", "text/plain", "second")).location)
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            await it.run("lab/write")
            first, second = locations
            assert await it.objects.read(second, 0, 10) == b"second"
            with pytest.raises(ArtifactError, match="gone"):
                await it.objects.read(first, 0, 10)

    run(story)


@pytest.mark.parametrize("answer", [Stale(), StoreUnavailable("the disk is full")], ids=["stale", "unavailable"])
def test_content_that_the_store_does_not_take_is_gone(
    monkeypatch: pytest.MonkeyPatch, answer: Stale | StoreUnavailable
) -> None:
    plugin = Plugin("lab")
    locations: list[str] = []

    @plugin.command
    async def write(data: In, ctx: Context) -> Out:
        await ctx.artifacts.put("a.txt", "text/plain", "text")
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            real = it.writer.submit

            async def submit(op: Op) -> Result:
                if not isinstance(op, PutArtifact):
                    return await real(op)
                locations.append(op.artifact.location)
                if isinstance(answer, StoreUnavailable):
                    raise answer
                return answer

            monkeypatch.setattr(it.writer, "submit", submit)
            job = await it.run("lab/write")
            assert job.status == "failed"
            assert await it.store.artifacts(job.id) == ()
            with pytest.raises(ArtifactError, match="gone"):
                await it.objects.read(locations[0], 0, 10)

    run(story)


def test_what_is_asked_after_the_end_is_refused_and_what_is_told_is_dropped() -> None:
    plugin = Plugin("lab")
    kept: list[Context[None]] = []
    kept_sync: list[SyncContext[None]] = []

    @plugin.command
    async def inline(data: In, ctx: Context[None]) -> Out:
        ctx.log.info("in.time")
        kept.append(ctx)
        return Out()

    @plugin.command
    def thread(data: In, ctx: SyncContext[None]) -> Out:
        ctx.log.info("in.time")
        kept_sync.append(ctx)
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/inline")
            other = await it.run("lab/thread")
            kept[0].log.info("too.late")
            kept[0].progress(1)
            with pytest.raises(Cancelled):
                await kept[0].state.get("k", int)
            with pytest.raises(Cancelled):
                await asyncio.to_thread(kept_sync[0].state.get, "k", int)
            await it.run("lab/inline")  # lines are written with what comes after them at the latest
            assert [line.event for line in await it.lines(job.id)] == ["in.time"]
            assert [line.event for line in await it.lines(other.id)] == ["in.time"]

    run(story)


def test_a_blocking_question_on_the_event_loop_is_refused() -> None:
    plugin = Plugin("lab")

    @plugin.command
    async def wrong(data: In, ctx: Context) -> Out:
        port = ctx._open_port  # pyright: ignore[reportPrivateUsage]  what a helper of a plugin might do
        with pytest.raises(RuntimeError, match="on the event loop"):
            SyncContext(None, ctx.job, CancelFlag(), port).state.get("k", int)
        return Out("refused")

    async def story() -> None:
        async with lab(plugin) as it:
            assert (await it.run("lab/wrong")).result == b'{"text":"refused"}'

    run(story)


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write((self.headers["user-agent"] or "").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class has it so
        """Nothing."""


def test_http_goes_where_the_plugin_may_and_nowhere_else() -> None:
    plugin = Plugin("lab")

    @plugin.command
    async def fetch(data: In, ctx: Context) -> Out:
        return Out((await ctx.http.get(data.text)).text)

    @plugin.command
    def fetch_sync(data: In, ctx: SyncContext) -> Out:
        assert ctx.http is ctx.http
        return Out(ctx.http.get(data.text).text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    async def check(it: Lab, command: str) -> None:
        job = await it.run(command, f"http://127.0.0.1:{server.server_address[1]}/")
        assert job.result is not None
        assert b"Hookyard/" in job.result
        assert b"(lab)" in job.result
        refused = await it.run(command, "http://169.254.169.254/")
        assert refused.last_error is not None
        assert refused.last_error.code == EgressDenied.code
        assert "link-local" in refused.last_error.message

    async def story() -> None:
        async with lab(plugin) as it:
            await check(it, "lab/fetch")
            await check(it, "lab/fetch_sync")

    try:
        run(story)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_error_of_the_context_is_shown_as_it_is() -> None:
    plugin = Plugin("lab")

    @plugin.command
    async def wrong(data: In, ctx: Context) -> Out:
        raise ContextError("this cannot be")

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/wrong")
            assert job.last_error is not None
            assert (job.last_error.code, job.last_error.message) == ("context_error", "this cannot be")

    run(story)


def test_a_thread_that_was_left_behind_finds_its_context_closed() -> None:
    plugin = Plugin("lab")
    gate, over = threading.Event(), threading.Event()
    told: list[str] = []

    @plugin.command(timeout=0.05, retry=Retry(attempts=1))
    def late(data: In, ctx: SyncContext) -> Out:
        gate.wait(10)
        try:
            ctx.log.info("too.late")
            ctx.state.put("k", 1)
        except Cancelled as error:
            told.append(str(error))
        finally:
            over.set()
        return Out()

    async def story() -> None:
        async with lab(plugin) as it:
            job = await it.run("lab/late", timeout=50)
            assert job.status == "timed_out"
            gate.set()
            assert await asyncio.to_thread(over.wait, 10)
            assert told == ["the attempt is over"]
            await it.accept("lab/late", run_at=it.clock.now() + 1)  # lines are written with what comes after them
            assert await it.store.log_lines(job.id) == ()
            assert await it.store.state("lab", "k") is None

    run(story)


def test_after_a_reload_new_settings_hold_and_old_secrets_stay_out_of_sight() -> None:
    plugin = Plugin("lab", secrets=("key",))

    @plugin.command
    async def tell(data: In, ctx: Context) -> Out:
        return Out(f"{await ctx.secrets.get('key')} {data.text}")

    @plugin.command
    async def fetch(data: In, ctx: Context) -> Out:
        await ctx.http.get("http://127.0.0.1:9/")
        return Out()

    async def story() -> None:
        async with lab(plugin, secrets={"key": "old-secret"}) as it:
            first = await it.run("lab/fetch")
            assert first.last_error is not None
            assert first.last_error.code == "plugin_error"  # nobody listens there
            settings = PluginSettings(secrets={"key": Secret("new-secret")})
            it.facilities.use(it.registry, Config(plugins={"lab": settings}))
            assert (await it.run("lab/tell", "old-secret")).result == b'{"text":"*** ***"}'
            second = await it.run("lab/fetch")
            assert second.last_error is not None
            assert second.last_error.code == "egress_denied"

    run(story)
