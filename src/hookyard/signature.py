"""Reading a decorated function: what is right becomes types, what is wrong is refused where it stands."""

import inspect
import linecache
import math
import re
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, UnionType
from typing import Any, Final, Never

import msgspec
from msgspec import Struct

from hookyard.command import CommandOptions, Keyed, Unique, as_struct
from hookyard.context import Context, HookContext, SyncContext
from hookyard.crashing import crashing, why_crashing
from hookyard.errors import DeclarationError
from hookyard.hookspecs import HOOKS, HookSpecs, ProceedSync
from hookyard.keypath import KeyPath
from hookyard.model import YEAR, Breaker

_FORM: Final = "(data: In, ctx: Context) -> Out"
_LONGEST_QUOTE: Final = 12
_MOST: Final = 2**31 - 1
_COMMAND: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_CO_FLAGS: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


class Definition:
    """One decorated function, and the way to say what is wrong with it."""

    def __init__(self, kind: str, function: object) -> None:
        self.kind = kind
        if not isinstance(function, FunctionType):
            msg = f"@plugin.{kind} takes a function defined by def or async def, not {function!r}"
            raise DeclarationError(msg)
        self.function: Callable[..., Any] = function
        self.name = function.__name__
        self.is_async = inspect.iscoroutinefunction(function)
        self._code: CodeType = function.__code__
        if self._code.co_flags & _CO_FLAGS:
            self.refuse("it is a generator; return the answer, all at once")
        if self.name == "<lambda>":
            self.refuse("it is a lambda, which has no annotations")

    def refuse(self, problem: str) -> Never:
        """Raise what quotes the definition and says the problem.

        Raises:
            DeclarationError: always.
        """
        place, quote = self._quote()
        raise DeclarationError(f"{place}: {self.kind} {self.name!r}: {problem}\n{quote}".rstrip()) from None

    def _quote(self) -> tuple[str, str]:
        path, first = self._code.co_filename, self._code.co_firstlineno
        lines = [linecache.getline(path, number).rstrip() for number in range(first, first + 60)]
        begins = ("def ", "async def ")
        start = next((number for number, line in enumerate(lines) if line.lstrip().startswith(begins)), 0)
        quote: list[str] = []
        for line in lines[start : start + _LONGEST_QUOTE]:
            quote.append(f"    {line}")
            if line.split("#")[0].rstrip().endswith((":", "...")):
                break
        return f"{Path(path).name}:{first + start}", "\n".join(quote)

    def parameters(self) -> list[inspect.Parameter]:
        """The parameters, all of them plain."""
        found = list(inspect.signature(self.function).parameters.values())
        for parameter in found:
            if parameter.kind is parameter.VAR_POSITIONAL:
                self.refuse(f"*{parameter.name} is not allowed")
            if parameter.kind is parameter.VAR_KEYWORD:
                self.refuse(f"**{parameter.name} is not allowed")
            if parameter.kind is parameter.KEYWORD_ONLY:
                self.refuse(f"{parameter.name} is keyword-only; it is handed over by position")
            if parameter.default is not parameter.empty:
                self.refuse(f"{parameter.name} has a default that would never be used")
        return found

    def hints(self) -> dict[str, Any]:
        """The annotations, those written as text resolved."""
        try:
            return typing.get_type_hints(self.function, include_extras=True)
        except NameError as error:
            missing = error.name
            self.refuse(
                f"the annotation {missing!r} is not there at run time; import it for real, not under "
                "TYPE_CHECKING, and define it at the top of the module"
            )
        except Exception as error:  # noqa: BLE001  an annotation is any expression
            self.refuse(f"its annotations cannot be read: {type(error).__name__}: {error}")


def read_command(function: object, config_type: type[Any]) -> tuple[Definition, type[Struct], object]:
    """The input and the output type of a command.

    Args:
        function: what was decorated.
        config_type: of the plugin; `NoneType` when it has no configuration.

    Raises:
        DeclarationError: it is not `(data: In, ctx: Context) -> Out`.
    """
    definition = Definition("command", function)
    parameters = definition.parameters()
    if len(parameters) != 2:  # noqa: PLR2004  the two of the one signature
        definition.refuse(f"it takes {len(parameters)} parameters, and a command is {_FORM}")
    hints = definition.hints()
    for parameter in parameters:
        if parameter.name not in hints:
            definition.refuse(f"{parameter.name} has no annotation, and a command is {_FORM}")
    if "return" not in hints:
        definition.refuse(f"it does not say what it returns, and a command is {_FORM}")
    given, ctx = (hints[parameter.name] for parameter in parameters)
    data = as_struct(given)
    if data is None:
        definition.refuse(f"{parameters[0].name} is {_show(given)}, and a command's input is a msgspec.Struct")
    _check_context(definition, ctx, config_type)
    _check_type(definition, "the input", data)
    _check_type(definition, "the output", hints["return"])
    return definition, data, hints["return"]


