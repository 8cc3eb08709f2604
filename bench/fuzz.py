"""Hunts for a request at `/hooks` that is answered 500, guided by what of the code each one reaches.

Not a test: it needs atheris (`uv pip install atheris`) and runs for as long as it is told, from the root of the
repository: `python -m bench.fuzz -max_total_time=300`. What it finds is written to a file, which it takes
as an argument to see it again.
"""

import logging
import sys

import atheris
import structlog

with atheris.instrument_imports(include=["hookyard.inbound", "hookyard.gateway"]):
    from tests.fuzz.every_source import Sent, house, send, senders

    from hookyard.inbound.events import hosts  # noqa: F401  instrumented with the rest

_TYPES = (
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"application/cloudevents+json",
    b"text/plain",
    b"",
)


def one(data: bytes) -> None:
    """One request out of these bytes."""
    given = atheris.FuzzedDataProvider(data)
    names = sorted(senders())
    name = names[given.ConsumeIntInRange(0, len(names) - 1)]
    kind, signs = _TYPES[given.ConsumeIntInRange(0, len(_TYPES) - 1)], given.ConsumeIntInRange(0, 3)
    added = [
        (_name(given.ConsumeBytes(given.ConsumeIntInRange(1, 24))), given.ConsumeBytes(given.ConsumeIntInRange(0, 60)))
        for _ in range(given.ConsumeIntInRange(0, 4))
    ]
    query = given.ConsumeBytes(given.ConsumeIntInRange(0, 24)).replace(b"#", b"")
    body = given.ConsumeBytes(given.remaining_bytes())
    if signs:
        sent = senders()[name].request(body, "push", "d-1", house().clock.now(), kind)
        sent.headers, sent.query = [*sent.headers, *added], sent.query + query
    else:
        sent = Sent(headers=[(b"content-type", kind), *added], body=body, query=query)
    reply = send(sent, name)
    if reply.status == 500:
        msg = f"{name}: {reply.body!r}"
        raise AssertionError(msg)


def _name(raw: bytes) -> bytes:
    """As a server would let it through: a token, in lower case."""
    return bytes(byte if chr(byte).isalnum() and byte < 128 else 45 for byte in raw).lower()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
