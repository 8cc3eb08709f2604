"""From a body to a stored job: what every way in does once the caller is known.

The lean path and the ordinary handlers call these same functions, so they cannot answer differently.
"""

from hashlib import sha256
from typing import Final

from msgspec import DecodeError, Raw

from hookyard.auth import Principal
from hookyard.dispatch.dead_letters import NO_INPUT
from hookyard.dispatch.new_job import NOTHING_ASKED, Ask, NewJob, make_job
from hookyard.errors import Refused
from hookyard.gateway.answer import JSON_TYPE, Answer
from hookyard.gateway.asks import Asks, asked_when, unmet
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.dispatching import Stored
from hookyard.gateway.envelope import EMPTY, Envelope, When, decode_envelope
from hookyard.host.registry import Command
from hookyard.inbound.received import Received
from hookyard.inbound.routes.route import Route
from hookyard.inbound.source import Source
from hookyard.model import ErrorInfo, Inbound
from hookyard.store.contract import Dedupe, Enqueued, LaneFull, Mismatch, Occupied, Unmet

LOCATION: Final = b"/api/v1/jobs/"
_ID_LENGTH: Final = 36
_RETRY_AFTER: Final = 5
"""Seconds; a lane has room again as soon as one of its jobs has started."""


Accepted = tuple[Enqueued, str]
"""The job that is stored, or was before; and the request id that the answer goes out under."""


class CommandWay:
    """The way into one command: everything about it that does not change is made once."""

    __slots__ = (
        "_asks",
        "_by_priority",
        "_decode",
        "_ids",
        "_now",
        "_prefix",
        "_suffixes",
        "_window",
        "accept",
        "command",
    )

    def __init__(self, deps: GatewayDeps, command: Command) -> None:
        self.command = command
        self.accept, self._ids, self._now = deps.dispatcher.accept, deps.ids, deps.clock.now
        self._asks = Asks(deps, command)
        self._by_priority: dict[int, Ask] = {command.priority: NOTHING_ASKED}
        self._window = int(deps.config.jobs.idempotency_window)
        spec = command.spec
        self._decode = spec.decode
        self._prefix = b'{"job_id":"'
        middle = f'","status":"queued","plugin":"{spec.plugin}","command":"{spec.name}"'.encode()
        suffixes = (middle + b"}", middle + b',"duplicate":true}', middle + b',"coalesced":true}')
        self._suffixes = tuple(
            (suffix, (b"content-length", b"%d" % (len(self._prefix) + _ID_LENGTH + len(suffix)))) for suffix in suffixes
        )

    async def trigger(
        self, body: bytes, principal: Principal, key: str | None, request_id: str | None, *, peer: str | None = None
    ) -> Accepted:
        """Store what an authenticated caller asks for.

        Args:
            body: the raw body, at most as long as allowed.
            principal: who asks, and may.
            key: the `Idempotency-Key`, if any.
            request_id: the caller's own, if any; else the new job's id serves as one.
            peer: the address that the request came from, for plugins that have a say.

        Raises:
            Refused: the body is not what it must be, the key stands for another body, there is no room in the lane, a
                job that had to succeed first did not, the store is not there.
        """
        payload, envelope = decode_envelope(body)
        repeat = None if key is None else (key, body)
        new = await self.make(payload, envelope, principal, repeat, request_id, peer=peer)
        return accepted(await self.accept(new), request_id)

    async def make(
        self,
        payload: Raw,
        envelope: Envelope | When,
        principal: Principal,
        repeat: tuple[str, bytes] | None,
        request_id: str | None,
        *,
        base: str = "$",
        peer: str | None,
    ) -> NewJob:
        """Make the job that an authenticated caller asks for.

        Args:
            payload: the command's input.
            envelope: what else is asked for.
            principal: who asks, and may.
            repeat: the idempotency key, if any, and the body that it stands for.
            request_id: the caller's own, if any; else the new job's id serves as one.
            base: the JSON path at which the envelope stands.
            peer: the address that the request came from, for plugins that have a say.

        Raises:
            Refused: the input is not what it must be, or what is asked for is not possible or not allowed.
        """
        try:
            data = self._decode(payload)
        except DecodeError as error:
            raise refusal(error, f"{base}.payload", payload) from error
        now = self._now()
        if envelope is EMPTY:
            ask = NOTHING_ASKED
        elif isinstance(envelope, When):
            ask = asked_when(envelope, now)
        else:
            caller = principal
            if envelope.tenant is not None:
                principal = await self._asks.acting(principal, envelope.tenant, base, peer=peer)
            ask = await self._asks.read(envelope, principal, now, base, peer=peer, caller=caller)
        job_id = self._ids()
        return make_job(
            self.command,
            args=bytes(payload),
            data=data,
            job_id=job_id,
            now=now,
            principal=principal.name,
            tenant=principal.tenant,
            request_id=request_id or job_id,
            ask=ask,
            dedupe=None if repeat is None else self._dedupe(principal, *repeat),
        )

    def _dedupe(self, principal: Principal, key: str, body: bytes) -> Dedupe:
        """The idempotency key of a caller, which is its own for every command, and in every tenant it comes for."""
        # A line break is in no name: a JWT's subject may have spaces, and be of one tenant now and of another then.
        who = f"{principal.tenant}\n{principal.name}" if principal.tenant else principal.name
        return Dedupe(f"{who} {self.command.key}", key, sha256(body).digest(), self._now() + self._window)

    def event(  # noqa: PLR0917  in the order of the way in; it is called once for each job
        self,
        source: Source,
        received: Received,
        route: Route,
        request_id: str | None,
        made: bytes | ErrorInfo | None,
        key: str,
        also: tuple[str, ...] = (),
        *,
        take: bool = False,
    ) -> NewJob:
        """Make the job that a verified event becomes; one that cannot run is made dead, with the reason.

        Args:
            source: that it came in by.
            received: the event.
            route: that takes it.
            request_id: the caller's own, if any; else the new job's id serves as one.
            made: the input, when a plugin made it, or why it could not.
            key: under which the delivery is known, or this route's part of it.
            also: what that is a part of.
            take: whether it is to be made whatever was made of the delivery before.

        Raises:
            Refused: the body is no JSON (`invalid_json`).
        """
        body = received.body
        data, dead, args = None, None, NO_INPUT
        try:
            if isinstance(made, ErrorInfo):
                dead = made
            else:
                if made is None and not body.isascii():
                    require_utf8(body)
                args = route.args(received) if made is None else made
                data = self._decode(args)
        except (Refused, DecodeError, RecursionError) as error:
            dead = _letter(error, args, route, received, made)
        job_id, now = self._ids(), self._now()
        ask = self._by_priority.get(route.priority)
        if ask is None:  # as many as the configuration has
            ask = self._by_priority[route.priority] = Ask(priority=route.priority)
        return make_job(
            self.command,
            args=args,
            data=data,
            job_id=job_id,
            now=now,
            principal=source.principal,
            request_id=request_id or job_id,
            ask=ask,
            source=source.name,
            dedupe=Dedupe(source.principal, key, received.digest, now + source.window, also, take),
            inbound=_kept(received, args),
            dead=dead,
        )

    def answer(self, outcome: Enqueued) -> Answer:
        """Say that the job is stored."""
        job_id = outcome.job_id.encode()
        suffix, length = self._suffixes[2 if outcome.coalesced else outcome.duplicate]
        return Answer(202, self._prefix + job_id + suffix, [JSON_TYPE, length, (b"location", LOCATION + job_id)])


