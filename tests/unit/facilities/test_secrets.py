"""A plugin gets the secrets it declares, and they show nowhere."""

import io
from collections.abc import Generator

import pytest
from tests.unit.dispatch.lab import run
from tests.unit.facilities.lab import In, Out, lab

from hookyard import ArtifactError, CommandError, Context, Plugin, SyncContext, log
from hookyard.store.contract import EventQuery

SECRET = "s3cr3t-value"
FOUND = "resolved-value"


@pytest.fixture
def server_log() -> Generator[io.StringIO]:
    stream = io.StringIO()
    log.setup("debug", "json", stream)
    yield stream
    log.setup()


def declared() -> Plugin[None]:
    plugin = Plugin("lab", secrets=("key", "found", "nobody"))

    @plugin.command
    async def tell(data: In, ctx: Context) -> Out:
        secret = await ctx.secrets.get(data.text)
        ctx.log.info("using", key=secret, nested={secret: [secret]})
        ctx.progress(1, message=f"with {secret}")
        ctx.emit("key.used", {"key": secret}, dedupe_key=f"once-{secret}")
        return Out(f"done with {secret}")

    @plugin.command
    def refuse(data: In, ctx: SyncContext) -> Out:
        secret = ctx.secrets.get("key")
        raise CommandError(f"no {secret}", code=f"c-{secret}", retryable=False, details={"key": [secret]})

    @plugin.command
    async def crash(data: In, ctx: Context) -> Out:
        raise RuntimeError(f"oops {await ctx.secrets.get('key')}")

    return plugin


@pytest.mark.parametrize(("name", "value"), [("key", SECRET), ("found", FOUND)])
def test_a_secret_shows_in_nothing_that_a_job_leaves_behind(server_log: io.StringIO, name: str, value: str) -> None:
    async def story() -> None:
        async with lab(declared(), secrets={"key": SECRET}, resolve={"lab.found": FOUND}) as it:
            job = await it.run("lab/tell", name)
            assert job.result == b'{"text":"done with ***"}'
            assert job.progress is not None
            assert job.progress.message == "with ***"
            (line,) = await it.lines(job.id)
            assert line.values == b'{"key":"***","nested":{"***":["***"]}}'
            (event,) = await it.store.events(EventQuery(job_id=job.id))
            assert event.payload == b'{"key":"***"}'
            assert event.dedupe_key == "once-***"

    run(story)
    assert "using" in server_log.getvalue()
    assert value not in server_log.getvalue()


def test_a_secret_shows_in_no_error(server_log: io.StringIO) -> None:
    async def story() -> None:
        async with lab(declared(), secrets={"key": SECRET}) as it:
            error = (await it.run("lab/refuse")).last_error
            assert error is not None
            assert (error.code, error.message, error.details) == ("c-***", "no ***", {"key": ["***"]})
            error = (await it.run("lab/crash")).last_error
            assert error is not None
            assert error.code == "plugin_error"

    run(story)
    assert "RuntimeError: oops ***" in server_log.getvalue()
    assert SECRET not in server_log.getvalue()


@pytest.mark.parametrize(
    ("name", "why"), [("other", "does not declare the secret 'other'"), ("nobody", "set plugins.lab.secrets.nobody")]
)
def test_a_secret_that_cannot_be_had_is_an_error_that_names_it(name: str, why: str) -> None:
    async def story() -> None:
        async with lab(declared(), secrets={"other": "configured-but-not-declared"}) as it:
            error = (await it.run("lab/tell", name)).last_error
            assert error is not None
            assert error.code == "secret_unavailable"
            assert why in error.message

    run(story)


def test_a_family_of_secrets_is_declared_by_how_their_names_begin() -> None:
    plugin = Plugin("lab", secrets=("token_*",))

    @plugin.command
    async def tell(data: In, ctx: Context) -> Out:
        return Out(f"done with {await ctx.secrets.get(data.text)}")

    async def story() -> None:
        async with lab(plugin, secrets={"token_a": SECRET, "key": SECRET}) as it:
            assert (await it.run("lab/tell", "token_a")).result == b'{"text":"done with ***"}'
            for name, why in (("token_b", "set plugins.lab.secrets.token_b"), ("key", "does not declare")):
                error = (await it.run("lab/tell", name)).last_error
                assert error is not None
                assert why in error.message

    run(story)


def test_no_part_of_a_secret_shows_where_what_a_command_says_is_cut(server_log: io.StringIO) -> None:
    plugin = Plugin("lab", secrets=("key",))

    def fail(text: str) -> None:
        raise RuntimeError(text)

    @plugin.command
    async def tells(data: In, ctx: Context) -> Out:
        secret = await ctx.secrets.get("key")
        head = len(secret) // 2
        ctx.progress(1, message="x" * (500 - head) + secret)
        event, name = "x" * (200 - head) + secret, "n" * (200 - head) + secret
        ctx.log.info(event, **{name: "v" * (16_384 - head) + secret})
        ctx.log.info("deep", value=["x" * (16_384 - 2 - head) + secret])
        try:
            fail(secret + "e" * (16_384 - head))
        except RuntimeError:
            ctx.log.exception("raised")
        return Out()

    async def story() -> None:
        async with lab(plugin, secrets={"key": SECRET}) as it:
            job = await it.run("lab/tells")
            assert job.progress is not None
            lines = await it.lines(job.id, 3)
            assert lines[0].event.endswith("x***...")
            said = job.progress.message + "".join(line.event + line.values.decode() for line in lines)
            for part in (SECRET[:4], SECRET[-6:]):
                assert part not in said
                assert part not in server_log.getvalue()

    run(story)


def test_no_event_type_and_no_name_of_an_artifact_holds_one() -> None:
    plugin: Plugin[None] = Plugin("lab", secrets=("key",))

    @plugin.command
    async def name(data: In, ctx: Context) -> Out:
        secret = await ctx.secrets.get("key")
        ctx.emit(f"made.{secret}", {})
        refused: list[str] = []
        for called, kind in ((f"of-{secret}", "text/plain"), ("of", f"text/{secret}")):
            try:
                await ctx.artifacts.put(called, kind, b"x")
            except ArtifactError as error:
                refused.append(str(error))
        assert len(refused) == 2
        return Out(refused[0])

    async def story() -> None:
        async with lab(plugin, secrets={"key": "only_words"}) as it:
            job = await it.run("lab/name")
            assert job.result == b'{"text":"the name or the media type of an artifact holds a secret of the plugin"}'
            (event,) = await it.store.events(EventQuery(job_id=job.id))
            assert event.type == "made.***"

    run(story)
