"""The whole house in one process: every room built from one configuration, started and stopped in order."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any, Self

from msgspec import json

from hookyard import ids, log
from hookyard.artifacts import ArtifactStore
from hookyard.assembly import Assembly, apart_from_plugins, assemble
from hookyard.auth import Tokens
from hookyard.auth.jwt import Refresher
from hookyard.clock import Clock, SystemClock
from hookyard.config import Loaded, load_file
from hookyard.credentials import TokenBook, draft
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.dispatch.keeper import Keeper
from hookyard.dispatch.schedules import Scheduler
from hookyard.egress.fetch import fetch
from hookyard.egress.visitor import Visitor, visitor_rules
from hookyard.errors import ConfigError, Refused, StoreUnavailable
from hookyard.facilities import Facilities
from hookyard.gateway import GatewayDeps, Readiness, Tables, build
from hookyard.gateway.bodies import Bodies
from hookyard.gateway.limits import Limits
from hookyard.host.changes import Changes, changes
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Registry
from hookyard.inbound import own
from hookyard.leftovers import Leftovers
from hookyard.model import AuditEntry, Job
from hookyard.outbound import Outbound
from hookyard.plugin import Plugin
from hookyard.reloading import Reread, discard, effective, one_at_a_time, read_in_time
from hookyard.runners import Runners
from hookyard.store.audited import first_of
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AppendAudit, Done, Store
from hookyard.store.sqlite import SqliteStore
from hookyard.store.write_probe import WriteProbe

_log = log.get("service")
_WRONG = {"failed", "blocked", "incompatible"}


class Service:
    """A running Hookyard, without the server in front of it.

    Use :meth:`open`; then `app` answers once :meth:`start` has returned.
    """

    def __init__(
        self,
        loaded: Loaded,
        assembly: Assembly,
        store: SqliteStore,
        clock: Clock,
        *,
        make_id: ids.IdSource,
        reread: Reread,
    ) -> None:
        config = loaded.config
        self._reread, self._reloading = reread, asyncio.Lock()
        self._leftovers = Leftovers()
        self.config = config
        self._assembly = assembly
        self._store = store
        self._readiness = Readiness()
        self._writer = Coalescer(store, queue=config.store.queue, batch=config.store.batch, clock=clock)
        self._hooks = Hooks(_with_hooks(assembly), own=[(own.plugin, None)])
        self._outbound = Outbound(config, self._writer, make_id, clock, ended=self._hooks.delivery_ended)
        self._artifacts = ArtifactStore.open(config.artifacts, loaded.base)
        self._looking: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._keeper = self._make_keeper(clock)
        self._facilities = self._make_facilities(clock, make_id)
        self._hooks.redact(self._facilities.redactor)
        self._runners = Runners(self._hooks, self._facilities.clean)
        self._dispatcher = self._make_dispatcher(clock, make_id)
        self._facilities.bind(self._dispatcher)
        self._outbound.telling.stored = self._dispatcher.house.stored
        self.work = self._dispatcher.work
        self._scheduler = self._make_scheduler(clock, make_id)
        self._limits = Limits(config.limits, clock.now)
        self._jwks = self._make_jwks(clock, loaded)
        self._tokens = Tokens(config.tokens, clock, others=[self._jwks.scheme])
        self._book = TokenBook(self._tokens, store, self._writer.submit, clock)
        self._visitor = Visitor(visitor_rules(config.outbound))
        self._deps = self._make_deps(clock, make_id)
        self.app = build(self._deps)

    def _make_deps(self, clock: Clock, make_id: ids.IdSource) -> GatewayDeps:
        return GatewayDeps(
            config=self.config,
            registry=self._assembly.registry,
            dispatcher=self._dispatcher,
            lanes=self._dispatcher.lanes,
            store=self._store,
            artifacts=self._artifacts,
            sources=self._assembly.sources,
            write=self._writer.submit,
            tokens=self._tokens,
            book=self._book,
            ids=make_id,
            clock=clock,
            readiness=self._readiness,
            limits=self._limits,
            check_callback=self._outbound.check_callback,
            schedules=self._scheduler.manage,
            work=self.work,
            endpoints=self._outbound.manager,
            recovery=self._outbound.recovery(self._store),
            lines=self._outbound.state,
            count_endpoints=self._outbound.overview,
            recent_dead=self._outbound.recent_dead,
            write_probe=WriteProbe(self._writer, clock),
            public_key=self._outbound.public_key,
            hooks=self._hooks,
            visit=self._visitor.visit,
            fetch=self._visitor.get,
            bodies=Bodies(int(self.config.server.body_memory), int(self.config.server.body_timeout)),
            reload=self.reload,
        )

    def _make_keeper(self, clock: Clock) -> Keeper:
        return Keeper(
            store=self._store,
            writer=self._writer,
            objects=self._artifacts,
            settings=self.config.retention,
            clock=clock,
        )

    def _make_jwks(self, clock: Clock, loaded: Loaded) -> Refresher:
        made = Refresher(clock, fetch)
        made.scheme.use(self.config.jwt, loaded.base)
        return made

    def _make_facilities(self, clock: Clock, make_id: ids.IdSource) -> Facilities:
        return Facilities(
            self.config,
            self._assembly.registry,
            store=self._store,
            writer=self._writer,
            objects=self._artifacts,
            clock=clock,
            ids=make_id,
            resolve_secret=self._hooks.resolve_secret,
        )

    def _make_dispatcher(self, clock: Clock, make_id: ids.IdSource) -> Dispatcher:
        return Dispatcher(
            store=self._store,
            writer=self._writer,
            registry=self._assembly.registry,
            runners=self._runners,
            settings=self.config.jobs,
            clock=clock,
            outbox=self._outbound.outbox,
            ports=self._facilities,
            ids=make_id,
            ended=self._job_ended,
            started=self._hooks.job_started,
            published=self._hooks.event_emitted,
        )

    def _make_scheduler(self, clock: Clock, make_id: ids.IdSource) -> Scheduler:
        return Scheduler(
            store=self._store,
            writer=self._writer,
            registry=self._assembly.registry,
            clock=clock,
            ids=make_id,
            expect=self._dispatcher.expect,
            cancel=lambda job_id: self._dispatcher.cancel(job_id, reason="replaced"),
            supersede=self._dispatcher.supersede,
            tells=self._dispatcher.house,
        )

    def _job_ended(self, job: Job) -> None:
        self._scheduler.ended(job)
        self._hooks.job_ended(job)

    @classmethod
    async def open(cls, loaded: Loaded, *, clock: Clock | None = None, reread: Reread | None = None) -> Self:
        """Open the store and build every room.

        Args:
            loaded: the configuration.
            clock: where time comes from; the machine's own if left out.
            reread: reads the configuration again, for a reload; from the same file if left out.

        Raises:
            ConfigError: the configuration does not fit the plugins, or one of the rooms.
            StoreError: the store cannot be opened.
        """
        assembly = assemble(loaded)
        if assembly.problems:
            raise ConfigError(assembly.problems)
        clock = clock or SystemClock()
        settings = loaded.config.store
        store = await SqliteStore.open(loaded.base / settings.path, synchronous=settings.synchronous)
        try:
            last = await store.last_id()
            make_id = ids.IdSource(clock, after=0 if last is None else ids.key(last))
            again = reread or (lambda: _same_file(loaded))
            return cls(loaded, assembly, store, clock, make_id=make_id, reread=again)
        except BaseException:
            await store.aclose()
            store.close()
            raise

    async def start(self) -> None:
        """Start every room, the receiving end last; then say ready."""
        await self._writer.start()
        await self._book.start()
        await self._jwks.start()
        await self._hooks.startup()
        self._runners.start()
        await self._outbound.start(self._store)
        await self._dispatcher.start()
        await self._scheduler.start(self.config.schedules)
        self._keeper.start()
        for plugin in self._assembly.registry.plugins:
            report = _log.warning if plugin.state in _WRONG else _log.info
            report("plugin.listed", plugin=plugin.name, state=plugin.state, reason=plugin.reason)
        for route in self._assembly.degraded:
            _log.warning("route.unavailable", route=route.path, line=route.line, reason=route.message)
        self._looking = asyncio.create_task(_look_at(self._artifacts, self._store), name="hookyard-artifacts")
        self._counting = asyncio.create_task(self._outbound.log_overview(self._store), name="hookyard-endpoints")
        self._readiness.state = "ready"

    async def first_token(self) -> str | None:
        """Make an admin's token where nobody can call: return it, or None where somebody can.

        Raises:
            StoreUnavailable, StoreError: it cannot be kept.
        """
        config = self.config
        if config.tokens or config.jwt or self._hooks.has_authenticate or await self._book.all():
            return None
        text, token, op = draft(self._deps.ids, self._deps.clock, name="admin", by="server:start", only_first=True)
        done = await self._writer.submit(op)
        if not isinstance(first_of(done), Done):
            return None
        self._tokens.put(token)
        return text

    async def reload(self) -> Changes:
        """Read the configuration and the plugins again, and go on with what they are now; all of it or nothing.

        What runs keeps the command it began with. Two at once are carried out one after the other.

        Raises:
            ConfigError: something is wrong with them; nothing has changed.
            Refused: the server is not ready, or shuts down, or an earlier reload takes long.
        """
        async with one_at_a_time(self._reloading):
            self._require_ready()
            before = self._assembly.registry
            try:
                loaded, assembly = await read_in_time(self._reread, before)
                await self._claim(loaded, assembly.registry)
            except ConfigError as error:
                self._leftovers.garbage.collect_soon()
                _log.warning("reload.refused", problems=[str(problem) for problem in error.problems])
                raise
            config, settings, restart = effective(self.config, loaded.config)
            registry = assembly.registry
            deps = dataclasses.replace(self._deps, config=config, registry=registry, sources=assembly.sources)
            tables = await asyncio.to_thread(Tables.build, deps)
            try:
                self._require_ready()  # it may have begun to shut down meanwhile
            except Refused:
                discard(self._assembly.registry, registry)
                raise
            change = await self._hooks.change(_with_hooks(assembly))
            # From here on nothing waits: to everybody else all rooms change at once.
            self.config, self._assembly, self._deps = config, assembly, deps
            self._tokens.use(config.tokens)
            self._jwks.scheme.use(config.jwt, loaded.base)
            self._jwks.changed()
            self._limits.use(config.limits)
            self._outbound.use(config)
            self._visitor.use(visitor_rules(config.outbound))
            self._facilities.use(registry, config)
            self._dispatcher.use(registry)
            self._keeper.use(config.retention)
            self._scheduler.use_commands(registry)
            self._runners.keep(registry.commands.values())
            self.app.use(tables)
            done = changes(before, registry, settings, restart)
            self._leftovers.add(before, registry, change.gone)
            await self._outbound.save()
            await self._scheduler.use(config.schedules)
        self._say(done)
        await self._leftovers.clear(self._hooks, self._dispatcher)
        return done

    async def reload_for_signal(self) -> None:
        """Do :meth:`reload` because the process was sent SIGHUP, and note it in the audit log.

        Raises:
            ConfigError, Refused: as there.
        """
        done = await self.reload()
        audit = AuditEntry(
            id=self._deps.ids(),
            at=self._deps.clock.now(),
            principal="signal:hup",
            action="server.reload",
            target="server",
            details=json.encode(done.told),
        )
        await self._deps.write(AppendAudit(now=audit.at, entry=audit))

    async def _claim(self, loaded: Loaded, registry: Registry) -> None:
        if taken := await self._outbound.claim(loaded.config):
            discard(self._assembly.registry, registry)
            raise ConfigError(tuple(loaded.problem(path, message) for path, message in taken))

    def _require_ready(self) -> None:
        if self._readiness.state != "ready":
            raise Refused(self._readiness.state)

    def _say(self, done: Changes) -> None:
        _log.info("reload.done", **done.told)
        for record in done.failed:
            _log.warning("plugin.listed", plugin=record.name, state=record.state, reason=record.reason)
        for route in self._assembly.degraded:
            _log.warning("route.unavailable", route=route.path, line=route.line, reason=route.message)

    def begin_drain(self) -> None:
        """Take nothing new from now on, and say so."""
        self._readiness.state = "draining"
        self._dispatcher.stop_accepting()

    def release_jobs(self) -> None:
        """Do not wait for running jobs any longer: stop them, and give them back to the queue."""
        self._dispatcher.release_all()

    async def stop(self) -> None:
        """Finish or give back what runs, send what is being sent, and close the store."""
        self.begin_drain()
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])
        await self._keeper.stop()
        await self._scheduler.stop()
        await self._dispatcher.drain()
        await self._facilities.aclose()
        await self._outbound.drain()
        await self._visitor.aclose()
        await self._runners.aclose()
        await self._leftovers.end(self._hooks)
        await self._hooks.shutdown()
        await self._jwks.stop()
        await self._book.stop()
        await self._writer.aclose()
        await self._store.aclose()


async def _look_at(artifacts: ArtifactStore, store: Store) -> None:
    """Count what the artifacts take, and say when their store does not answer: a server can do much without it."""
    try:
        artifacts.quota.set(await store.artifact_bytes())
    except StoreUnavailable as error:
        _log.warning("artifacts.not_counted", why=str(error))
    if (reason := await artifacts.probe()) is not None:
        _log.warning("artifacts.unavailable", why=reason)


def _with_hooks(assembly: Assembly) -> list[tuple[Plugin[Any], object]]:
    """The plugins that can implement hooks: those that are imported into this process."""
    active = assembly.registry.active
    return [(each.plugin, each.config) for each in active if isinstance(each.plugin, Plugin)]


def _same_file(loaded: Loaded) -> Loaded:
    return load_file(loaded.base / Path(loaded.name).name, checks=apart_from_plugins)
