"""A plugin: a named bundle of commands and hooks, declared with decorators."""

import re
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, overload

import msgspec
from msgspec import Struct

from hookyard.command import CommandOptions, CommandSpec, Isolation, Keyed, Unique
from hookyard.context import Context, Encodable, SyncContext
from hookyard.context.events import EventSpec, declared_type_problem
from hookyard.crashing import crashing, why_crashing
from hookyard.errors import DeclarationError
from hookyard.hookspecs import HookDecorator
from hookyard.model import Breaker, Retry, UniquePolicy
from hookyard.signature import Definition, check_options, read_command, read_hook, type_hook

if TYPE_CHECKING:
    # Type checkers know the default of PEP 696 today; at run time it needs Python 3.13.
    from typing_extensions import TypeVar

    C = TypeVar("C", default=None)
else:
    from typing import TypeVar

    C = TypeVar("C")

__all__ = [
    "API_VERSION",
    "CommandOptions",
    "CommandSpec",
    "Encodable",
    "HookSpec",
    "Isolation",
    "Plugin",
    "Retry",
    "is_name",
]

API_VERSION: Final = 1
"""Raised when a plugin written for an older Hookyard would no longer work."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


In = TypeVar("In", bound=Struct)
Out = TypeVar("Out", bound=Encodable)
Config = TypeVar("Config", bound=Struct)
Hook = TypeVar("Hook", bound=Callable[..., object])


class _Decorator(Protocol[C]):
    """What `@plugin.command(...)` is."""

    @overload
    def __call__(
        self, function: Callable[[In, Context[C]], Coroutine[Any, Any, Out]], /
    ) -> Callable[[In, Context[C]], Coroutine[Any, Any, Out]]: ...
    @overload
    def __call__(self, function: Callable[[In, SyncContext[C]], Out], /) -> Callable[[In, SyncContext[C]], Out]: ...


@dataclass(frozen=True, slots=True)
class HookSpec:
    """One plugin's implementation of one hook."""

    name: str
    function: Callable[..., Any]
    is_async: bool


