"""From a body to a stored job: what every way in does once the caller is known.

The lean path and the ordinary handlers call these same functions, so they cannot answer differently.
"""

from hashlib import sha256
from typing import Final

from msgspec import DecodeError, Struct

from hookyard.auth import Principal
from hookyard.errors import Refused
from hookyard.gateway.answer import JSON_TYPE, Answer
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.envelope import decode_envelope
from hookyard.host.registry import Command
from hookyard.inbound import Received, Route, Source
from hookyard.model import Job
from hookyard.store.contract import Dedupe, Enqueued, Mismatch

LOCATION: Final = b"/api/v1/jobs/"
_ID_LENGTH: Final = 36


Accepted = tuple[Enqueued, str]
"""The job that is stored, or was before; and the request id that the answer goes out under."""


class CommandWay:
    """The way into one command: everything about it that does not change is made once."""

    __slots__ = ("_accept", "_decode", "_deps", "_ids", "_now", "_prefix", "_suffixes", "_window", "command")

    def __init__(self, deps: GatewayDeps, command: Command) -> None:
        self._deps = deps
        self.command = command
        self._accept, self._ids, self._now = deps.dispatcher.accept, deps.ids, deps.clock.now
        self._window = int(deps.config.jobs.idempotency_window)
        spec = command.spec
        self._decode = spec.decode
        self._prefix = b'{"job_id":"'
        middle = f'","status":"queued","plugin":"{spec.plugin}","command":"{spec.name}"'.encode()
        suffixes = (middle + b"}", middle + b',"duplicate":true}')
        self._suffixes = tuple(
            (suffix, (b"content-length", b"%d" % (len(self._prefix) + _ID_LENGTH + len(suffix)))) for suffix in suffixes
        )

    async def trigger(self, body: bytes, principal: Principal, key: str | None, request_id: str | None) -> Accepted:
        """Store what an authenticated caller asks for; see :meth:`prepare` for what it takes and raises."""
        job, data, dedupe = self.prepare(body, principal, key, request_id)
        return accepted(await self._accept(job, self.command, data, dedupe), request_id)

    def prepare(
        self, body: bytes, principal: Principal, key: str | None, request_id: str | None
    ) -> tuple[Job, Struct, Dedupe | None]:
        """Make the job that an authenticated caller asks for.

        Args:
            body: the raw body, at most as long as allowed.
            principal: who asks, and may.
            key: the `Idempotency-Key`, if any.
            request_id: the caller's own, if any; else the new job's id serves as one.

        Raises:
            Refused: the body is not what it must be, the key stands for another body, the store is not there.
        """
        command = self.command
        spec = command.spec
        envelope = decode_envelope(body)
        try:
            data = self._decode(envelope.payload)
        except DecodeError as error:
            raise refusal(error, "$.payload") from error
        if envelope.callback_url is not None:
            self._check_callback(envelope.callback_url)
        job_id = self._ids()
        now = self._now()
        job = Job(
            id=job_id,
            plugin=spec.plugin,
            command=spec.name,
            lane=command.lane,
            args=bytes(envelope.payload),
            submitted_at=now,
            run_at=now if envelope.delay is None and envelope.run_at is None else envelope.due(now),
            priority=spec.options.priority if envelope.priority is None else envelope.priority,
            max_attempts=envelope.max_attempts or command.max_attempts,
            timeout=None if envelope.timeout is None else round(envelope.timeout * 1000),
            principal=principal.name,
            request_id=request_id or job_id,
            callback_url=envelope.callback_url,
            tags=envelope.tags,
        )
        dedupe = None
        if key is not None:
            scope = f"{principal.name} {command.key}"
            dedupe = Dedupe(scope, key, sha256(body).digest(), now + self._window)
        return job, data, dedupe

    async def hook(
        self, source: Source, received: Received, route: Route, request_id: str | None, made: bytes | None = None
    ) -> Accepted:
        """Store what a verified sender's event becomes; `made` is the input when a plugin made it.

        Raises:
            Refused: the body does not become the command's input, the delivery id stands for another body, the
                store is not there.
        """
        command = self.command
        if made is None and not received.body.isascii():
            require_utf8(received.body)
        args = route.args(received.body, received.event, received.delivery_id) if made is None else made
        try:
            data = self._decode(args)
        except DecodeError as error:
            raise refusal(error) from error
        job_id = self._ids()
        now = self._now()
        job = Job(
            id=job_id,
            plugin=command.spec.plugin,
            command=command.spec.name,
            lane=command.lane,
            args=args,
            submitted_at=now,
            run_at=now,
            priority=route.priority,
            max_attempts=command.max_attempts,
            principal=source.principal,
            source=source.name,
            request_id=request_id or job_id,
        )
        dedupe = Dedupe(source.principal, received.delivery_id, received.digest, now + source.window)
        return accepted(await self._accept(job, command, data, dedupe), request_id)

    def answer(self, outcome: Enqueued) -> Answer:
        """Say that the job is stored."""
        job_id = outcome.job_id.encode()
        suffix, length = self._suffixes[outcome.duplicate]
        return Answer(202, self._prefix + job_id + suffix, [JSON_TYPE, length, (b"location", LOCATION + job_id)])

    def _check_callback(self, url: str) -> None:
        if not self._deps.config.outbound.callback_secrets:
            reason: str | None = "No secret to sign callbacks with is configured."
        else:
            reason = self._deps.check_callback(url)
        if reason is not None:
            raise Refused("invalid_input", reason, path="$.callback_url")


def accepted(outcome: Enqueued | Mismatch, request_id: str | None) -> Accepted:
    """The stored job of an outcome, with the caller's own request id or else the id of that very job.

    A duplicate's own job is never stored, so its id would lead nowhere.

    Raises:
        Refused: the key stands for another body.
    """
    if isinstance(outcome, Mismatch):
        raise Refused("idempotency_mismatch", extra={"job_id": outcome.job_id})
    return outcome, request_id or outcome.job_id
