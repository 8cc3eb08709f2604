"""Webhooks at a real server: large, slow, chunked and doubled ones, and what strangers can do."""

import hashlib
import hmac
import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.e2e.lab import PATIENCE, SOURCE_SECRET, TOKEN, Server

MIB = 1 << 20
LARGE = 25 * MIB
ROUTES = [{"on": "push", "run": "lab/double", "with": {"n": "$.n"}}]


@pytest.fixture
def hub(server: Server) -> Server:
    """A server, not yet started, with a source of GitHub's."""
    server.config["sources"] = {"github": {"scheme": "github", "secrets": [SOURCE_SECRET], "routes": ROUTES}}
    return server


def body_of(size: int, n: int = 1) -> bytes:
    """A push of this size."""
    head = b'{"n":%d,"commits":[' % n
    item = b'{"id":"0123456789abcdef","message":"a change that somebody made","added":["a/b/c.py"]},'
    return head + item * ((size - len(head) - 4) // len(item)) + b"{}]}"


def headers_of(body: bytes, delivery: str, secret: str = SOURCE_SECRET) -> dict[str, str]:
    """GitHub's headers."""
    return {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": delivery,
        "x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def connect(server: Server) -> http.client.HTTPConnection:
    """A connection of its own."""
    url = urlsplit(str(server.client.base_url))
    return http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)


def post(
    server: Server, body: bytes, headers: dict[str, str], *, source: str = "github", chunked: bool = False
) -> tuple[int, dict[str, Any]]:
    """One request; chunked it says nothing of its length."""
    connection = connect(server)
    try:
        pieces = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
        connection.request("POST", f"/hooks/{source}", pieces if chunked else body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def memory(server: Server) -> tuple[int, int]:
    """MiB that the server has now, and had at most."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    now, most = (re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmRSS", "VmHWM"))
    assert now is not None
    assert most is not None
    return int(now[1]) // 1024, int(most[1]) // 1024


def exchange(server: Server, *sent: bytes) -> Iterator[bytes]:
    """Send, and after each part wait for what comes back."""
    url = urlsplit(str(server.client.base_url))
    with socket.create_connection((url.hostname, url.port), PATIENCE) as connection:
        for part in sent:
            connection.sendall(part)
            yield answer_of(connection)


def answer_of(connection: socket.socket) -> bytes:
    """One whole answer."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += connection.recv(65_536) or pytest.fail(f"the connection ended after {said!r}")
    length = re.search(rb"content-length: (\d+)", said)
    whole = said.index(b"\r\n\r\n") + 4 + (0 if length is None else int(length[1]))
    while len(said) < whole:
        said += connection.recv(65_536) or pytest.fail(f"the connection ended after {said!r}")
    return said


def head(*lines: str, source: str = "github") -> bytes:
    """The head of a raw request."""
    return "\r\n".join((f"POST /hooks/{source} HTTP/1.1", "host: x", *lines, "", "")).encode()


def test_a_body_without_a_length_is_taken_and_one_that_is_too_large_is_not(hub: Server) -> None:
    hub.config["server"]["max_body"] = "1MiB"
    hub.start()
    body = body_of(MIB - 1000)
    status, job = post(hub, body, headers_of(body, "d-1"), chunked=True)
    assert (status, job["command"]) == (202, "double")
    known = post(hub, body, headers_of(body, "d-1"))[1]
    assert known == job | {"duplicate": True, "status": known["status"]}, "how it stands meanwhile"
    large = body_of(MIB + 100_000)
    for source in ("github", "nowhere"):
        for chunked in (True, False):
            assert post(hub, large, headers_of(large, "d-2"), source=source, chunked=chunked)[0] == 413


def test_who_asks_first_is_told_to_go_on_or_that_it_is_too_much(hub: Server) -> None:
    hub.start()
    body = b'{"n":1}'
    named = [f"{name}: {value}" for name, value in headers_of(body, "d-1").items()]
    said = exchange(hub, head(*named, "expect: 100-continue", f"content-length: {len(body)}"), body)
    assert next(said) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b" 202 " in next(said)
    for source in ("github", "nowhere"):
        asked = head(*named, "expect: 100-continue", f"content-length: {LARGE + 1}", source=source)
        assert next(exchange(hub, asked)).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("source", ["github", "nowhere"])
@pytest.mark.parametrize("begun", [b"", b"{"])
def test_a_body_that_does_not_come_ends_with_408_and_the_connection(hub: Server, source: str, begun: bytes) -> None:
    hub.config["server"]["body_timeout"] = "200ms"
    hub.start()
    said = next(exchange(hub, head("content-length: 10", source=source) + begun))
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in said
    assert b'"request_timeout"' in said


def test_a_stranger_is_told_the_same_byte_for_byte_whether_the_source_is_there_or_not(hub: Server) -> None:
    hub.config["sources"]["away"] = hub.config["sources"]["github"] | {"allow": ["192.0.2.0/24"]}
    hub.start()
    body = b'{"n":1}'
    forged, genuine = headers_of(body, "d-1", "guess"), headers_of(body, "d-1")
    seen: set[tuple[int, str]] = set()
    for source, headers in (("github", forged), ("away", forged), ("away", genuine), ("nowhere", genuine)):
        status, problem = post(hub, body, headers, source=source)
        seen.add((status, json.dumps(problem | {"request_id": ""})))
    assert len(seen) == 1
    hub.wait_for("request.refused", step="unknown_source")
    assert {line["step"] for line in hub.log if line["event"] == "request.refused"} == {
        "mismatch",
        "not_allowed",
        "unknown_source",
    }


def test_two_hundred_identical_deliveries_at_once_make_one_job(hub: Server) -> None:
    hub.start()
    body = b'{"n":21}'
    with ThreadPoolExecutor(32) as pool:
        replies = [one.result() for one in [pool.submit(post, hub, body, headers_of(body, "d-1")) for _ in range(200)]]
    assert {status for status, _ in replies} == {202}
    [job_id] = {job["job_id"] for _, job in replies}
    assert [job.get("duplicate") for _, job in replies].count(None) == 1
    jobs = hub.client.get("/api/v1/jobs").json()["jobs"]
    assert [job["job_id"] for job in jobs] == [job_id]
    with ThreadPoolExecutor(8) as pool:
        bodies = [b'{"n":%d}' % n for n in range(20)]
        others = [one.result() for one in [pool.submit(post, hub, one, headers_of(one, "d-1")) for one in bodies]]
    assert {(status, problem["job_id"]) for status, problem in others} == {(409, job_id)}


def test_an_event_that_does_not_fit_is_a_dead_letter_and_comes_as_often_as_it_may_once(hub: Server) -> None:
    hub.start()
    body = b'{"n":"many"}'
    status, problem = post(hub, body, headers_of(body, "d-1"))
    assert (status, problem["code"], problem["path"]) == (422, "invalid_event", "$.n")
    job = hub.job(problem["job_id"])
    assert (job["status"], job["reason"]) == ("failed", "invalid_input")
    assert post(hub, body, headers_of(body, "d-1"))[1]["job_id"] == problem["job_id"]


def test_pushes_of_25_mb_one_after_the_other_take_no_more_memory_than_a_few(hub: Server) -> None:
    hub.start()
    body = body_of(LARGE - 1000)
    kinds = [("github", "guess", False), ("nowhere", "guess", False), ("github", "guess", True)]

    def rounds(first: int, last: int) -> None:
        for at in range(first, last):
            source, secret, chunked = kinds[at % 3]
            assert post(hub, body, headers_of(body, f"d-{at}", secret), source=source, chunked=chunked)[0] == 401
        for at in range(first, last, 3):
            assert post(hub, body, headers_of(body, f"s-{at}"))[0] == 202

    rounds(0, 6)
    after_some = memory(hub)[1]
    rounds(6, 24)
    assert memory(hub)[1] - after_some < 75  # if all of one kind stayed: six, which are 150


def test_many_large_pushes_at_once_wait_for_each_other_and_not_for_more_memory(hub: Server) -> None:
    hub.config["server"]["body_memory"] = "64MiB"
    hub.start()
    body = body_of(8 * MIB)
    before, forged = memory(hub)[0], headers_of(body, "d-1", "guess")
    with ThreadPoolExecutor(16) as pool:
        replies = [one.result() for one in [pool.submit(post, hub, body, forged) for _ in range(32)]]
    assert {status for status, _ in replies} <= {401, 503}
    assert memory(hub)[1] - before < 64 + 48  # 16 at once would take 128 and more


def test_those_who_hold_half_of_the_memory_hold_nobody_else_up_and_are_let_go(hub: Server) -> None:
    hub.config["server"] |= {"body_memory": "16MiB", "max_body": "8MiB", "body_timeout": "2s"}
    hub.start()
    stuck = [threading.Thread(target=stall, args=(hub,)) for _ in range(4)]
    for thread in stuck:
        thread.start()
    small = b'{"n":1}'
    assert post(hub, small, headers_of(small, "d-1"))[0] == 202
    for thread in stuck:
        thread.join(PATIENCE)
    large = body_of(4 * MIB)
    assert post(hub, large, headers_of(large, "d-2"))[0] == 202


def stall(server: Server) -> None:
    """Begin a large body, and wait until the server has had enough."""
    begun = head(f"content-length: {8 * MIB}") + b"x" * (2 * MIB)
    url = urlsplit(str(server.client.base_url))
    with socket.create_connection((url.hostname, url.port), PATIENCE) as connection:
        connection.sendall(begun)
        assert connection.recv(100).startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 503 "))


def test_no_token_opens_a_source(hub: Server) -> None:
    hub.start()
    answer = hub.client.post("/hooks/github", json={"n": 1}, headers={"authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
