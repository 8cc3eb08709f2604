"""What a Ductile plugin reads on stdin: one JSON object and a newline."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.context import JobInfo

HANDLE: Final = "handle"
TRIGGER: Final = "api.trigger"
WEBHOOK: Final = "webhook"
_NOTHING: Final = Raw(b"{}")


class Event(Struct, frozen=True, kw_only=True):
    """What `handle` is about."""

    type: str | UnsetType = UNSET
    payload: Raw | UnsetType = UNSET
    dedupe_key: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    event_id: str | UnsetType = UNSET


class _Sent(Struct, frozen=True):
    """What an inbound webhook's body is looked at for; it may be anything."""

    type: object = None
    payload: Raw = Raw(b"null")
    dedupe_key: object = None
    source: object = None
    timestamp: object = None
    event_id: object = None


class Request(Struct, frozen=True, kw_only=True):
    """The whole of it; `context`, which only pipelines fill, is always left out."""

    protocol: int = 2
    job_id: str
    command: str
    config: object
    state: Mapping[str, Raw]
    payload: Raw | UnsetType = UNSET
    """Left out when empty."""
    event: Event | UnsetType = UNSET
    """For `handle` only."""
    deadline_at: str
    """RFC 3339."""


def request_of(info: JobInfo, args: bytes, config: object, state: Mapping[str, Raw], deadline: int) -> bytes:
    """The bytes for stdin.

    Args:
        info: the job.
        args: its input, a JSON object.
        config: the plugin's, as JSON can hold it; None for none.
        state: what the plugin kept, by key.
        deadline: when the time is up, in milliseconds since 1970 UTC.
    """
    request = Request(
        job_id=info.id,
        command=info.command,
        config=config or {},
        state=state,
        payload=UNSET if _is_empty(args) else Raw(args),
        event=_event(info, args) if info.command == HANDLE else UNSET,
        deadline_at=rfc3339(deadline),
    )
    body = _encode(request)
    # Some plugins read one line: what came with line breaks of its own goes without.
    return (msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body) + b"\n"


def _event(info: JobInfo, args: bytes) -> Event:
    payload = _NOTHING if _is_empty(args) else Raw(args)
    if info.source is None:
        return Event(type=TRIGGER, payload=payload)
    sent = _decode(args)
    if not (isinstance(sent.type, str) and sent.type):
        return Event(type=WEBHOOK, payload=payload, source=info.source, event_id=info.id)
    # An event that has its content elsewhere than in `payload` is all content.
    has_payload = bytes(sent.payload).lstrip()[:1] == b"{"
    return Event(
        type=sent.type,
        payload=sent.payload if has_payload else payload,
        dedupe_key=_text(sent.dedupe_key),
        source=_text(sent.source, info.source),
        timestamp=_text(sent.timestamp),
        event_id=_text(sent.event_id, info.id),
    )


def _text(value: object, otherwise: str | UnsetType = UNSET) -> str | UnsetType:
    return value if isinstance(value, str) else otherwise


def _is_empty(args: bytes) -> bool:
    return not args.strip()[1:-1].strip()


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Sent).decode
