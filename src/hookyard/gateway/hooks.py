"""One inbound webhook: what a verified request is answered."""

from collections.abc import Mapping
from typing import Final

from hookyard.errors import Refused
from hookyard.gateway.accept import CommandWay
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.inbound import Source

_RETRY_AFTER: Final = 60
"""Seconds; a plugin comes back with a restart, which somebody has to see to."""


class SourceWay:
    """The way in through one source."""

    __slots__ = ("_deps", "_source", "_ways", "principal")

    def __init__(self, deps: GatewayDeps, source: Source, ways: Mapping[str, CommandWay]) -> None:
        self._deps = deps
        self._source = source
        self._ways = ways
        self.principal = source.principal

    async def receive(
        self, headers: Mapping[bytes, bytes], body: bytes, request_id: str | None
    ) -> tuple[Answer, str | None]:
        """Verify, route and store a request.

        Args:
            headers: by lower-case name; one that came twice is joined with a comma.
            body: the raw body, at most as long as allowed.
            request_id: the caller's own, if any.

        Returns:
            The answer, and the request id that it goes out under when the caller had none.

        Raises:
            Refused: it is not signed, not understood, for a plugin that does not run, or cannot be stored.
        """
        source, hooks, now = self._source, self._deps.hooks, self._deps.clock.now()
        if source.verifier is None:
            received = source.receive(headers, body, now)
        else:
            verdict = await hooks.verify_webhook(source.verifier, source.question(headers, body, now))
            received = source.verified(body, verdict)
        if received.ping:
            return value_answer({"status": "ok", "event": received.event}), request_id
        if received.route is None:
            return value_answer({"status": "ignored", "event": received.event}), request_id
        way = self._ways.get(received.route.command)
        if way is None:  # its plugin was found and does not run; any other unknown command keeps a server from starting
            raise Refused("plugin_unavailable", retry_after=_RETRY_AFTER)
        made = None
        if received.route.mapper is not None:
            made = await hooks.map_input(received.route.mapper, source.event(received, received.route))
            if made is None:
                return value_answer({"status": "ignored", "event": received.event}), request_id
        stored, request_id = await way.hook(source, received, received.route, request_id, made)
        return way.answer(stored), request_id