def read_hook(function: object, config_type: type[Any]) -> Definition:
    """A hook's implementation, checked.

    Raises:
        DeclarationError: there is no hook of this name, it does not take these parameters, or it answers with
            something else than the hook does.
    """
    definition = Definition("hook", function)
    if definition.name not in HOOKS:
        definition.refuse(f"there is no such hook; there are {', '.join(sorted(HOOKS))}")
    specification = getattr(HookSpecs, definition.name)
    known = typing.get_type_hints(specification)
    answer = known.pop("return")
    if "proceed" in known and not definition.is_async:
        known["proceed"] = ProceedSync
    hints = definition.hints()
    for parameter in definition.parameters():
        if parameter.name not in known:
            definition.refuse(f"the hook has no {parameter.name!r}; it may take {', '.join(known)}")
        hint = hints.get(parameter.name)
        if hint is None:
            definition.refuse(f"{parameter.name} has no annotation")
        if parameter.name == "ctx":
            _check_generic(definition, hint, HookContext, config_type)
        elif hint != known[parameter.name]:
            definition.refuse(f"{parameter.name} is {_show(hint)}, and must be {_public(known[parameter.name])}")
    if "proceed" in known and "proceed" not in inspect.signature(definition.function).parameters:
        definition.refuse("it does not take proceed, so it could never let the command run")
    if "return" not in hints:
        definition.refuse(f"it does not say what it returns, and the hook answers with {_public(answer)}")
    if not _answers(hints["return"], answer):
        definition.refuse(f"it returns {_show(hints['return'])}, and the hook answers with {_public(answer)}")
    return definition


def _answers(given: object, expected: object) -> bool:
    """Whether what is said to be returned is what the hook answers with, or a part of it."""
    if expected == (object | None):  # anything that JSON can hold
        return True
    if typing.get_origin(expected) is Sequence:
        found = typing.get_args(given)
        origin = typing.get_origin(given)
        return (
            origin in {Sequence, list, tuple} and found[:1] == typing.get_args(expected) and found[1:] in {(), (...,)}
        )
    return _members(given) <= _members(expected)


def _members(hint: object) -> set[object]:
    whole = typing.get_origin(hint) in {typing.Union, UnionType}
    return set(typing.get_args(hint)) if whole else {hint}


def _public(hint: object) -> str:
    """A type by the name that an author imports it by."""
    if isinstance(hint, type) and not typing.get_args(hint):
        return f"hookyard.{hint.__name__}" if hint.__module__.startswith("hookyard.") else _show_none(hint)
    if typing.get_origin(hint) is Sequence:
        return f"Sequence[{', '.join(map(_public, typing.get_args(hint)))}]"
    return " | ".join(_public(one) for one in typing.get_args(hint)) if typing.get_args(hint) else str(hint)


def _show_none(hint: type[Any]) -> str:
    return "None" if hint is type(None) else hint.__name__


def check_options(definition: Definition, options: CommandOptions, data: type[Struct]) -> None:
    """Refuse options that are out of range or contradict each other, the function or its input.

    Raises:
        DeclarationError: the first of them.
    """
    retry, breaker = options.retry, options.breaker or Breaker()
    word = "async def" if definition.is_async else "def"
    wrong = {
        f"isolation is 'thread', and an {word} runs on the event loop; make it a plain def": (
            definition.is_async and options.isolation == "thread"
        ),
        "isolation is 'inline', and a plain def would block the event loop; make it an async def": (
            not definition.is_async and options.isolation == "inline"
        ),
        f"isolation is {options.isolation!r}, and there are 'inline', 'thread' and 'worker'": (
            options.isolation not in {"inline", "thread", "worker"}
        ),
        f"timeout is {options.timeout} s, and must be more than 0, and at most a year": (
            options.timeout is not None and not 0 < options.timeout <= YEAR
        ),
        f"concurrency is {options.concurrency}, and must be from 1 to {_MOST}": (
            isinstance(options.concurrency, int) and not 1 <= options.concurrency <= _MOST
        ),
        f"retry.attempts is {retry.attempts}, and must be from 1 to {_MOST}": not 1 <= retry.attempts <= _MOST,
        f"retry.base is {retry.base} s, and must be from 0 to a year": not 0 <= retry.base <= YEAR,
        f"retry.factor is {retry.factor}, and must be a number of at least 1": not 1 <= retry.factor < math.inf,
        f"retry.cap is {retry.cap} s, and must be from retry.base to a year": not retry.base <= retry.cap <= YEAR,
    }
    wrong |= {
        f"breaker.failures is {breaker.failures}, and must be from 1 to {_MOST}": not 1 <= breaker.failures <= _MOST,
        f"breaker.probes is {breaker.probes}, and must be from 1 to {_MOST}": not 1 <= breaker.probes <= _MOST,
        f"breaker.cooldown is {breaker.cooldown} s, and must be more than 0, and at most a year": (
            not 0 < breaker.cooldown <= YEAR
        ),
    }
    for problem, is_so in wrong.items():
        if is_so:
            definition.refuse(problem)
    for text in _key_paths(options):
        try:
            why = KeyPath(text).problem(data)
        except ValueError as error:
            why = str(error)
        if why is not None:
            definition.refuse(why)
    for _, why in options_problems(options):
        definition.refuse(why)