class Plugin(Generic[C]):
    """A named bundle of commands and hooks.

    Args:
        name: how it is called in routes, URLs and the configuration; lower case, `a-z 0-9 _ -`.
        config: the Struct its section of the configuration is decoded into; without it there is none.
        version: shown beside its name.
        isolation: of every command that does not choose its own.
        secrets: the names of what `ctx.secrets` may be asked for; the configuration has them under
            `plugins.<name>.secrets`. One that ends with `*` stands for all that begin so, such as those of
            configured targets.
        events: the types of events that its commands emit, with the Structs that their data is, so that those who get
            them know what to expect; `ctx.emit` of one of them with other data is refused.

    Raises:
        DeclarationError: the name, the configuration's type or an event cannot be used.
    """

    @overload
    def __init__(
        self: "Plugin[None]",
        name: str,
        *,
        version: str | None = None,
        isolation: Isolation | None = None,
        secrets: Collection[str] = (),
        events: Mapping[str, type[Struct]] = MappingProxyType({}),
    ) -> None: ...
    @overload
    def __init__(
        self: "Plugin[Config]",
        name: str,
        *,
        config: type[Config],
        version: str | None = None,
        isolation: Isolation | None = None,
        secrets: Collection[str] = (),
        events: Mapping[str, type[Struct]] = MappingProxyType({}),
    ) -> None: ...
    def __init__(
        self,
        name: str,
        *,
        config: type[Any] = NoneType,
        version: str | None = None,
        isolation: Isolation | None = None,
        secrets: Collection[str] = (),
        events: Mapping[str, type[Struct]] = MappingProxyType({}),
    ) -> None:
        if not is_name(name):
            msg = f"{name!r} is no plugin name; that is a lower-case letter, then a-z 0-9 _ - only"
            raise DeclarationError(msg)
        if config is not NoneType:
            _check_config(name, config)
        self.api: int = API_VERSION
        self.name = name
        self.version = version
        self.config_type: type[Any] = config
        self.secrets: tuple[str, ...] = tuple(secrets)
        self.events: Mapping[str, EventSpec] = MappingProxyType(_declared(name, events))
        self._isolation: Isolation | None = isolation
        self._commands: dict[str, CommandSpec] = {}
        self._hooks: dict[str, HookSpec] = {}

    def __repr__(self) -> str:
        return f"Plugin({self.name!r})"

    @property
    def commands(self) -> Mapping[str, CommandSpec]:
        """Its commands by name."""
        return MappingProxyType(self._commands)

    @property
    def hooks(self) -> Mapping[str, HookSpec]:
        """Its hooks by name."""
        return MappingProxyType(self._hooks)

    @overload
    def command(
        self, function: Callable[[In, Context[C]], Coroutine[Any, Any, Out]], /
    ) -> Callable[[In, Context[C]], Coroutine[Any, Any, Out]]: ...
    @overload
    def command(self, function: Callable[[In, SyncContext[C]], Out], /) -> Callable[[In, SyncContext[C]], Out]: ...
    @overload
    def command(
        self,
        *,
        name: str | None = None,
        summary: str | None = None,
        read_only: bool = False,
        timeout: float | None = None,
        retry: Retry | None = None,
        concurrency: int | Keyed | None = None,
        isolation: Isolation | None = None,
        idempotent: bool = False,
        priority: int = 0,
        deprecated: bool = False,
        breaker: Breaker | None = None,
        max_result: int | None = None,
        unique: UniquePolicy | Unique | None = None,
        debounce: float | None = None,
        debounce_max: float | None = None,
        on_success: str | tuple[str, ...] = (),
        on_failure: str | tuple[str, ...] = (),
    ) -> _Decorator[C]: ...
    def command(self, function: object = None, *, name: str | None = None, **options: object) -> object:
        """Declare a command: `@plugin.command`, or with options `@plugin.command(timeout=30)`.

        The function stays the plain function it was. It is `(data: In, ctx: Context) -> Out` as an
        `async def`, or `(data: In, ctx: SyncContext) -> Out` as a `def`, which runs in a thread.

        Args:
            function: what is decorated.
            name: the command; the function's name when left out.
            **options: the fields of :class:`hookyard.command.CommandOptions`.

        Raises:
            DeclarationError: something about it is wrong; the message quotes the definition.
        """

        def declare(function: object) -> object:
            definition, data, out = read_command(function, self.config_type)
            self._add(definition, data, out, name or definition.name, options)
            return function

        return declare if function is None else declare(function)

    @property
    def hook(self) -> HookDecorator[C]:
        """Declare the implementation of the hook that the function's name names: `@plugin.hook`.

        Raises:
            DeclarationError: there is no such hook, it does not take these parameters, or it does not answer this.
        """
        return self._declare_hook

    def _declare_hook(self, function: Hook, /) -> Hook:
        definition = read_hook(function, self.config_type)
        if definition.name in self._hooks:
            definition.refuse("the plugin has this hook already")
        self._hooks[definition.name] = HookSpec(definition.name, function, definition.is_async)
        return function

    def _add(
        self, definition: Definition, data: type[Struct], out: object, name: str, given: Mapping[str, object]
    ) -> None:
        if not is_name(name):
            definition.refuse(f"{name!r} is no command name; that is a lower-case letter, then a-z 0-9 _ - only")
        if name in self._commands:
            definition.refuse(f"the plugin has a command {name!r} already")
        unknown = given.keys() - set(CommandOptions.__struct_fields__)
        if unknown:
            definition.refuse(f"there is no option {', '.join(sorted(unknown))}")
        description = cleandoc(definition.function.__doc__ or "")
        isolation = self._isolation or ("inline" if definition.is_async else "thread")
        chosen = {key: value for key, value in given.items() if value is not None}
        defaults: dict[str, object] = {"summary": description.partition("\n")[0], "isolation": isolation}
        try:
            options = msgspec.convert(defaults | chosen, CommandOptions)
        except msgspec.ValidationError as error:
            definition.refuse(f"an option is wrong: {error}")
        check_options(definition, options, data)
        self._commands[name] = CommandSpec(
            plugin=self.name,
            name=name,
            function=definition.function,
            is_async=definition.is_async,
            input_type=data,
            output_type=out,
            summary=options.summary,
            description=description,
            options=options,
            events=self.events,
        )


def is_name(text: str) -> bool:
    """Whether this may be the name of a plugin or a command."""
    return _NAME.fullmatch(text) is not None


def _declared(name: str, events: Mapping[str, object]) -> dict[str, EventSpec]:
    found: dict[str, EventSpec] = {}
    for kind, data in events.items():
        if why := declared_type_problem(kind):
            msg = f"plugin {name!r}: the event type {kind!r} {why}"
            raise DeclarationError(msg)
        if not (isinstance(data, type) and issubclass(data, Struct)):
            msg = f"plugin {name!r}: the data of the event {kind!r} is {data!r}, and must be a msgspec.Struct"
            raise DeclarationError(msg)
        if place := crashing(data):
            msg = f"plugin {name!r}: the data of the event {kind!r}, {data.__name__}: {why_crashing(place)}"
            raise DeclarationError(msg)
        try:
            msgspec.json.schema(data, schema_hook=type_hook)
            found[kind] = EventSpec(kind, data)
        except Exception as error:
            msg = f"plugin {name!r}: the data of the event {kind!r}, {data.__name__}, cannot be told: {error}"
            raise DeclarationError(msg) from error
    return found


def _check_config(name: str, config: object) -> None:
    if not (isinstance(config, type) and issubclass(config, Struct)):
        msg = f"plugin {name!r}: config is {config!r}, and must be a msgspec.Struct"
        raise DeclarationError(msg)
    if place := crashing(config):
        msg = f"plugin {name!r}: config={config.__name__}: {why_crashing(place)}"
        raise DeclarationError(msg)
    try:
        msgspec.json.schema(config, schema_hook=type_hook)
    except Exception as error:
        msg = f"plugin {name!r}: config={config.__name__} cannot be read from YAML: {error}"
        raise DeclarationError(msg) from error
