"""Everything the house asks of hooks, in one place."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, cast

from msgspec import Struct

from hookyard import log
from hookyard.auth import Principal
from hookyard.context import JobInfo
from hookyard.errors import Refused
from hookyard.hookspecs import (
    AccessQuestion,
    CliCommand,
    Credentials,
    HealthReport,
    InboundEvent,
    SecretReference,
    WebhookRequest,
    WebhookVerdict,
)
from hookyard.hookspecs.access import Identity
from hookyard.host.hooks import facts
from hookyard.host.hooks.calling import Caller
from hookyard.host.hooks.health import HealthReports
from hookyard.host.hooks.lines import HookLog, Redacts
from hookyard.host.hooks.middleware import Middlewares
from hookyard.host.hooks.observers import Observers
from hookyard.host.hooks.records import HookRecord, HookResult
from hookyard.host.hooks.table import Implementation, Member, Table
from hookyard.model import Delivery, Event, Job
from hookyard.plugin import Plugin
from hookyard.store.contract import FinishDelivery

TIMEOUT: Final = 10.0
DECISION: Final = 5.0
HEALTH: Final = 2.0
_RETRY_AFTER: Final = 5
_LAST_WORDS: Final = 0.5
"""Seconds on top of what a call may take, so that one that takes too long is recorded as that."""

_log = log.get("hooks")
Plugins = Iterable[tuple[Plugin[Any], object]]


class Change(Struct, frozen=True):
    """What :meth:`Hooks.change` has done."""

    results: tuple[HookResult, ...]
    """Of the `startup` of the plugins that are new."""
    gone: tuple[Member, ...]
    """The plugins that are not there any more, for :meth:`Hooks.retire`."""


class Hooks:
    """Calls the hooks of the active plugins; each implementation is awaited, timed, bounded and isolated.

    One object for as long as the server lives: a reload changes what is in it. Made and used on one event loop. The
    `has_` flags are there so that what nobody implements costs those who would call it nothing.

    Args:
        plugins: the active ones, with their configurations.
        own: Hookyard's own providers, asked before all others and there through every change.
        timeout: seconds that `startup`, `shutdown`, an observer and a middleware may take.
        decision: seconds that one may take whose answer somebody waits for.
    """

    has_authenticate: bool
    has_authorize: bool
    has_health: bool
    has_run_middleware: bool
    has_job_started: bool
    has_job_finished: bool
    has_delivery_finished: bool
    has_event_emitted: bool

    def __init__(
        self, plugins: Plugins = (), *, own: Plugins = (), timeout: float = TIMEOUT, decision: float = DECISION
    ) -> None:
        self._own = tuple(own)
        self._timeout = timeout
        self._decision = decision
        self._lines = HookLog()
        self._caller = Caller()
        self._observers = Observers(self._caller, timeout)
        self._middlewares = Middlewares(self._caller, timeout)
        self._health = HealthReports(self._caller, min(HEALTH, decision))
        self._use(Table((*self._own, *plugins), self._lines))

    def _use(self, table: Table) -> None:
        self._table = table
        self._started, self._finished = table.by_hook["job_started"], table.by_hook["job_finished"]
        self._middleware = table.by_hook["run_middleware"]
        self.has_authenticate = bool(table.by_hook["authenticate"])
        self.has_authorize = bool(table.by_hook["authorize"])
        self.has_health = bool(table.by_hook["health"])
        self.has_run_middleware = bool(self._middleware)
        self.has_job_started = bool(self._started)
        self.has_job_finished = bool(self._finished)
        self.has_delivery_finished = bool(table.by_hook["delivery_finished"])
        self.has_event_emitted = bool(table.by_hook["event_emitted"])

    def redact(self, redactor: Callable[[str], Redacts | None]) -> None:
        """Say what keeps the secrets of each plugin out of what its hooks log."""
        self._lines.redactor = redactor

    # --- life ---

    async def startup(self) -> tuple[HookResult, ...]:
        """The server is about to take its first request."""
        return await self._each("startup", self._table.members)

    async def change(self, plugins: Plugins) -> Change:
        """Take up another set of plugins: those that are new are told `startup`, then all is swapped at once.

        A plugin that is the same object with an equal configuration stays as it is, with its records. Calls under
        way end as they began.
        """
        old = self._table
        new = Table((*self._own, *plugins), self._lines, old)
        results = await self._each("startup", [member for member in new.members if member not in old.members])
        self._use(new)
        return Change(results, tuple(member for member in old.members if member not in new.members))

    async def retire(self, gone: Iterable[Member]) -> tuple[HookResult, ...]:
        """Tell the plugins that a change has left behind `shutdown`; to be called when their last job is over."""
        return await self._each("shutdown", gone)

    async def shutdown(self) -> tuple[HookResult, ...]:
        """The server has drained; what is still told of finished jobs is waited for first, as long as one may take."""
        await self._middlewares.quiet(self._timeout + _LAST_WORDS)
        await self._observers.quiet(self._timeout + _LAST_WORDS, lambda many: _log.error("hook.untold", facts=many))
        results = await self._each("shutdown", self._table.members)
        self._caller.close()
        return results

    def records(self, plugin: str | None = None) -> tuple[HookRecord, ...]:
        """How every implementation has done, or those of one plugin, in the order of loading."""
        return tuple(
            each.record
            for member in self._table.members
            if plugin is None or member.plugin.name == plugin
            for each in member.by_hook.values()
        )

    # --- observers: told, and not waited for ---

    def job_started(self, job: Job) -> None:
        """An attempt of a job begins; the job is as it is stored during the attempt."""
        if self._started:
            self._tell(self._started, facts.started(job))

    def job_ended(self, job: Job) -> None:
        """A job is over, and that is on disk."""
        if self._finished:
            self._tell(self._finished, facts.finished(job))

    def delivery_ended(self, delivery: Delivery, end: FinishDelivery) -> None:
        """A delivery is over, and that is on disk."""
        if self.has_delivery_finished:
            self._tell(self._table.by_hook["delivery_finished"], facts.delivered(delivery, end))

    def event_emitted(self, event: Event) -> None:
        """An event is on disk."""
        if self.has_event_emitted:
            self._tell(self._table.by_hook["event_emitted"], facts.emitted(event))

    def _tell(self, those: tuple[Implementation, ...], event: Struct) -> None:
        for each in those:
            self._observers.tell(each, event)

    # --- deciders ---

    async def authenticate(self, request: Credentials) -> Principal | None:
        """Who is calling; None when nobody knows.

        Raises:
            Refused: nobody knows, and somebody who was asked could not answer.
        """
        for result in await self._in_turn("authenticate", {"request": request}):
            if isinstance(result.value, Identity):
                found = result.value
                return Principal(f"plugin:{result.plugin}/{found.name}", found.scopes, found.tenant)
        return None

    async def authorize(self, question: AccessQuestion) -> bool:
        """Whether nobody says no.

        Raises:
            Refused: nobody says no, and somebody who was asked could not answer.
        """
        those = self._table.by_hook["authorize"]
        values = {"question": question}
        results = await asyncio.gather(*(self._caller.call(each, values, self._decision) for each in those))
        if any(result.value is False for result in results):
            return False
        if any(result.error is not None for result in results):
            raise _unanswered()
        return True

    async def verify_webhook(self, plugin: str, request: WebhookRequest) -> WebhookVerdict | None:
        """What this plugin says of a request.

        Raises:
            Refused: it could not answer.
        """
        answer = await self._one(plugin, "verify_webhook", {"request": request})
        assert answer is None or isinstance(answer, WebhookVerdict)  # noqa: S101  checked already
        return answer

    async def map_input(self, plugin: str, event: InboundEvent) -> bytes | None:
        """The input, as JSON, that this plugin makes of an event; None when it is to be ignored.

        Raises:
            Refused: it could not answer.
        """
        answer = await self._one(plugin, "map_input", {"event": event})
        assert answer is None or isinstance(answer, bytes)  # noqa: S101  checked already
        return answer

    async def resolve_secret(self, plugin: str, name: str) -> str | None:
        """A secret that a plugin declares; None when nobody has it, or nobody could say."""
        reference = SecretReference(plugin=plugin, name=name)
        try:
            results = await self._in_turn("resolve_secret", {"reference": reference})
        except Refused:
            return None
        return next((result.value for result in results if isinstance(result.value, str)), None)

    # --- around a command ---

    def around(self, job: JobInfo, run: Callable[[], Coroutine[Any, Any, bytes]]) -> Coroutine[Any, Any, bytes]:
        """Run a command within the middlewares: what `run` answers or raises, unchanged."""
        return self._middlewares.around(self._middleware, job, run)

    # --- of the plugins themselves ---

    async def health(self) -> Mapping[str, HealthReport]:
        """How those plugins are that can tell, by name; asked at most every few seconds."""
        return await self._health.of(self._table.by_hook["health"])

    async def register_cli(self, plugin: str) -> tuple[CliCommand, ...]:
        """What this plugin adds to the command line.

        Raises:
            Refused: its hook failed; the record says how.
        """
        if self._table.of(plugin, "register_cli") is None:
            return ()
        answer = await self._one(plugin, "register_cli", {})
        return cast("tuple[CliCommand, ...]", answer)

    # --- calling ---

    async def _each(self, hook: str, members: Iterable[Member]) -> tuple[HookResult, ...]:
        those = [member.by_hook[hook] for member in members if hook in member.by_hook]
        return tuple(await asyncio.gather(*(self._caller.call(each, {}, self._timeout) for each in those)))

    async def _in_turn(self, hook: str, values: Mapping[str, object]) -> list[HookResult]:
        """The results up to the first answer that is not None.

        Raises:
            Refused: there is no such answer, and somebody who was asked could not answer.
        """
        results: list[HookResult] = []
        for each in self._table.by_hook[hook]:
            results.append(await self._caller.call(each, values, self._decision))
            if results[-1].value is not None:
                return results
        if any(result.error is not None for result in results):
            raise _unanswered()
        return results

    async def _one(self, plugin: str, hook: str, values: Mapping[str, object]) -> object:
        each = self._table.of(plugin, hook)
        if each is None:  # a reload has taken it away
            raise _unanswered()
        result = await self._caller.call(each, values, self._decision)
        if result.error is not None:
            raise _unanswered()
        return result.value


def _unanswered() -> Refused:
    return Refused("plugin_unavailable", "A plugin that has a say in this did not answer.", retry_after=_RETRY_AFTER)
