"""What a right definition becomes."""

import datetime as dt
import inspect
from types import FunctionType
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from hookyard import API_VERSION, Context, DeclarationError, HookContext, JobFinished, Plugin, Retry, SyncContext
from hookyard.schema import of_command


class Greet(Struct):
    name: Annotated[str, Meta(description="Whom to greet.")]


class Greeting(Struct):
    text: str


class Config(Struct):
    polite: bool = True


class Narrow(Config):
    pass


async def greet(data: Greet, ctx: Context) -> Greeting:
    """Say hello to one person.

    At length.
    """
    return Greeting(text=f"Hello, {data.name}!")


def test_the_decorated_function_stays_the_plain_function() -> None:
    plugin = Plugin("hello")
    assert plugin.command(greet) is greet
    assert plugin.command(name="other")(greet) is greet
    assert isinstance(greet, FunctionType)


def test_the_signature_becomes_types_and_the_docstring_the_description() -> None:
    plugin = Plugin("hello")
    plugin.command(greet)
    spec = plugin.commands["greet"]
    assert (spec.key, spec.name, spec.plugin) == ("hello/greet", "greet", "hello")
    assert (spec.input_type, spec.output_type, spec.is_async) == (Greet, Greeting, True)
    assert spec.summary == "Say hello to one person."
    assert spec.description == "Say hello to one person.\n\nAt length."
    assert of_command(spec).input["$defs"]["Greet"]["properties"]["name"]["description"] == "Whom to greet."


def test_a_plain_def_runs_in_a_thread_and_an_async_def_inline() -> None:
    plugin = Plugin("hello")

    @plugin.command
    def sync(data: Greet, ctx: SyncContext) -> Greeting:
        return Greeting(text=data.name)

    plugin.command(greet)
    assert plugin.commands["sync"].options.isolation == "thread"
    assert plugin.commands["greet"].options.isolation == "inline"
    assert sync.__name__ == "sync"


def test_every_option_is_kept() -> None:
    plugin = Plugin("hello")
    plugin.command(
        name="say-it",
        summary="Short.",
        read_only=True,
        timeout=1.5,
        retry=Retry(attempts=2),
        concurrency=3,
        isolation="inline",
        idempotent=True,
        priority=-1,
        deprecated=True,
    )(greet)
    options = plugin.commands["say-it"].options
    assert (options.summary, options.timeout, options.retry.attempts) == ("Short.", 1.5, 2)
    assert (options.concurrency, options.isolation, options.priority) == (3, "inline", -1)
    assert (options.read_only, options.idempotent, options.deprecated) == (True, True, True)


def test_a_command_may_return_whatever_msgspec_writes_and_reads() -> None:
    plugin = Plugin("hello")

    @plugin.command
    async def listed(data: Greet, ctx: Context) -> list[Greeting]:
        return []

    @plugin.command
    async def nothing(data: Greet, ctx: Context) -> None: ...

    @plugin.command
    async def when(data: Greet, ctx: Context) -> dict[str, dt.datetime | None]:
        return {}

    @plugin.command
    async def anything(data: Greet, ctx: Context) -> dict[str, object]:
        return {}

    functions: list[Any] = [listed, nothing, when, anything]
    assert [spec.function for spec in plugin.commands.values()] == functions


def test_annotations_written_as_text_are_resolved() -> None:
    plugin = Plugin("hello")

    @plugin.command
    async def quoted(data: "Greet", ctx: "Context") -> "Greeting":
        return Greeting(text=data.name)

    assert plugin.commands["quoted"].input_type is Greet
    assert inspect.iscoroutinefunction(quoted)


def test_a_context_may_name_the_configuration_or_what_it_derives_from() -> None:
    plugin = Plugin("hello", config=Narrow)

    @plugin.command
    async def one(data: Greet, ctx: Context[Narrow]) -> Greeting:
        return Greeting(text=str(ctx.config.polite))

    @plugin.command
    def two(data: Greet, ctx: SyncContext[Config]) -> Greeting:
        return Greeting(text=str(ctx.config.polite))

    functions: list[Any] = [one, two]
    assert [spec.function for spec in plugin.commands.values()] == functions
    assert plugin.config_type is Narrow


def test_a_plugin_knows_its_name_its_version_and_its_api() -> None:
    plugin = Plugin("hello", version="1.2")
    assert (plugin.name, plugin.version, plugin.api, repr(plugin)) == ("hello", "1.2", API_VERSION, "Plugin('hello')")


@pytest.mark.parametrize("name", ["", "Hello", "9lives", "a b", "a/b", "a.b", "ä", "a" * 65])
def test_a_plugin_name_that_would_not_fit_a_url_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match="plugin name"):
        Plugin(name)


def test_a_configuration_type_that_is_no_struct_is_refused() -> None:
    wrong: Any = dict
    with pytest.raises(DeclarationError, match=r"plugin 'hello': config is .*dict.* must be a msgspec.Struct"):
        Plugin("hello", config=wrong)


def test_hooks_are_declared_by_their_name() -> None:
    plugin = Plugin("hello", config=Config)

    @plugin.hook
    def startup() -> None: ...

    @plugin.hook
    async def job_finished(event: JobFinished, ctx: HookContext[Config]) -> None: ...

    assert [(hook.name, hook.is_async) for hook in plugin.hooks.values()] == [
        ("startup", False),
        ("job_finished", True),
    ]
    assert plugin.hooks["startup"].function is startup
    assert plugin.hooks["job_finished"].function is job_finished


def test_the_tables_of_a_plugin_cannot_be_written_from_outside() -> None:
    tables: list[Any] = [Plugin("hello").commands, Plugin("hello").hooks]
    for table in tables:
        with pytest.raises(TypeError):
            table["x"] = None


def test_the_input_is_decoded_into_its_struct() -> None:
    plugin = Plugin("hello")
    plugin.command(greet)
    spec = plugin.commands["greet"]
    assert spec.decode(b'{"name": "Ada", "more": 1}') == Greet(name="Ada")
    assert spec.decode(msgspec.Raw(b'{"name": "Ada"}')) == Greet(name="Ada")
