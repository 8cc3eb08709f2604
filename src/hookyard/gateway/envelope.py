"""The body of a trigger: the command's input, and how the job is to be run."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from hookyard.command import Priority
from hookyard.config.model import Name
from hookyard.errors import Refused
from hookyard.gateway.decode import refusal, require_utf8
from hookyard.gateway.moment import Moment, at
from hookyard.model import YEAR, CallbackEvent

Tag = Annotated[str, Meta(min_length=1, max_length=64)]
Tags = Annotated[tuple[Tag, ...], Meta(max_length=32)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Wait = Annotated[float, Meta(ge=0, le=YEAR)]


def no_input() -> Raw:
    """The empty object, as it would have come."""
    return Raw(b"{}")


class UniqueRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of the job while others of the command with the same key are active."""

    key: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    """The key itself, as text; in YAML it is a path into the input, here `payload.repo` would be a key like any other.
    Left out, the command's own path finds it, or else equal inputs have the same key."""
    policy: Literal["skip", "replace", "queue"] | None = None
    """`skip` (the default) answers with the active one, `replace` cancels those that are queued, `queue` lets one run
    at a time."""


class RetryRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How often the job is tried and how long the waits are; what is left out is the command's own."""

    attempts: Annotated[int, Meta(ge=1, le=100)] | None = None
    base: Wait | None = None
    """Seconds: the longest wait after the first attempt."""
    factor: Annotated[float, Meta(ge=1, le=1000)] | None = None
    """By what the longest wait grows with every attempt."""
    cap: Wait | None = None
    """Seconds: no wait is longer."""
    jitter: bool | None = None
    """Without it every wait is the longest one."""
    on: Annotated[tuple[Word, ...], Meta(max_length=32)] | None = None
    """Only failures with one of these codes are tried again."""
    not_on: Annotated[tuple[Word, ...], Meta(max_length=32)] | None = None
    """Failures with one of these codes end the job at once."""


class FollowRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A job that follows this one."""

    run: Annotated[str, Meta(min_length=3, max_length=200)]
    """The command, as `plugin/command`. Its input is this one's result or, after a failure, what went wrong."""
    priority: Priority | None = None
    tags: Tags = ()


Follows = Annotated[tuple[FollowRequest, ...], Meta(max_length=8)]


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything but `payload` has a default."""

    payload: Raw = field(default_factory=no_input)
    """The command's input. Its bytes are kept as they came."""
    priority: Priority | None = None
    """Higher runs first; the command's own if left out."""
    run_at: Moment | None = None
    """Not to be started before: RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    delay: Wait | None = None
    """Seconds until it may start; not together with `run_at`."""
    max_attempts: Annotated[int, Meta(ge=1, le=100)] | None = None
    """Not together with `retry.attempts`, which is the same."""
    timeout: Annotated[float, Meta(ge=0.001, le=86_400)] | None = None
    """Seconds one attempt may take."""
    retry: RetryRequest | None = None
    """Instead of the command's own."""
    unique: UniqueRequest | None = None
    debounce: Annotated[float, Meta(ge=0.001, le=YEAR)] | None = None
    """Seconds: a later call within this time gives its input to the job that waits already, and puts it off anew."""
    affinity: Word | None = None
    """What a worker has loaded when it is best at this job, such as a model's name."""
    callback_url: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    """Where the signed outcome is sent."""
    callback_events: Annotated[tuple[CallbackEvent, ...], Meta(min_length=1, max_length=3)] | None = None
    """What is sent there: `finished`, if left out."""
    on_success: Follows = ()
    """What is run after a success, with the result as input."""
    on_failure: Follows = ()
    """What is run after a failure for good, with what went wrong as input."""
    after: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=100)] = ()
    """The ids of jobs that have to succeed first."""
    tags: Tags = ()
    tenant: Name | None = None
    """Whose the job is, and so its events and what is told of them; the caller's own tenant if left out. A caller
    without one may name any, another only its own."""

    def due(self, now: int) -> int:
        """When the job may start, in milliseconds UTC."""
        if self.delay is not None:
            return now + round(self.delay * 1000)
        return now if self.run_at is None else at(self.run_at)


