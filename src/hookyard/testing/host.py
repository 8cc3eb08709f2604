"""A whole Hookyard in memory, for the tests of plugins."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload
from uuid import uuid4

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from hookyard.config.model import PluginHttp, PluginScheme, PluginSettings, RouteSettings
from hookyard.config.values import Secret
from hookyard.context import Context, SyncContext
from hookyard.host.registry import Command, Registry
from hookyard.inbound import own
from hookyard.model import Job
from hookyard.plugin import Plugin
from hookyard.testing.given import Given, given, plugin_of, registry_of, settled, with_config
from hookyard.testing.look import MOST, Look
from hookyard.testing.loop import LoopClock, LoopThread
from hookyard.testing.options import TRIGGER_KEYS, Options, WebhookOptions
from hookyard.testing.outcome import JobFailed, said_of
from hookyard.testing.settings import settings_of_tests
from hookyard.testing.webhook import (
    SECRET,
    AnyScheme,
    Sending,
    WebhookAnswer,
    job_of,
    post,
    scheme_named,
    source_of,
)

if TYPE_CHECKING:
    # With it comes the whole server, which a test of one function alone does not need.
    from hookyard.testing.house import House

C = TypeVar("C", bound=Struct)
In = TypeVar("In", bound=Struct)
Out = TypeVar("Out")
T = TypeVar("T")


class Host(Look):
    """A Hookyard of a test's own: the real dispatcher, runners, context and gateway over a store in memory.

    Nothing is looked for in plugin folders or among what is installed, nothing is sent to anybody, and time stands
    still but for what a job waits for, which is skipped. The pytest fixture `hookyard` is one of these; elsewhere it
    is a context manager. Every method that takes its time has a twin for `async def` tests, whose name begins with `a`.

    Attributes:
        clock: the time of the host, which a test may :meth:`~hookyard.testing.FakeClock.advance`.
        patience: seconds of real time after which a job that does not end fails its test.
    """

    def __init__(self) -> None:
        self.clock = LoopClock(time.time_ns() // 1_000_000)
        self.patience = 30.0
        self._config = settings_of_tests()
        self._given: dict[str, Given] = {}
        self._registry = Registry()
        self._thread: LoopThread | None = None
        self._house: House | None = None
        self._starting = threading.Lock()
        """Held by whoever starts the rooms, or changes what they start with."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop what still runs."""
        thread, house = self._thread, self._house
        self._thread = self._house = None
        if thread is not None:
            try:
                if house is not None:
                    thread.call(house.aclose())
            finally:
                self.clock.thread = None
                thread.close()

    # --- plugins ---

    @overload
    def load(
        self,
        plugin: Plugin[None],
        *,
        secrets: Mapping[str, str] | None = None,
        http: PluginHttp | None = None,
        settings: PluginSettings | None = None,
    ) -> None: ...
    @overload
    def load(
        self,
        plugin: Plugin[C],
        *,
        config: C | Mapping[str, object] | None = None,
        secrets: Mapping[str, str] | None = None,
        http: PluginHttp | None = None,
        settings: PluginSettings | None = None,
    ) -> None: ...
    @overload
    def load(
        self,
        plugin: Path,
        *,
        config: Mapping[str, object] | None = None,
        secrets: Mapping[str, str] | None = None,
        http: PluginHttp | None = None,
        settings: PluginSettings | None = None,
    ) -> None: ...
    def load(
        self,
        plugin: Plugin[Any] | Path,
        *,
        config: object = None,
        secrets: Mapping[str, str] | None = None,
        http: PluginHttp | None = None,
        settings: PluginSettings | None = None,
    ) -> None:
        """Have a plugin, or have it with other settings from now on.

        A plugin that needs neither configuration nor secrets need not be loaded: :meth:`trigger` knows the plugin of
        its function.

        Args:
            plugin: the object, or the file or folder of a plugin of any kind.
            config: its configuration; the defaults of its Struct if left out.
            secrets: all that it declares.
            http: where its `ctx.http` may really go; it reaches nobody if left out, and respx works either way.
            settings: whatever else a configuration may say of it, such as the limits of its processes.

        Raises:
            PluginLoadError: a server would not run it; the message says why.
        """
        made = settings or PluginSettings()
        if config is not None:
            made = with_config(made, config)
        if secrets is not None:
            made = replace(made, secrets={name: Secret(value) for name, value in secrets.items()})
        if http is not None:
            made = replace(made, http=http)
        self._load(given(plugin, made, self._config))

    def _load(self, one: Given) -> None:
        name = one.candidate.name
        with self._starting:  # a host that starts meanwhile would start without it
            config = replace(self._config, plugins={**self._config.plugins, name: one.settings})
            wanted = {**self._given, name: one}
            registry = registry_of(wanted, config)
            if self._house is not None:
                self._ask(lambda house: house.use(config, registry))
            self._config, self._registry, self._given = config, registry, settled(wanted, registry)

    # --- jobs ---

    @overload
    def trigger(
        self,
        command: Callable[[In, Context[Any]], Coroutine[Any, Any, Out]],
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> Out: ...
    @overload
    def trigger(
        self,
        command: Callable[[In, SyncContext[Any]], Out],
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> Out: ...
    @overload
    def trigger(self, command: str, data: Struct | Mapping[str, object] | bytes, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  a name does not tell the type
    def trigger(self, command: object, data: object, **options: Unpack[Options]) -> object:
        """Run a command as a server does, with all of its attempts, and return its answer.

        Args:
            command: the decorated function, which keeps its types; or `plugin/command`.
            data: the input, or its JSON. It passes through JSON as the answer does, and both are checked.
            **options: see :class:`Options`.

        Raises:
            Refused: the gateway would refuse this, for example an input of another type.
            JobFailed: the job was cancelled, or does not end.
            Exception: what the last attempt raised, with a note of what became of the job and what it logged.
        """
        return self._call(self._trigger(self._command(command), data, options))

    @overload
    async def atrigger(
        self,
        command: Callable[[In, Context[Any]], Coroutine[Any, Any, Out]],
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> Out: ...
    @overload
    async def atrigger(
        self,
        command: Callable[[In, SyncContext[Any]], Out],
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> Out: ...
    @overload
    async def atrigger(
        self, command: str, data: Struct | Mapping[str, object] | bytes, **options: Unpack[Options]
    ) -> Any: ...  # noqa: ANN401  a name does not tell the type
    async def atrigger(self, command: object, data: object, **options: Unpack[Options]) -> object:
        """See :meth:`trigger`."""
        return await self._await(self._trigger(self._command(command), data, options))

    def trigger_job(
        self,
        command: Callable[[In, Any], object] | str,
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> Job:
        """Run a command as :meth:`trigger` does, and return its job, whatever became of it."""
        return self._call(self._ended(self._submit(self._command(command), data, options)))

    async def atrigger_job(
        self,
        command: Callable[[In, Any], object] | str,
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> Job:
        """See :meth:`trigger_job`."""
        return await self._await(self._ended(self._submit(self._command(command), data, options)))

    def submit(
        self,
        command: Callable[[In, Any], object] | str,
        data: In | Mapping[str, object] | bytes,
        **options: Unpack[Options],
    ) -> str:
        """Store a job, and return its id without waiting for it."""
        return self._call(self._submit(self._command(command), data, options))

    def wait_job(self, job_id: str) -> Job:
        """The job of this id, once it has ended.

        Raises:
            JobFailed: it does not.
        """
        return self._call(self._ended(_known(job_id)))

    async def await_job(self, job_id: str) -> Job:
        """See :meth:`wait_job`."""
        return await self._await(self._ended(_known(job_id)))

    def cancel(self, job_id: str) -> None:
        """Cancel a job: one that is queued ends at once, one that runs is asked to."""
        self._ask(lambda house: house.cancel(job_id))

    # --- webhooks ---

    def webhook(self, source: str, body: object, **options: Unpack[WebhookOptions]) -> WebhookAnswer:
        """Send a webhook through the real gateway, signed as its sender signs, and wait for its job.

        Args:
            source: `github`, `hookyard` for Standard Webhooks, or any other with a `scheme`.
            body: what is sent: bytes and text as they are, anything else as JSON. Of Standard Webhooks it is the
                `data`, and the rest is put around it.
            **options: see :class:`WebhookOptions`.

        Raises:
            SourcesError: the routes do not fit the commands.
            JobFailed: the job does not end.
        """
        return self._call(self._sent(source, body, options))

    async def awebhook(self, source: str, body: object, **options: Unpack[WebhookOptions]) -> WebhookAnswer:
        """See :meth:`webhook`."""
        return await self._await(self._sent(source, body, options))

    # --- behind it ---

    def _started(self) -> tuple[LoopThread, "House"]:
        thread, house = self._thread, self._house
        if thread is not None and house is not None:
            return thread, house
        if thread is not None and thread.is_current:
            msg = "a plugin cannot use the test's host while that starts"
            raise RuntimeError(msg)
        with self._starting:  # two threads of a test may both be the first
            if self._thread is None or self._house is None:
                from hookyard.testing.house import House

                self._thread = self.clock.thread = LoopThread()
                self._house = self._thread.call(House.open(self._config, self._registry, self.clock))
            return self._thread, self._house

    def _ask(self, question: "Callable[[House], Coroutine[Any, Any, T]]") -> T:
        thread, house = self._started()
        return thread.call(question(house))

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return self._started()[0].call(work)

    async def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(self._started()[0].begin(work))

    def _command(self, command: object) -> Command:
        found = self._find(command)
        if found is None and callable(command) and (plugin := plugin_of(command)) is not None:
            if plugin.name in self._given:
                msg = f"another plugin {plugin.name!r} is loaded than that of {command!r}"
                raise LookupError(msg)
            self.load(plugin)
            found = self._find(command)
        if found is None:
            known = ", ".join(self._registry.commands) or "none"
            hint = "load its plugin first" if callable(command) else "write plugin/command"
            msg = f"no command {command!r} is loaded; {hint} (loaded: {known})"
            raise LookupError(msg)
        return found

    def _find(self, command: object) -> Command | None:
        for found in self._registry.commands.values():
            if command == found.key or command is found.spec.function:
                return found
        return None

    async def _trigger(self, command: Command, data: object, options: Options) -> object:
        job = await self._ended(self._submit(command, data, options))
        if job.status == "succeeded":
            return msgspec.json.decode(job.result or b"null", type=command.spec.output_type)
        _, house = self._started()
        lines = await house.store.log_lines(job.id, limit=MOST)
        error = house.errors.get(job.id)
        if error is None or job.status == "cancelled":
            raise JobFailed(job, lines)
        error.add_note(said_of(job, lines))
        raise error

    async def _submit(self, command: Command, data: object, options: Options) -> str:
        _, house = self._started()
        how = {TRIGGER_KEYS[name]: value for name, value in options.items() if name in TRIGGER_KEYS}
        payload = data if isinstance(data, bytes) else msgspec.json.encode(data)
        body = msgspec.json.encode({"payload": Raw(payload), **how})
        return await house.submit(command, body, options.get("principal", "test"), options.get("idempotency_key"))

    async def _ended(self, stored: Coroutine[Any, Any, str]) -> Job:
        _, house = self._started()
        job_id = await stored
        job = await house.ended(job_id, self.patience)
        if job is None:
            job = await house.store.job(job_id)
            assert job is not None  # noqa: S101  it was looked at all the time
            raise JobFailed(job, await house.store.log_lines(job_id, limit=MOST))
        return job

    def _sent(self, source: str, body: object, options: WebhookOptions) -> Coroutine[Any, Any, WebhookAnswer]:
        scheme = options.get("scheme") or scheme_named(source)
        # Here, and not on the loop: a command's plugin may have to be loaded.
        settings = source_of(scheme, options.get("secret", SECRET), self._routes(options, scheme))
        if self._config.sources.get(source) != settings:
            config = replace(self._config, sources={**self._config.sources, source: settings})
            self._ask(lambda house: house.use(config, self._registry))
            self._config = config
        sending = Sending(
            scheme=scheme,
            secret=options.get("secret", SECRET),
            event=options.get("event", "webhook"),
            delivery=options.get("delivery") or str(uuid4()),
            now=self.clock.now(),
        )
        headers, content = sending.request(body)
        headers |= {name.lower(): value for name, value in options.get("headers", {}).items()}
        return self._posted(f"/hooks/{source}", headers, content)

    async def _posted(self, path: str, headers: Mapping[str, str], content: bytes) -> WebhookAnswer:
        _, house = self._started()
        status, answer = await post(house.gateway, path, headers, content)
        job_id = job_of(answer)
        return WebhookAnswer(status, answer, None if job_id is None else await self._ended(_known(job_id)))

    def _routes(self, options: WebhookOptions, scheme: AnyScheme) -> tuple[RouteSettings, ...]:
        if routes := options.get("routes"):
            return tuple(self._route(route) for route in routes)
        run = options.get("run")
        if run is None and len(self._registry.commands) != 1:
            known = ", ".join(self._registry.commands) or "none"
            msg = f"say which command is to run, with run= or routes=; loaded: {known}"
            raise LookupError(msg)
        key = next(iter(self._registry.commands)) if run is None else self._command(run).key
        mapper = own.plugin.name if scheme == PluginScheme(plugin=own.plugin.name) else None
        return (RouteSettings(run=key, map=mapper),)

    def _route(self, route: RouteSettings | Mapping[str, object]) -> RouteSettings:
        if isinstance(route, RouteSettings):
            return route
        run = route.get("run")
        named = {**route, "run": self._command(run).key} if callable(run) else route
        return msgspec.convert(named, RouteSettings)


async def _known(job_id: str) -> str:
    return job_id
