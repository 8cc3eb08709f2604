"""Rows to Structs and back: what senders sent, and the keys under which it came."""

from typing import cast

import msgspec

from hookyard import ids
from hookyard.model import Inbound
from hookyard.store.contract import KeyedJob
from hookyard.store.sqlite.driver import Value

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


def new_inbound(job_key: Value, sent: Inbound) -> tuple[Value, ...]:
    """The values of a new row of `inbound`."""
    headers = None if sent.headers is None else _encode(sent.headers).decode()
    return (job_key, sent.source, sent.event, sent.delivery, headers, sent.body)


def inbound(row: tuple[Value, ...]) -> Inbound:
    """What a row of `inbound` holds."""
    source, event, delivery, headers, body = cast("tuple[str, str, str, str | None, bytes | None]", row)
    kept = None if headers is None else _decode(headers)
    return Inbound(source=source, event=event, delivery=delivery, headers=kept, body=body)


def keyed_job(row: tuple[Value, ...]) -> KeyedJob:
    """What a row of `idempotency_key` stands for."""
    key, job_key, job_tail, expires_at, digest = cast("tuple[str, int, int, int, bytes]", row)
    return KeyedJob(key, ids.join(job_key, job_tail), expires_at, digest)


def names_below(key: str) -> tuple[str, str, str]:
    """An idempotency key, the first text that begins with it and a line break, and the first beyond those."""
    return key, f"{key}\n", f"{key}\v"