class _Plain(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What nearly every body is: decoded in two thirds of the time, and known to ask for nothing else."""

    payload: Raw = field(default_factory=no_input)


class When(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """What most bodies that ask for anything ask for: nothing of it has to be looked up."""

    payload: Raw = field(default_factory=no_input)
    priority: Priority | None = None
    run_at: Moment | None = None
    delay: Wait | None = None
    max_attempts: Annotated[int, Meta(ge=1, le=100)] | None = None
    timeout: Annotated[float, Meta(ge=0.001, le=86_400)] | None = None
    tags: Tags = ()

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        timed = self.delay is not None or self.run_at is not None
        return not (timed or self.tags) and self.priority is self.max_attempts is self.timeout is None

    def due(self, now: int) -> int | None:
        """When the job may start, in milliseconds UTC; None: at once."""
        if self.delay is not None:
            return now + round(self.delay * 1000)
        return None if self.run_at is None else at(self.run_at)


EMPTY: Final = Envelope()
"""Asks for nothing."""
_NO_INPUT: Final = no_input()
_decode: Final = msgspec.json.Decoder(Envelope).decode
_decode_plain: Final = msgspec.json.Decoder(_Plain).decode
_decode_when: Final = msgspec.json.Decoder(When).decode


def decode_envelope(body: bytes) -> tuple[Raw, Envelope | When]:
    """Decode a trigger's body; nothing at all is the empty input.

    Returns:
        The input, and what else is asked for: :data:`EMPTY` itself where that is nothing, :class:`When` where that
        says it.

    Raises:
        Refused: it is not JSON, or not an envelope.
    """
    if not body:
        return _NO_INPUT, EMPTY
    if not body.isascii():
        require_utf8(body)
    try:
        if body.endswith(b"}}"):  # an object as the input, and nothing after it
            return _decode_plain(body).payload, EMPTY
        when = _decode_when(body)
        if when.delay is None or when.run_at is None:
            return when.payload, EMPTY if when.empty else when
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass  # more than that, or less: what is wrong is said by the decoder that knows everything
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(error, body=body) from error
    require_consistent(envelope)
    return envelope.payload, envelope


def require_consistent(envelope: Envelope, base: str = "$") -> None:
    """Refuse what contradicts itself.

    Args:
        envelope: what is asked for.
        base: the JSON path at which it stands.

    Raises:
        Refused: with the path of the second of two things that cannot be together.
    """
    for path, detail in _contradictions(envelope):
        raise Refused("invalid_input", detail, path=base + path)


def _contradictions(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """Where it contradicts itself, and how; most envelopes have nothing that could."""
    timed = envelope.run_at is not None
    if timed and envelope.delay is not None:
        yield ".delay", "Give run_at or delay, not both."
    if envelope.debounce is not None:
        if timed or envelope.delay is not None:
            yield ".debounce", "A debounced job starts when its time is up; run_at and delay contradict that."
        if envelope.unique is not None and envelope.unique.policy is not None:
            yield ".unique.policy", "With debounce the input of a waiting job is replaced; a policy contradicts that."
    if envelope.retry is not None:
        yield from _retry_contradictions(envelope.retry, envelope.max_attempts)
    if envelope.callback_events is not None:
        if envelope.callback_url is None:
            yield ".callback_events", "There is no callback_url that could be told."
        if len({*envelope.callback_events}) < len(envelope.callback_events):
            yield ".callback_events", "An event is there twice."
    if len({*envelope.after}) < len(envelope.after):
        yield ".after", "A job is there twice."


def _retry_contradictions(retry: RetryRequest, max_attempts: int | None) -> Iterator[tuple[str, str]]:
    if retry.attempts is not None and max_attempts is not None:
        yield ".retry.attempts", "Give max_attempts or retry.attempts, not both."
    if not {*(retry.on or ())}.isdisjoint(retry.not_on or ()):
        yield ".retry.not_on", "A code is in on and in not_on."
    if retry.base is not None and retry.cap is not None and retry.cap < retry.base:
        yield ".retry.cap", "The cap is smaller than the base."