def _kept(received: Received, args: bytes) -> Inbound:
    """What is kept of an event beside the input that was made of it."""
    return Inbound(
        source=received.source,
        event=received.event,
        delivery=received.delivery,
        headers=received.headers or None,
        body=None if args is received.body else received.body,
    )


def _letter(
    error: Refused | DecodeError | RecursionError,
    args: bytes,
    route: Route,
    received: Received,
    made: bytes | ErrorInfo | None,
) -> ErrorInfo:
    """Why an event cannot run.

    Raises:
        Refused: it is no JSON, so that it is none; but what a plugin makes the input of may be anything.
    """
    if isinstance(error, Refused):
        code, detail, path = error.code, error.detail, error.path
    else:
        found = refusal(error, body=args)
        code, detail, path = found.code, found.detail, found.path and route.place(found.path)
    if code != "invalid_input":
        raise Refused(code, detail, path=path) from error
    if made is None:
        _ = received.tree  # whose decoding refuses what is no JSON to its end
    return ErrorInfo(code="invalid_event", message=detail, details={"path": path or "$"})


def accepted(outcome: Stored, request_id: str | None) -> Accepted:
    """The stored job of an outcome, with the caller's own request id or else the id of that very job.

    A duplicate's own job is never stored, so its id would lead nowhere.

    Raises:
        Refused: nothing was stored.
    """
    if isinstance(outcome, Enqueued):
        return outcome, request_id or outcome.job_id
    raise unstored(outcome)


def unstored(outcome: Mismatch | LaneFull | Unmet | Occupied) -> Refused:
    """Why nothing was stored."""
    match outcome:
        case Mismatch():
            return Refused("idempotency_mismatch", extra={"job_id": outcome.job_id})
        case LaneFull():
            return Refused("lane_full", retry_after=_RETRY_AFTER, extra={"queued": outcome.queued})
        case Unmet():
            return unmet(outcome.job_id, outcome.status)
        case Occupied():
            # Others keep taking the key between one look and the next.
            return Refused("busy", "Others are being made with the same unique key.", retry_after=1)
