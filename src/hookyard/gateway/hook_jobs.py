"""From a verified event to stored jobs: by the first route that takes it, or by all that do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from hookyard.command import CommandSpec
from hookyard.dispatch.new_job import NewJob
from hookyard.errors import Refused
from hookyard.gateway.accept import LOCATION, CommandWay, accepted, unstored
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.refusals import refuse
from hookyard.inbound.received import Received
from hookyard.inbound.routes.route import Route
from hookyard.inbound.source import Source
from hookyard.model import AuditEntry, ErrorInfo
from hookyard.store.contract import Dedupe, Enqueued

_MOST_EVENTS: Final = 256
_RETRY_AFTER: Final = 60
"""Seconds; a plugin comes back with a restart, which somebody has to see to."""


class HookJobs:
    """Makes the jobs of one source's events."""

    __slots__ = ("_by_event", "_by_name", "_deps", "_source", "_suffixes", "_ways")

    def __init__(self, deps: GatewayDeps, source: Source, ways: Mapping[str, CommandWay]) -> None:
        self._deps = deps
        self._source = source
        self._ways = ways
        self._suffixes = _suffixes(source.routes)
        # A plugin that verifies may call an event a ping one time and not the next.
        by_name = all(route.condition is None and route.typed is None for route in source.routes)
        self._by_name = by_name and source.plugin is None
        self._by_event: dict[str, Route] = {}

    async def store(self, received: Received, request_id: str | None, peer: str | None) -> tuple[Answer, str | None]:
        """Store what an event becomes; one that no route takes becomes nothing.

        Args:
            received: the event.
            request_id: the caller's own, if any.
            peer: the address that it comes from, for the log.

        Returns:
            The answer, and the request id that it goes out under when the caller had none.

        Raises:
            Refused: the body is no JSON, the delivery id stands for another body, there is no room in a lane, a plugin
                does not run, the store is not there.
        """
        if self._source.take == "all":
            return await self._all(received, request_id, peer)
        route = self._by_event.get(received.event) or self._first(received)
        if route is None:
            return self._ignored(received), request_id
        way = self._way(route)
        made = None
        if route.mapper is not None and (made := await self._map(route, received)) is None:
            return self._ignored(received), request_id
        new = way.event(self._source, received, route, request_id, made, received.delivery)
        if new.dead is not None:
            return await self._dead(way, new, request_id, peer)
        stored, request_id = accepted(await way.accept(new), request_id)
        return way.answer(stored), request_id

    async def replay(
        self, received: Received, command: str, audit: AuditEntry
    ) -> Sequence[tuple[Enqueued, CommandSpec]]:
        """Make jobs anew of an event, by the routes as they are now, whatever became of it before.

        Where all routes are taken, the others' jobs of the event are not run once more: only those of the same command,
        unless there is none of it any more.

        Args:
            received: the event.
            command: of the job that is replayed, as `plugin/command`.
            audit: who wants it.

        Raises:
            Refused: it is still not what a command takes (`invalid_event`), and nothing was stored; or as in
                :meth:`store`.
        """
        routes = self._source.routes_for(received)
        same = tuple(route for route in routes if route.command == command)
        news = await self._make(same or routes, received, audit.request_id, again=True)
        for _, new in news:
            if new.dead is not None:
                raise _refusal(new.dead)
        if not news:
            return []
        outcomes = await self._deps.dispatcher.accept_many([new for _, new in news], audit=audit)
        stored = [accepted(outcome, audit.request_id)[0] for outcome in outcomes]
        return [(one, way.command.spec) for one, (way, _) in zip(stored, news, strict=True)]

    async def _all(self, received: Received, request_id: str | None, peer: str | None) -> tuple[Answer, str | None]:
        news = await self._make(self._source.routes_for(received), received, request_id)
        if not news:
            return self._ignored(received), request_id
        outcomes = await self._deps.dispatcher.accept_many([new for _, new in news])
        stored: list[Enqueued] = []
        for outcome in outcomes:
            if not isinstance(outcome, Enqueued):
                raise unstored(outcome)  # the others are stored, and are duplicates when the event comes again
            stored.append(outcome)
        jobs = [_job(way, new, one) for (way, new), one in zip(news, stored, strict=True)]
        answer: dict[str, Any] = {"jobs": jobs}
        if all(one.duplicate for one in stored):
            answer["duplicate"] = True
        request_id = request_id or stored[0].job_id
        dead = [new.dead for _, new in news]
        if dead[0] is not None and None not in dead and self._source.invalid_status != 202:  # noqa: PLR2004  Accepted
            error = _refusal(dead[0], **answer, job_id=stored[0].job_id)
            return self._refuse(error, request_id, peer), request_id
        return value_answer(answer, 202), request_id

    async def _make(
        self, routes: Sequence[Route], received: Received, request_id: str | None, *, again: bool = False
    ) -> list[tuple[CommandWay, NewJob]]:
        """The jobs of these routes; all under one request id. Those that are made again are no duplicates."""
        found: list[tuple[CommandWay, NewJob]] = []
        ways = [self._way(route) for route in routes]
        for way, route in zip(ways, routes, strict=True):
            made = None
            if route.mapper is not None and (made := await self._map(route, received)) is None:
                continue
            key = None if again else received.delivery + self._suffixes[id(route)]
            new = way.event(self._source, received, route, request_id, made, key)
            request_id = request_id or new.job.id
            found.append((way, new if new.dead is None else await self._buried(new)))
        return found

    async def _dead(
        self, way: CommandWay, new: NewJob, request_id: str | None, peer: str | None
    ) -> tuple[Answer, str | None]:
        """Store what cannot run, so that it can be replayed once it can, and say so."""
        new = await self._buried(new)
        stored, request_id = accepted(await way.accept(new), request_id)
        if new.dead is None or (new.dedupe is not None and new.dedupe.scope == self._source.principal):
            return way.answer(stored), request_id
        if self._source.invalid_status == 202:  # noqa: PLR2004  Accepted
            location = (b"location", LOCATION + stored.job_id.encode())
            return value_answer(_job(way, new, stored), 202, [location]), request_id
        told = {"job_id": stored.job_id} | ({"duplicate": True} if stored.duplicate else {})
        return self._refuse(_refusal(new.dead, **told), request_id, peer), request_id

    async def _buried(self, new: NewJob) -> NewJob:
        """The dead letter under a key of its own: the delivery that comes again may run.

        A delivery that has made a job is a duplicate of that, or has another body, whatever it would become now.
        """
        if new.dedupe is None:
            return new
        scope, key = new.dedupe.scope, new.dedupe.key
        if any(one.key == key for one in await self._deps.store.keyed(scope, key, new.job.submitted_at)):
            return new
        dedupe = Dedupe(self._source.dead_scope, key, new.dedupe.digest, new.dedupe.expires_at)
        return replace(new, dedupe=dedupe)

    def _first(self, received: Received) -> Route | None:
        """The first route that takes an event; it is remembered where the event's name alone decides."""
        found = next(iter(self._source.routes_for(received)), None)
        if found is not None and self._by_name and len(self._by_event) < _MOST_EVENTS:
            self._by_event[received.event] = found
        return found

    def _way(self, route: Route) -> CommandWay:
        way = self._ways.get(route.command)
        if way is None:  # its plugin was found and does not run; any other unknown command keeps a server from starting
            raise Refused("plugin_unavailable", retry_after=_RETRY_AFTER)
        return way

    async def _map(self, route: Route, received: Received) -> bytes | None:
        return await self._deps.hooks.map_input(route.mapper or "", self._source.event(received, route))

    def _refuse(self, error: Refused, request_id: str, peer: str | None) -> Answer:
        return refuse(error, request_id, principal=self._source.principal, peer=peer, bound=self._deps.limits.lines)

    @staticmethod
    def _ignored(received: Received) -> Answer:
        return value_answer({"status": "ignored", "event": received.event})


def _suffixes(routes: Sequence[Route]) -> dict[int, str]:
    """What is added to a delivery id so that each route has its own job of it."""
    seen: Counter[str] = Counter()
    found: dict[int, str] = {}
    for route in routes:
        seen[route.command] += 1
        times = seen[route.command]
        found[id(route)] = f"\n{route.command}" + (f"\n{times}" if times > 1 else "")
    return found


def _job(way: CommandWay, new: NewJob, stored: Enqueued) -> dict[str, Any]:
    spec = way.command.spec
    told: dict[str, Any] = {"job_id": stored.job_id, "status": "queued", "plugin": spec.plugin, "command": spec.name}
    if new.dead is not None:
        told |= {"status": "failed", "code": new.dead.code, "detail": new.dead.message}
        told |= new.dead.details or {}
    if stored.duplicate:
        told["duplicate"] = True
    if stored.coalesced:
        told["coalesced"] = True
    return told


def _refusal(dead: ErrorInfo, **extra: object) -> Refused:
    path = None if dead.details is None else str(dead.details["path"])
    return Refused(dead.code, dead.message, path=path, extra=extra)
