"""What is wrong is refused where it is declared, quoting the definition."""

import importlib.util
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hookyard import Breaker, DeclarationError, Plugin, Retry

HEAD = """
from __future__ import annotations
from typing import TYPE_CHECKING, Annotated, Any
from collections.abc import Iterator
from msgspec import Meta, Struct
from hookyard import *
if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers
class In(Struct): x: int = 0
class Out(Struct): y: int = 0
class Half(Struct): z: OnlyForCheckers | None = None
class Config(Struct): a: int = 0
class Other(Struct): a: int = 0
class Custom: pass
Code = Annotated[str, Meta(pattern="^[a-z]+$")]
class Marked(Struct): code: Code | list[Code] | None = None
plain, with_config = Plugin("plain"), Plugin("config", config=Config)
"""

Declare = Callable[[str], ModuleType]


@pytest.fixture
def declare(tmp_path: Path) -> Iterator[Declare]:
    def run(source: str) -> ModuleType:
        path = tmp_path / "declared.py"
        path.write_text(HEAD + source)
        spec = importlib.util.spec_from_file_location("declared", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["declared"] = module
        spec.loader.exec_module(module)
        return module

    yield run
    sys.modules.pop("declared", None)


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ("async def f(data, ctx: Context) -> Out: ...", "data has no annotation"),
        ("async def f(data: In, ctx) -> Out: ...", "ctx has no annotation"),
        ("async def f(data: In, ctx: Context): ...", "does not say what it returns"),
        ("async def f(data: In) -> Out: ...", "it takes 1 parameters, and a command is (data: In, ctx: Context)"),
        ("async def f() -> Out: ...", "it takes 0 parameters"),
        ("async def f(data: In, ctx: Context, more: int) -> Out: ...", "it takes 3 parameters"),
        ("async def f(data: In, ctx: Context, *more: int) -> Out: ...", "*more is not allowed"),
        ("async def f(data: In, ctx: Context, **more: int) -> Out: ...", "**more is not allowed"),
        ("async def f(data: In, *, ctx: Context) -> Out: ...", "ctx is keyword-only"),
        ("async def f(data: In, ctx: Context = None) -> Out: ...", "ctx has a default"),
        (
            "async def f(data: dict, ctx: Context) -> Out: ...",
            "data is dict, and a command's input is a msgspec.Struct",
        ),
        ("async def f(data: In | None, ctx: Context) -> Out: ...", "a command's input is a msgspec.Struct"),
        ("async def f(data: In, ctx: SyncContext) -> Out: ...", "an async def takes Context"),
        ("def f(data: In, ctx: Context) -> Out: ...", "a plain def takes SyncContext"),
        ("async def f(data: In, ctx: int) -> Out: ...", "ctx is int, and must be Context"),
        ("async def f(data: In, ctx: Context[Config]) -> Out: ...", "declared with no configuration"),
        ("async def f(data: In, ctx: Context) -> Custom: ...", "the output Custom cannot be JSON and back"),
        ("async def f(data: In, ctx: Context) -> Iterator[Out]: ...", "cannot be JSON and back"),
        ("async def f(data: In, ctx: Context) -> list[complex]: ...", "cannot be JSON and back"),
        ("async def f(data: In, ctx: Context) -> Code | list[int]: ...", "itself allows a text with a pattern beside"),
        (
            "async def f(data: Marked, ctx: Context) -> Out: ...",
            "Marked.code allows a text with a pattern",
        ),
        ("async def f(data: In, ctx: Context) -> Nowhere: ...", "'Nowhere' is not there at run time"),
        ("async def f(data: OnlyForCheckers, ctx: Context) -> Out: ...", "import it for real, not under TYPE_CHECKING"),
        (
            "async def f(data: Half, ctx: Context) -> Out: ...",
            "a field whose annotation 'OnlyForCheckers' is not there",
        ),
        ("async def f(data: In, ctx: Context) -> 1 / 0: ...", "its annotations cannot be read: ZeroDivisionError"),
        ("async def f(data: In, ctx: Context) -> Out: yield Out()", "it is a generator"),
        ("def f(data: In, ctx: SyncContext) -> Out: yield Out()", "it is a generator"),
        ("async def Big(data: In, ctx: Context) -> Out: ...", "'Big' is no command name"),
        ("async def _f(data: In, ctx: Context) -> Out: ...", "'_f' is no command name"),
    ],
)
def test_a_wrong_definition_is_refused_and_quoted(declare: Declare, definition: str, problem: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(f"@plain.command\n{definition}\n")
    message = str(caught.value)
    assert problem in message
    assert message.startswith(f"declared.py:{HEAD.count(chr(10)) + 2}: command ")
    assert f"\n    {definition}" in message


def test_a_context_of_another_configuration_is_refused(declare: Declare) -> None:
    with pytest.raises(DeclarationError, match=r"declared with config=Config"):
        declare("@with_config.command\nasync def f(data: In, ctx: Context[Other]) -> Out: ...\n")


def test_a_definition_over_several_lines_is_quoted_whole(declare: Declare) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(
            "@plain.command(\n  timeout=3,\n)\nasync def f(\n    data: In,\n    ctx: int,\n) -> Out:\n    return 1\n"
        )
    assert str(caught.value).endswith("\n    async def f(\n        data: In,\n        ctx: int,\n    ) -> Out:")


@pytest.mark.parametrize(
    ("word", "options", "problem"),
    [
        ("async def", {"isolation": "thread"}, "isolation is 'thread', and an async def runs on the event loop"),
        ("def", {"isolation": "inline"}, "a plain def would block the event loop"),
        ("def", {"isolation": "process"}, "Invalid enum value 'process'"),
        ("def", {"breaker": Breaker(failures=0)}, "breaker.failures is 0"),
        ("def", {"breaker": Breaker(probes=0)}, "breaker.probes is 0"),
        ("def", {"breaker": Breaker(cooldown=0)}, "breaker.cooldown is 0 s"),
        ("def", {"breaker": Breaker(cooldown=math.nan)}, "breaker.cooldown is nan s"),
        ("def", {"breaker": Breaker(cooldown=math.inf)}, "breaker.cooldown is inf s"),
        ("def", {"timeout": 0}, "timeout is 0.0 s"),
        ("def", {"timeout": -1.5}, "timeout is -1.5 s"),
        ("def", {"timeout": float("nan")}, "timeout is nan s"),
        ("def", {"timeout": "5"}, "timeout"),
        ("def", {"timeout": math.inf}, "timeout is inf s"),
        ("def", {"timeout": 1e300}, "timeout is 1e+300 s"),
        ("def", {"concurrency": 2**31}, "concurrency is 2147483648"),
        ("def", {"concurrency": math.inf}, "concurrency"),
        ("def", {"priority": 2**31}, "<= 2147483647"),
        ("def", {"priority": -(2**31) - 1}, ">= -2147483648"),
        ("def", {"retry": Retry(attempts=2**31)}, "retry.attempts is 2147483648"),
        ("def", {"retry": Retry(base=math.inf, cap=math.inf)}, "retry.base is inf"),
        ("def", {"retry": Retry(base=math.nan)}, "retry.base is nan"),
        ("def", {"retry": Retry(factor=math.inf)}, "retry.factor is inf"),
        ("def", {"retry": Retry(factor=math.nan)}, "retry.factor is nan"),
        ("def", {"retry": Retry(cap=math.inf)}, "retry.cap is inf"),
        ("def", {"retry": Retry(cap=math.nan)}, "retry.cap is nan"),
        ("def", {"concurrency": 0}, "concurrency is 0"),
        ("def", {"retry": Retry(attempts=0)}, "retry.attempts is 0"),
        ("def", {"retry": Retry(base=-1)}, "retry.base is -1"),
        ("def", {"retry": Retry(factor=0.5)}, "retry.factor is 0.5"),
        ("def", {"retry": Retry(base=10, cap=5)}, "retry.cap is 5"),
        ("def", {"retry": 3}, "retry"),
        ("def", {"name": "Bad Name"}, "'Bad Name' is no command name"),
        ("def", {"colour": "red"}, "there is no option colour"),
    ],
)
def test_options_that_contradict_or_are_out_of_range_are_refused(
    declare: Declare, word: str, options: dict[str, Any], problem: str
) -> None:
    context = "Context" if word == "async def" else "SyncContext"
    function = declare(f"{word} f(data: In, ctx: {context}) -> Out: ...\n").f
    decorate: Any = Plugin("plain").command
    with pytest.raises(DeclarationError) as caught:
        decorate(**options)(function)
    assert problem in str(caught.value)
    assert f"{word} f(data: In" in str(caught.value)


def test_read_only_and_not_idempotent_is_no_contradiction(declare: Declare) -> None:
    function = declare("async def f(data: In, ctx: Context) -> Out: ...\n").f
    plugin = Plugin("plain")
    plugin.command(read_only=True, idempotent=False)(function)
    assert plugin.commands["f"].options.read_only


def test_a_plugins_isolation_that_does_not_fit_a_command_is_refused(declare: Declare) -> None:
    function = declare("async def f(data: In, ctx: Context) -> Out: ...\n").f
    with pytest.raises(DeclarationError, match="isolation is 'thread'"):
        Plugin("plain", isolation="thread").command(function)


def test_a_command_name_is_taken_once(declare: Declare) -> None:
    with pytest.raises(DeclarationError, match="has a command 'f' already"):
        declare(
            "@plain.command\nasync def f(data: In, ctx: Context) -> Out: ...\n"
            "@plain.command(name='f')\nasync def g(data: In, ctx: Context) -> Out: ...\n"
        )


def _some_class() -> object:
    class Callable:
        def __call__(self) -> None: ...

    return Callable()


@pytest.mark.parametrize("thing", [_some_class(), partial(print), print, 3, int])
def test_what_is_no_function_is_refused(thing: object) -> None:
    decorate: Any = Plugin("plain").command
    with pytest.raises(DeclarationError, match=r"takes a function defined by def or async def"):
        decorate(thing)


def test_a_lambda_is_refused() -> None:
    decorate: Any = Plugin("plain").command
    with pytest.raises(DeclarationError, match="it is a lambda"):
        decorate(lambda data, ctx: None)  # pyright: ignore[reportUnknownLambdaType]


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ("def begin() -> None: ...", "there is no such hook; there are authenticate, authorize, "),
        ("def startup(event: JobFinished) -> None: ...", "the hook has no 'event'; it may take ctx"),
        ("def job_finished(event) -> None: ...", "event has no annotation"),
        ("def job_finished(event: In) -> None: ...", "event is In, and must be hookyard.JobFinished"),
        ("def startup(ctx: Context) -> None: ...", "ctx is Context, and must be HookContext"),
        ("def startup(ctx: HookContext[Config]) -> None: ...", "declared with no configuration"),
        ("def startup(*ctx: HookContext) -> None: ...", "*ctx is not allowed"),
        ("def startup(self: In) -> None: ...", "the hook has no 'self'"),
        ("def startup(): ...", "it does not say what it returns, and the hook answers with None"),
        ("def job_started(event: JobFinished) -> None: ...", "event is JobFinished, and must be hookyard.JobStarted"),
        (
            "def authenticate(request: Credentials) -> str: ...",
            "the hook answers with hookyard.Identity | None",
        ),
        ("def authorize(question: AccessQuestion) -> int | None: ...", "the hook answers with bool | None"),
        (
            "def verify_webhook(request: Credentials) -> None: ...",
            "and must be hookyard.WebhookRequest",
        ),
        ("def map_input(event: WebhookRequest) -> Any: ...", "and must be hookyard.InboundEvent"),
        ("def resolve_secret(reference: str) -> str: ...", "reference is str, and must be hookyard.SecretReference"),
        ("def delivery_finished(event: EventEmitted) -> None: ...", "and must be hookyard.DeliveryFinished"),
        ("def event_emitted(event: dict) -> None: ...", "event is dict, and must be hookyard.EventEmitted"),
        ("def run_middleware(job: JobInfo) -> None: ...", "it does not take proceed"),
        ("def run_middleware(proceed: Proceed) -> None: ...", "and must be hookyard.ProceedSync"),
        ("async def run_middleware(proceed: ProceedSync) -> None: ...", "and must be hookyard.Proceed"),
        ("def health() -> str: ...", "it returns str, and the hook answers with hookyard.HealthReport"),
        ("def register_cli() -> CliCommand: ...", "the hook answers with Sequence[hookyard.CliCommand]"),
    ],
)
def test_a_wrong_hook_is_refused_and_quoted(declare: Declare, definition: str, problem: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(f"@plain.hook\n{definition}\n")
    assert problem in str(caught.value)
    assert definition in str(caught.value)


@pytest.mark.parametrize(
    "definition",
    [
        "def authenticate() -> None: ...",
        "async def authorize(question: AccessQuestion) -> bool: ...",
        "def map_input(event: InboundEvent) -> In: ...",
        "async def map_input(event: InboundEvent, ctx: HookContext) -> dict[str, int] | None: ...",
        "def register_cli() -> tuple[CliCommand, ...]: ...",
        "async def run_middleware(ctx: HookContext, proceed: Proceed) -> None: ...",
        "def run_middleware(job: JobInfo, proceed: ProceedSync) -> None: ...",
    ],
)
def test_a_hook_takes_what_it_needs_and_answers_with_a_part_of_what_it_may(declare: Declare, definition: str) -> None:
    declare(f"@plain.hook\n{definition}\n")


def test_a_hook_is_implemented_once(declare: Declare) -> None:
    with pytest.raises(DeclarationError, match="the plugin has this hook already"):
        declare("@plain.hook\ndef startup() -> None: ...\n@plain.hook\nasync def startup() -> None: ...\n")
