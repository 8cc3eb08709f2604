"""Webhooks that are still to be sent survive kill -9: none is lost, and what comes again has the id it had."""

import functools
import random
from collections.abc import Iterator

import pytest
from tests.e2e.lab import Receiver, Server, listen_to

JOBS = 200
KILLS = 4


class Ordered(Receiver):
    """Remembers in which order ids came."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        super().__init__()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        status = super().take(headers, body)
        if status < 300:
            self.ids.append({name.lower(): value for name, value in headers.items()}["webhook-id"])
        return status


@pytest.fixture
def backlog(server: Server) -> Iterator[tuple[Server, Ordered]]:
    """A server, not yet started, that tells a receiver of every job, and goes on however often that one refuses."""
    receiver = Ordered()
    listen_to(server, receiver.url)
    server.config["endpoints"]["receiver"]["breaker"] = "off"
    server.config["tokens"][0]["scopes"].append("endpoints:read")
    yield server, receiver
    receiver.close()


def finished(server: Server, receiver: Ordered) -> set[str]:
    """Run jobs while the receiver refuses all that is told of them."""
    receiver.answer = lambda: 503
    server.start()
    made = {server.trigger("double", {"n": number}).json()["job_id"] for number in range(JOBS)}
    for job_id in made:
        server.client.get(f"/api/v1/jobs/{job_id}", headers={"prefer": "wait=20"})
    return made


def open_ones(server: Server) -> int:
    found = 0
    for status in ("pending", "held", "sending", "failed"):
        answer = server.client.get("/api/v1/deliveries", params={"status": status, "limit": 200})
        assert answer.status_code == 200, answer.text
        found += len(answer.json()["deliveries"])
    return found


def through_kills(server: Server, receiver: Ordered, made: set[str], seed: int) -> None:
    """Kill the server again and again while it sends what it has."""
    draw = random.Random(seed)
    receiver.answer = lambda: 204

    def so_many(wanted: int) -> bool:
        return len(receiver.bodies) >= wanted

    for kill in range(KILLS):
        wanted = len(made) * (kill + 1) // (KILLS + 2) + draw.randrange(5)
        receiver.wait_until(functools.partial(so_many, wanted))
        server.kill()
        server.start()
    receiver.wait_for(made, 60)


@pytest.mark.timeout(600)
def test_what_is_still_to_be_sent_arrives_under_its_id_through_kill_after_kill(
    backlog: tuple[Server, Ordered],
) -> None:
    server, receiver = backlog
    made = finished(server, receiver)
    through_kills(server, receiver, made, 6)
    assert receiver.forged == 0
    assert {job_id: ids for job_id, ids in receiver.arrived.items() if len(ids) != 1} == {}
    assert receiver.arrived.keys() == made
    assert server.until(lambda: open_ones(server) == 0)


@pytest.mark.timeout(600)
def test_an_order_is_kept_through_kill_after_kill(backlog: tuple[Server, Ordered]) -> None:
    server, receiver = backlog
    server.config["endpoints"]["receiver"]["order"] = {"by": "endpoint"}
    made = finished(server, receiver)
    through_kills(server, receiver, made, 7)
    # What was on its way at a kill comes twice in a row; beyond that ids only grow, and they grow with time.
    first = list(dict.fromkeys(receiver.ids))
    assert first == sorted(first)
    assert receiver.ids == sorted(receiver.ids)
    assert len(first) == len(made)
    assert server.until(lambda: open_ones(server) == 0)
