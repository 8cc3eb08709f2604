"""Secrets of endpoints made over HTTP, encrypted where they are stored: through restarts, reloads and kills."""

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from tests.e2e.lab import ENDPOINT_SECRET, Receiver, Server

from hookyard.model import Endpoint
from hookyard.outbound.endpoints.encryption import AT_ONCE
from hookyard.outbound.endpoints.keyring import Keyring, id_of, key_of, new_key
from hookyard.outbound.endpoints.private import KeptSecret, Private, decode_private, with_private
from hookyard.store.contract import Op, PutEndpoint
from hookyard.store.sqlite import SqliteStore

OLD, NEW = new_key(), new_key()
HEADER = "a header that nobody sees"
UNSEEN = "X-Seen-By-Nobody"
"""So long that what was encrypted never has it by chance, as it may have three letters."""
MANY = 4 * AT_ONCE + 50

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from hookyard.config import load_file
from hookyard.service import Service
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import ReplacePrivate, Together

left, how = int(sys.argv[2]), sys.argv[3]
submit = Coalescer.submit

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def counted(self, op):
    global left
    if not isinstance(op, Together) or not isinstance(op.ops[0], ReplacePrivate):
        return submit(self, op)
    left -= 1
    if not left and how == "before":
        die()
    future = submit(self, op)
    if not left and how == "meanwhile":
        asyncio.get_running_loop().call_soon(die)
    if not left and how == "after":
        future.add_done_callback(die)
    return future

Coalescer.submit = counted

async def main():
    service = await Service.open(load_file(Path(sys.argv[1])))
    await service.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


def configure(server: Server, *keys: str) -> None:
    """Have these keys, each in a file of its own."""
    for at, key in enumerate(keys):
        (server.folder / f"{at}.key").write_text(f"{key}\n")
    server.config["encryption"] = {"keys": [{"file": f"{at}.key"} for at in range(len(keys))]}
    (server.folder / "config.yaml").write_text(json.dumps(server.config))


@pytest.fixture
def sending(server: Server) -> Server:
    """A server, not yet started, that may send to this machine."""
    server.config["outbound"] = {
        "allow_http": True,
        "allow_networks": ["127.0.0.0/8"],
        "allow_ports": "any",
        "schedule": [0, *["100ms"] * 300],
    }
    server.config["tokens"][0]["scopes"] += ["endpoints:*", "admin"]
    return server


def make(server: Server, receiver: Receiver, name: str = "crm") -> None:
    body = {
        "name": name,
        "url": receiver.url,
        "events": ["job.succeeded"],
        "secrets": [ENDPOINT_SECRET],
        "headers": {"X-Extra": HEADER},
    }
    answer = server.client.post("/api/v1/endpoints", json=body)
    assert answer.status_code == 201, answer.text