def options_problems(options: CommandOptions) -> Iterator[tuple[str, str]]:
    """What cannot be so about keys, waits and chains: the option, and a clause that names it."""
    keyed, unique = options.concurrency, options.unique
    policy = unique.policy if isinstance(unique, Unique) else unique
    if isinstance(keyed, Keyed) and not 1 <= keyed.limit <= _MOST:
        yield "concurrency", f"the limit of its concurrency key is {keyed.limit}, and must be from 1 to {_MOST}"
    if isinstance(keyed, Keyed) and policy in {"queue", "replace"}:
        yield "unique", f"unique is {policy!r}, which needs a concurrency key of its own, and it has {keyed.key!r}"
    for name, seconds in (("debounce", options.debounce), ("debounce_max", options.debounce_max)):
        if seconds is not None and not 0 < seconds <= YEAR:
            yield name, f"{name} is {seconds} s, and must be more than 0, and at most a year"
    if options.debounce_max is not None and options.debounce_max < (options.debounce or 0):
        yield "debounce_max", f"debounce_max is {options.debounce_max} s, and must not be less than debounce"
    if options.max_result is not None and options.max_result < 0:
        yield "max_result", f"max_result is {options.max_result}, and must not be less than 0"
    if options.retry.base > options.retry.cap:
        yield "retry", f"retry.base is {options.retry.base} s, and retry.cap is only {options.retry.cap} s"
    for name, commands in (("on_success", options.on_success), ("on_failure", options.on_failure)):
        for key in (commands,) if isinstance(commands, str) else commands:
            if _COMMAND.fullmatch(key) is None:
                yield name, f"{name} is {key!r}, and must be a command, written plugin/command"


def _key_paths(options: CommandOptions) -> Iterator[str]:
    if isinstance(options.concurrency, Keyed):
        yield options.concurrency.key
    if isinstance(options.unique, Unique) and options.unique.key is not None:
        yield options.unique.key


def type_hook(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema of `object`, which msgspec decodes as it does `Any`, but has no schema for."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _check_context(definition: Definition, hint: object, config_type: type[Any]) -> None:
    right, wrong = (Context, SyncContext) if definition.is_async else (SyncContext, Context)
    if (typing.get_origin(hint) or hint) is wrong:
        word = "an async def" if definition.is_async else "a plain def"
        definition.refuse(f"it is {word} and takes {wrong.__name__}; {word} takes {right.__name__}")
    _check_generic(definition, hint, right, config_type)


def _check_generic(definition: Definition, hint: object, right: type[Any], config_type: type[Any]) -> None:
    if (typing.get_origin(hint) or hint) is not right:
        definition.refuse(f"ctx is {_show(hint)}, and must be {right.__name__}")
    for argument in typing.get_args(hint):
        if argument is Any or isinstance(argument, typing.TypeVar):
            continue
        if not (isinstance(argument, type) and issubclass(config_type, argument)):
            has = "no configuration" if config_type is type(None) else f"config={config_type.__name__}"
            definition.refuse(f"ctx is {_show(hint)}, and the plugin is declared with {has}")


def _check_type(definition: Definition, what: str, hint: object) -> None:
    if place := crashing(hint):
        definition.refuse(f"{what} {_show(hint)}: {why_crashing(place)}")
    try:
        msgspec.json.Decoder(hint)
        msgspec.json.schema(hint, schema_hook=type_hook)
    except NameError as error:
        definition.refuse(
            f"{what} {_show(hint)} has a field whose annotation {error.name!r} is not there at run time; "
            "import it for real, not under TYPE_CHECKING"
        )
    except Exception as error:  # noqa: BLE001  whatever msgspec says of an annotation is the author's to read
        definition.refuse(f"{what} {_show(hint)} cannot be JSON and back: {_last_line(error)}")


def _last_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


def _show(hint: object) -> str:
    return hint.__qualname__ if isinstance(hint, type) else str(hint).replace("typing.", "")
