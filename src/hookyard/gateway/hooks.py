"""One inbound webhook, in the order that it is taken in: nothing happens for a request before it is verified."""

import asyncio
from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Final

from hookyard.command import CommandSpec
from hookyard.errors import Refused
from hookyard.gateway.accept import CommandWay
from hookyard.gateway.answer import Answer, Headers, value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.documents import Documents
from hookyard.gateway.handshake import after
from hookyard.gateway.hook_jobs import HookJobs
from hookyard.gateway.limits import Exceeded, Limiter
from hookyard.gateway.old_secrets import OldSecrets
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.source import Source
from hookyard.inbound.verifier import BadSignature, Fetching, Key
from hookyard.model import AuditEntry, Job
from hookyard.store.contract import Enqueued

_LARGE: Final = 1 << 20
"""Bytes from which on a body is verified beside the event loop, which goes on meanwhile."""
NOTHING: Final[frozenset[bytes]] = frozenset()


class SourceWay:
    """The way in through one source."""

    __slots__ = ("_deps", "_documents", "_handshakes", "_jobs", "_limiter", "_networks", "_now", "_old", "_stranger",
                 "principal", "source")  # fmt: skip

    def __init__(self, deps: GatewayDeps, source: Source, ways: Mapping[str, CommandWay], stranger: "Stranger") -> None:
        self.source = source
        self.principal = source.principal
        self._deps = deps
        self._now = deps.clock.now
        self._stranger = stranger
        self._networks = source.networks
        self._limiter = None if source.rate is None else deps.limits.of_source(source.name, source.rate)
        self._handshakes = () if source.scheme is None else source.scheme.handshakes
        self._documents = _documents(deps, source.name, None if source.scheme is None else source.scheme.verifier)
        self._old = OldSecrets(source.name)
        self._jobs = HookJobs(deps, source, ways)

    async def receive(  # noqa: PLR0917  a request's parts, in their order; it is called once a request
        self,
        headers: Mapping[bytes, bytes],
        body: bytes,
        request_id: str | None,
        peer: str | None,
        repeated: frozenset[bytes] = NOTHING,
        query: bytes = b"",
    ) -> tuple[Answer, str | None]:
        """Verify, read, route and store a request.

        Args:
            headers: by lower-case name; one that came several times is joined with commas.
            body: the raw body, at most as long as allowed.
            request_id: the caller's own, if any.
            peer: the address that it comes from.
            repeated: the names of the headers that came several times.
            query: of the URL.

        Returns:
            The answer, and the request id that it goes out under when the caller had none.

        Raises:
            Refused: it is not signed, not understood, one too many, for a plugin that does not run, or cannot be
                stored.
        """
        source = self.source
        request = InboundRequest(
            headers=headers, body=body, now=self._now(), repeated=repeated, query=query, url=source.url
        )
        if self._networks is not None and peer not in self._networks:
            await self._stranger.verify(request)
            raise BadSignature("not_allowed")
        if source.plugin is None:
            if self._documents is not None:
                await self._documents.have(request)
            key = source.verify(request) if len(body) <= _LARGE else await asyncio.to_thread(source.verify, request)
            if key.until is not None:
                self._old.used(key, request.now)
            verified: Received | None = None
        else:
            verdict = await self._deps.hooks.verify_webhook(source.plugin, source.question(request))
            verified, key = source.judged(request, verdict), None
        fields = [] if self._limiter is None else self._count(self._limiter)
        received = source.read(request) if verified is None else verified
        answer: Answer | None = None
        if received.ping and not source.routes_for(received):
            answer = value_answer({"status": "ok", "event": received.event})
        elif self._handshakes and key is not None:
            answer = await self._shake(request, received, key)
        if answer is None:
            answer, request_id = await self._jobs.store(received, request_id, peer)
        answer.headers += fields
        return answer, request_id

    async def replay(self, received: Received, job: Job, audit: AuditEntry) -> Sequence[tuple[Enqueued, CommandSpec]]:
        """Make jobs anew of an event that was verified when it came; see :meth:`HookJobs.replay`."""
        return await self._jobs.replay(received, job, audit)

    def _count(self, limiter: Limiter) -> Headers:
        standing = limiter.take(self.source.name)
        if standing.wait:
            raise Exceeded(limiter, standing, "Too many requests come to this source.")
        return limiter.fields(standing)

    async def _shake(self, request: InboundRequest, received: Received, key: Key) -> Answer | None:
        try:
            body = received.tree
        except Refused:
            body = None
        source = self.source
        return await after(
            self._handshakes, request, received.event, body, key, source.terms, self._deps.visit, source=source.name
        )


def _documents(deps: GatewayDeps, source: str, verifier: object) -> Documents | None:
    return Documents(source, verifier, deps.fetch) if isinstance(verifier, Fetching) else None


class Stranger:
    """The way in through a source that is not there: refused as a wrong signature is, after as much work."""

    __slots__ = ("_decoy", "_now", "principal")

    def __init__(self, deps: GatewayDeps) -> None:
        self.principal: str | None = None
        self._now = deps.clock.now
        scheme = scheme_of("github")
        key = Key(material=scheme.verifier.load(token_hex()))
        self._decoy = Source(name="", principal="", scheme=scheme, keys=(key,), routes=(), window=0)

    async def receive(  # noqa: PLR0917  as above
        self,
        headers: Mapping[bytes, bytes],
        body: bytes,
        request_id: str | None,
        peer: str | None,
        repeated: frozenset[bytes] = NOTHING,
        query: bytes = b"",
    ) -> tuple[Answer, str | None]:
        """Refuse a request.

        Raises:
            BadSignature: always.
        """
        del request_id, peer
        await self.verify(InboundRequest(headers=headers, body=body, now=self._now(), repeated=repeated, query=query))
        raise BadSignature("unknown_source")

    async def verify(self, request: InboundRequest) -> None:
        """Spend the time that most sources would spend on a request that nobody signed."""
        try:
            if len(request.body) <= _LARGE:
                self._decoy.verify(request)
            else:
                await asyncio.to_thread(self._decoy.verify, request)
        except BadSignature:
            return