def shown(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get("/api/v1/endpoints/crm").json()
    return found


def job(server: Server) -> str:
    found: str = server.result("double", {"n": 1}).json()["job_id"]
    return found


def stands_in_the_store(server: Server) -> bool:
    """Whether a secret stands in the file or beside it."""
    files = [file.read_bytes() for file in server.folder.glob("hookyard.db*")]
    return any(text.encode() in file for file in files for text in (ENDPOINT_SECRET, HEADER))


def rows(server: Server) -> dict[str, Endpoint]:
    async def read() -> tuple[Endpoint, ...]:
        store = await SqliteStore.open(server.folder / "hookyard.db")
        try:
            return await store.endpoints()
        finally:
            await store.aclose()
            store.close()

    return {row.name: row for row in asyncio.run(read())}


def test_a_key_is_rotated_by_two_lines_of_the_configuration(sending: Server, receiver: Receiver) -> None:
    configure(sending, OLD)
    sending.start()
    make(sending, receiver)
    jobs = {job(sending)}
    for keys in ((NEW, OLD), (NEW,)):
        assert sending.stop() == 0
        configure(sending, *keys)
        sending.start()
        if OLD in keys:
            sending.wait_for("endpoint.secrets_encrypted", key=id_of(NEW), endpoints=1)
        jobs.add(job(sending))
    receiver.wait_for(jobs)
    assert receiver.forged == 0
    told = "".join(sending.client.get(f"/api/v1/{path}").text for path in ("audit", "endpoints", "events"))
    assert "endpoint.create" in told
    assert not stands_in_the_store(sending)
    assert sending.stop() == 0
    assert not stands_in_the_store(sending)
    assert key_of(rows(sending)["crm"].private) == id_of(NEW)
    assert not any(text in told + str(sending.log) for text in (ENDPOINT_SECRET, HEADER, OLD, NEW))


def test_without_its_key_an_endpoint_waits_and_a_reload_with_it_sends_all_that_waited(
    sending: Server, receiver: Receiver
) -> None:
    configure(sending, OLD)
    sending.start()
    make(sending, receiver)
    receiver.answer = lambda: 503
    waiting = {job(sending) for _ in range(3)}
    assert sending.stop() == 0
    receiver.answer = lambda: 204
    configure(sending, NEW)
    sending.start()
    assert id_of(OLD) in sending.wait_for("endpoint.faulty", endpoint="crm")["problem"]
    assert (shown(sending)["state"], shown(sending)["url"]) == ("faulty", receiver.url)
    assert f"the key {id_of(OLD)}, which is not among `encryption.keys`" in shown(sending)["problem"]
    answer = sending.client.patch("/api/v1/endpoints/crm", json={"description": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_disabled")
    make(sending, receiver, "other")
    receiver.wait_for({job(sending)})
    assert not waiting & receiver.arrived.keys(), "another goes on as ever, and this one waits"

    configure(sending, NEW, OLD)
    assert sending.client.post("/api/v1/reload").json()["settings"] == ["encryption"]
    receiver.wait_for(waiting)
    assert shown(sending)["state"] == "live"
    sending.wait_for("endpoint.secrets_encrypted", key=id_of(NEW), endpoints=1)
    configure(sending, OLD)
    refused = sending.client.post("/api/v1/reload").json()
    assert [problem["path"] for problem in refused["problems"]] == ["encryption.keys"]
    assert f"the secrets of 2 endpoints are encrypted under the key {id_of(NEW)}" in str(refused)
    assert shown(sending)["state"] == "live"


def test_what_was_made_without_keys_is_encrypted_by_the_first_start_with_one(
    sending: Server, receiver: Receiver
) -> None:
    sending.start()
    make(sending, receiver)
    assert sending.stop() == 0
    assert stands_in_the_store(sending)
    configure(sending, NEW)
    sending.start()
    outdated = sending.wait_for("endpoint.secrets_outdated")
    assert outdated["under"] == {"none": 1}
    sending.wait_for("endpoint.secrets_encrypted", endpoints=1)
    receiver.wait_for({job(sending)})
    assert sending.stop() == 0
    assert not stands_in_the_store(sending)


def many(server: Server) -> dict[str, Private]:
    """Put many endpoints into the store, some plain, some under an old key; what is in each."""
    made: dict[str, Private] = {}
    ops: list[Op] = []
    for number in range(MANY):
        name = f"e{number:03}"
        made[name] = Private(secrets=(KeptSecret(value=f"{ENDPOINT_SECRET}{number % 10}A=="),), headers={UNSEEN: name})
        row = Endpoint(
            name=name,
            origin="http",
            spec=b'{"url":"https://example.com/"}',
            epoch=number,
            created_at=1,
            created_by="token:ops",
            updated_at=1,
        )
        ops.append(PutEndpoint(now=1, endpoint=with_private(row, made[name], Keyring([OLD] if number % 2 else []))))

    async def write() -> None:
        store = await SqliteStore.open(server.folder / "hookyard.db")
        store.apply(ops)
        await store.aclose()
        store.close()

    asyncio.run(write())
    return made


@pytest.mark.parametrize(("batch", "how"), [(1, "before"), (2, "meanwhile"), (3, "after"), (5, "meanwhile")])
def test_a_kill_in_the_middle_of_it_loses_none_and_the_next_start_does_the_rest(
    sending: Server, batch: int, how: str
) -> None:
    made = many(sending)
    assert UNSEEN.encode() in (sending.folder / "hookyard.db").read_bytes()
    configure(sending, NEW, OLD)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(sending.folder / "config.yaml"), str(batch), how],
        cwd=sending.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    found = rows(sending)
    keyring = Keyring([NEW, OLD])
    assert {name: decode_private(row, keyring) for name, row in found.items()} == made
    under = Counter(key_of(row.private) for row in found.values())
    done = AT_ONCE * (batch - 1)
    assert under[id_of(NEW)] in ({done} if how == "before" else {min(done + AT_ONCE, MANY)} | {done})
    sending.start()
    if rest := MANY - under[id_of(NEW)]:  # the last batch may have been on the disk
        sending.wait_for("endpoint.secrets_encrypted", key=id_of(NEW), endpoints=rest)
    assert sending.stop() == 0
    found = rows(sending)
    assert {key_of(row.private) for row in found.values()} == {id_of(NEW)}
    assert {name: decode_private(row, keyring) for name, row in found.items()} == made
    assert UNSEEN.encode() not in (sending.folder / "hookyard.db").read_bytes()
