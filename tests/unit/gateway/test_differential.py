"""The lean path held against the ordinary handlers: the same requests, the same answers, the same jobs."""

import hmac
import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.examples import examples
from tests.unit.gateway.lab import CAP, SECRET, Headers, House, Reply, house_of

from hookyard.store.memory import MemoryStore

IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
PUSH = b'{"who":"Ada"}'


def one_of(*values: bytes) -> st.SearchStrategy[bytes]:
    """One of these, or seldom anything."""
    return st.one_of(st.sampled_from(values), st.sampled_from(values), st.binary(max_size=12))


def header(name: bytes, *values: bytes) -> st.SearchStrategy[tuple[bytes, bytes]]:
    """A header with one of these values."""
    return st.tuples(st.just(name), one_of(*values))


GOOD = hmac.digest(SECRET.encode(), PUSH, "sha256").hex().encode()
USUAL: list[tuple[bytes, bytes]] = [
    (b"content-type", b"application/json"),
    (b"authorization", b"Bearer t-ci"),
    (b"x-github-event", b"push"),
    (b"x-github-delivery", b"d-1"),
    (b"x-hub-signature-256", b"sha256=" + GOOD),
]
UNUSUAL = st.one_of(
    header(b"content-type", b"application/json; charset=utf-8", b"text/plain", b"application/x-www-form-urlencoded"),
    header(b"authorization", b"Bearer t-ci", b"bearer t-admin", b"Bearer t-nobody", b"Basic eA=="),
    header(b"x-api-key", b"t-ci", b"wrong"),
    header(b"idempotency-key", b"k1", b'"k1"', b"", b"k2"),
    header(b"x-request-id", b"mine", b"not mine"),
    header(b"prefer", b"wait=1", b"respond-async"),
    header(b"content-length", b"0", b"2", b"%d" % CAP, b"%d" % (CAP + 1)),
    header(b"content-encoding", b"gzip", b"identity"),
    header(b"expect", b"100-continue"),
    header(b"x-github-event", b"push", b"star", b"ping", b"watch"),
    header(b"x-github-delivery", b"d-1", b"d-2"),
    header(b"x-hub-signature-256", b"sha256=" + GOOD, b"sha256=", GOOD),
    header(b"user-agent", b"curl"),
    header(b"host", b"a b", b""),
)
PATHS = st.sampled_from(
    ["/trigger/hello/greet", "/trigger/hello/look", "/hooks/hub", "/hooks/plain"] * 3
    + ["/trigger/hello/greet/", "//trigger/hello/look", "/trigger/hello/gone", "/hooks/gone", "/hooks/hub/", "/hooks"]
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "payload": st.sampled_from([{"name": "Ada"}, {"name": 5}, {}, None, {"name": "\u00e9", "x": [1.5]}]),
        "priority": st.sampled_from([0, -5, 2**31]),
        "delay": st.sampled_from([0, 1.5, -1]),
        "run_at": st.sampled_from([0, "2027-01-15T08:00:00Z", "soon"]),
        "max_attempts": st.sampled_from([1, 0]),
        "timeout": st.sampled_from([1, 0]),
        "callback_url": st.sampled_from(["https://example.com/", "http://example.com/"]),
        "tags": st.sampled_from([[], ["a"], [""]]),
        "unique": st.just("skip"),
        "tenant": st.sampled_from(["acme", "", "a b"]),
    },
).map(lambda envelope: json.dumps(envelope).encode())
BODIES = st.one_of(
    ENVELOPES,
    st.sampled_from([PUSH, b"", b"{", b'{"payload":{"name":"\xff"}}', b'{"payload":{"name":"Ada"}}', b"x" * (CAP + 1)]),
    st.binary(max_size=20),
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Headers, bytes | list[bytes], bytes]:
    """A request that is mostly right: path, headers, body, query."""
    dropped = draw(st.sets(st.sampled_from([name for name, _ in USUAL]), max_size=1))
    headers = [pair for pair in USUAL if pair[0] not in dropped]
    for extra in draw(st.lists(UNUSUAL, max_size=3)):
        if draw(st.booleans()):  # in the place of the usual one, or beside it
            headers = [pair for pair in headers if pair[0] != extra[0]]
        headers.append(extra)
    body = draw(BODIES)
    pieces: bytes | list[bytes] = body
    if draw(st.integers(0, 3)) == 0:
        cut = draw(st.integers(0, len(body)))
        pieces = [body[:cut], body[cut:]]
        if draw(st.booleans()) and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", b"%d" % len(body)))
    return draw(PATHS), headers, pieces, draw(st.sampled_from([b"", b"", b"", b"a=1"]))


def shown(reply: Reply) -> tuple[int, dict[bytes, bytes], bytes]:
    """A response, with every id alike."""
    assert len(dict(reply.headers)) == len(reply.headers)
    return reply.status, {name: IDS.sub(b"ID", value) for name, value in reply.headers}, IDS.sub(b"ID", reply.body)


def stored(house: House) -> list[str]:
    """What was stored, with every id alike."""
    return [IDS.sub(b"ID", repr(job).encode()).decode() for job in house.dispatcher.jobs]


LEAN, ORDINARY = house_of(lean=True), house_of(lean=False)


@settings(max_examples=examples(250), deadline=None)
@given(st.lists(requests(), min_size=1, max_size=3))
@example([("/trigger/hello/greet", USUAL, b'{"payload":{"name":"Ada"}}', b"")])
@example([("/hooks/hub", USUAL, PUSH, b"")] * 2)
def test_the_lean_path_and_the_ordinary_one_cannot_be_told_apart(
    given_requests: list[tuple[str, Headers, bytes | list[bytes], bytes]],
) -> None:
    for house in (LEAN, ORDINARY):
        house.dispatcher.jobs.clear()
        house.dispatcher.use(MemoryStore())
    for path, headers, body, query in given_requests:
        replies = [house.call("POST", path, headers, body, query=query) for house in (LEAN, ORDINARY)]
        assert shown(replies[0]) == shown(replies[1])
        assert replies[0].status != 500
    assert stored(LEAN) == stored(ORDINARY)


def test_the_usual_requests_do_take_the_lean_path() -> None:
    house = house_of()
    house.app.asgi_handler = broken
    assert house.call("POST", "/trigger/hello/greet", USUAL, b'{"payload":{"name":"Ada"}}').status == 202
    assert house.call("POST", "/hooks/hub", USUAL, PUSH).status == 202


async def broken(*_: object) -> None:
    raise AssertionError
