"""From a verified event to stored jobs: by the first route that takes it, or by all that do."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from hookyard.command import CommandSpec
from hookyard.dispatch.new_job import NewJob
from hookyard.errors import Refused
from hookyard.gateway.accept import CommandWay, accepted, unstored
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.hook_answers import entry_answer, job_entry, known_entry, refusal
from hookyard.gateway.hook_keys import RouteKey, keys_of
from hookyard.gateway.refusals import refuse
from hookyard.inbound.received import Received
from hookyard.inbound.routes.route import Route
from hookyard.inbound.source import Source
from hookyard.model import AuditEntry, ErrorInfo, Job
from hookyard.store.contract import Enqueued, KeyedJob
from hookyard.store.rules import is_unrun

_MOST_EVENTS: Final = 256
_RETRY_AFTER: Final = 60
"""Seconds; a plugin comes back with a restart, which somebody has to see to."""


class HookJobs:
    """Makes the jobs of one source's events."""

    __slots__ = ("_by_event", "_by_name", "_deps", "_keys", "_source", "_ways")

    def __init__(self, deps: GatewayDeps, source: Source, ways: Mapping[str, CommandWay]) -> None:
        self._deps = deps
        self._source = source
        self._ways = ways
        self._keys: Mapping[int, RouteKey] = keys_of(source.routes) if source.take == "all" else {}
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
        made: bytes | ErrorInfo | None = None
        if route.mapper is not None and (made := await self._map(route, received)) is None:
            return self._ignored(received), request_id
        new = way.event(self._source, received, route, request_id, made, received.delivery)
        stored, request_id = accepted(await way.accept(new), request_id)
        if new.dead is None and not stored.duplicate:
            return way.answer(stored), request_id
        entry, letter = await self._entry(way, new, stored)
        if letter is None or not self._is_refused(letter):
            return entry_answer(entry), request_id
        told = {"job_id": stored.job_id} | ({"duplicate": True} if stored.duplicate else {})
        return self._refuse(refusal(letter, **told), request_id, peer), request_id

    async def replay(self, received: Received, job: Job, audit: AuditEntry) -> Sequence[tuple[Enqueued, CommandSpec]]:
        """Make jobs anew of an event, by the routes as they are now, whatever became of it before.

        The new jobs have the delivery's keys from now on: when its sender sends it again, that is a duplicate of them.
        Where all routes are taken, the others' jobs of the event are not run once more: only those of the same command,
        or, when there is none of it any more, of routes that have no other job of the event.

        Args:
            received: the event, without digest.
            job: which is replayed.
            audit: who wants it.

        Raises:
            Refused: it is still not what a command takes (`invalid_event`), and nothing was stored; every route has
                another job of the event (`exists`); or as in :meth:`store`.
        """
        kept = await self._deps.store.keyed(self._source.principal, received.delivery, self._deps.clock.now())
        own = [one.digest for one in kept if one.job_id == job.id] or [one.digest for one in kept]
        received.digest = own[0] if own else sha256(received.body).digest()
        news = await self._make(self._routes_again(received, job, kept), received, audit.request_id, again=True)
        for _, new in news:
            if new.dead is not None:
                raise refusal(new.dead)
        if not news:
            return []
        outcomes = await self._deps.dispatcher.accept_many([new for _, new in news], audit=audit)
        stored = [accepted(outcome, audit.request_id)[0] for outcome in outcomes]
        return [(one, way.command.spec) for one, (way, _) in zip(stored, news, strict=True)]

    def _routes_again(self, received: Received, job: Job, kept: Sequence[KeyedJob]) -> Sequence[Route]:
        routes = self._source.routes_for(received)
        same = tuple(route for route in routes if route.command == f"{job.plugin}/{job.command}")
        if self._source.take == "first" or len(same) == 1:
            return same or routes
        holders = {id(route): self._keys[id(route)].holder(received.delivery, kept) for route in same or routes}
        free = tuple(route for route in same or routes if holders[id(route)] in {None, job.id})
        if routes and not free:
            others = sorted({str(holder) for holder in holders.values()})
            detail = "The event's routes have other jobs of it: replay one of those."
            raise Refused("exists", detail, extra={"job_ids": others})
        return free

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
        jobs: list[dict[str, Any]] = []
        letters: list[tuple[ErrorInfo | None, str]] = []
        for (way, new), one in zip(news, stored, strict=True):
            entry, letter = await self._entry(way, new, one)
            if entry not in jobs:  # one job may stand for several routes
                jobs.append(entry)
                letters.append((letter, one.job_id))
        answer: dict[str, Any] = {"jobs": jobs}
        if all(one.duplicate for one in stored):
            answer["duplicate"] = True
        request_id = request_id or stored[0].job_id
        refused = self._refused(letters)
        if refused is not None:
            error = refusal(refused[0], **answer, job_id=refused[1])
            return self._refuse(error, request_id, peer), request_id
        return value_answer(answer, 202), request_id

    def _refused(self, letters: Sequence[tuple[ErrorInfo | None, str]]) -> tuple[ErrorInfo, str] | None:
        """The dead letter that an event is refused for: one that may run when it comes again, or the first of all."""
        dead = [(letter, job_id) for letter, job_id in letters if letter is not None]
        again = [one for one in dead if one[0].retryable]
        if again or len(dead) < len(letters):
            return next(iter(again), None)
        return dead[0] if self._is_refused(dead[0][0]) else None

    async def _make(
        self, routes: Sequence[Route], received: Received, request_id: str | None, *, again: bool = False
    ) -> list[tuple[CommandWay, NewJob]]:
        """The jobs of these routes, all under one request id; those that are made again take the keys there are."""
        found: list[tuple[CommandWay, NewJob]] = []
        ways = [self._way(route) for route in routes]
        delivery = received.delivery
        for way, route in zip(ways, routes, strict=True):
            made: bytes | ErrorInfo | None = None
            if route.mapper is not None and (made := await self._map(route, received)) is None:
                continue
            key = self._keys.get(id(route))
            name = delivery if key is None else key.of(delivery)
            also = () if key is None else key.wholes(delivery)
            new = way.event(self._source, received, route, request_id, made, name, also, take=again)
            request_id = request_id or new.job.id
            found.append((way, new))
        return found

    async def _entry(self, way: CommandWay, new: NewJob, stored: Enqueued) -> tuple[dict[str, Any], ErrorInfo | None]:
        """What is told of a job, and why it cannot run if it is a dead letter of which nothing has run."""
        if not stored.duplicate:
            return job_entry(way.command.spec, stored, new.dead), new.dead
        job = await self._deps.store.job(stored.job_id)
        if job is not None and job.principal != self._source.principal:
            # It stands for this one by its unique key. How another's job stands is not for this sender.
            return job_entry(way.command.spec, stored, None), None
        letter = new.dead if job is not None and is_unrun(job) else None
        return known_entry(job, stored, letter), letter

    def _is_refused(self, letter: ErrorInfo) -> bool:
        """Whether the sender is to know that its event did not run."""
        return letter.retryable or self._source.invalid_status != 202  # noqa: PLR2004  Accepted

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

    async def _map(self, route: Route, received: Received) -> bytes | ErrorInfo | None:
        """The input that a plugin makes, None when it ignores the event, or why it made none, which may pass."""
        try:
            return await self._deps.hooks.map_input(route.mapper or "", self._source.event(received, route))
        except Refused as error:
            return ErrorInfo(code=error.code, message=error.detail, retryable=True)

    def _refuse(self, error: Refused, request_id: str, peer: str | None) -> Answer:
        return refuse(error, request_id, principal=self._source.principal, peer=peer, bound=self._deps.limits.lines)

    @staticmethod
    def _ignored(received: Received) -> Answer:
        return value_answer({"status": "ignored", "event": received.event})
