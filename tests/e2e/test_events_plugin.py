"""One token of an application sends events for its customers, by the first-party plugin, through real processes."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from tests.e2e.lab import ENDPOINT_SECRET, Receiver, Server, listen_to

SCOPES = ["trigger:events/send"]
TOKENS = {"shop": "", "acme-ci": "acme"}
"""Their tenants, by name; a token is its name and its own digest is in the configuration."""
READER = "acme-reader"
Event = tuple[str, Any]


@pytest.fixture
def receivers() -> Iterator[dict[str, Receiver]]:
    """One of each customer, and one of the operators."""
    with ExitStack() as stack:
        found: dict[str, Receiver] = {}
        for name in ("acme", "zeta", "operators"):
            found[name] = Receiver()
            stack.callback(found[name].close)
        yield found


@pytest.fixture
def shop(server: Server, receivers: dict[str, Receiver]) -> Server:
    """A server with the plugin, an endpoint of each tenant, and the tokens of this page."""
    listen_to(server, receivers["operators"].url)
    server.config["plugins"] = {"events": {}}
    server.config["endpoints"] = {
        name: {
            "url": receiver.url,
            "secrets": [ENDPOINT_SECRET],
            "events": ["order.*"],
            "tenant": "" if name == "operators" else name,
        }
        for name, receiver in receivers.items()
    }
    server.config["tokens"] += [
        {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "scopes": scopes, "tenant": tenant}
        for name, scopes, tenant in (
            *((name, SCOPES, tenant) for name, tenant in TOKENS.items()),
            (READER, ["jobs:read"], "acme"),
        )
    ]
    return server.start()


def send(shop: Server, kind: str, data: object, who: str = "shop", key: str = "", **more: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {who}", "prefer": "wait=20"} | ({"idempotency-key": key} if key else {})
    return shop.client.post(
        "/trigger/events/send", json={"payload": {"type": kind, "data": data}, **more}, headers=headers
    )


def sent(shop: Server, kind: str, data: object, who: str = "shop", key: str = "", **more: object) -> str:
    """Send it; the id of its job."""
    answer = send(shop, kind, data, who, key, **more)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded"), answer.text
    return str(answer.json()["job_id"])


def told(receiver: Receiver) -> dict[str, Event]:
    """What came, by job: the type and the payload."""
    return {job_id: (body["type"], body["data"]["payload"]) for job_id, body in dict(receiver.bodies).items()}


def test_each_customer_is_told_its_own_events_by_one_token(shop: Server, receivers: dict[str, Receiver]) -> None:
    acme = sent(shop, "order.placed", {"number": 7}, tenant="acme")
    zeta = sent(shop, "order.paid", {"number": 8}, tenant="zeta")
    ours = sent(shop, "order.counted", {"orders": 2})
    own = sent(shop, "order.placed", {"number": 9}, who="acme-ci")
    expected: dict[str, Event] = {
        acme: ("order.placed", {"number": 7}),
        zeta: ("order.paid", {"number": 8}),
        ours: ("order.counted", {"orders": 2}),
        own: ("order.placed", {"number": 9}),
    }
    for name, jobs in (("operators", {*expected}), ("acme", {acme, own}), ("zeta", {zeta})):
        receivers[name].wait_for(jobs)
    assert shop.stop() == 0  # so that nothing can come any more
    assert told(receivers["operators"]) == expected
    assert told(receivers["acme"]) == {acme: expected[acme], own: expected[own]}
    assert told(receivers["zeta"]) == {zeta: expected[zeta]}


def test_a_call_for_each_customer_may_be_repeated_and_no_key_is_anothers(
    shop: Server, receivers: dict[str, Receiver]
) -> None:
    ids = {tenant: sent(shop, "order.placed", {}, key="order-7", tenant=tenant) for tenant in ("acme", "zeta")}
    assert len({*ids.values()}) == 2
    assert sent(shop, "order.placed", {}, key="order-7", tenant="acme") == ids["acme"]
    receivers["acme"].wait_for({ids["acme"]})
    receivers["zeta"].wait_for({ids["zeta"]})
    assert shop.stop() == 0
    assert {name: {*receivers[name].arrived} for name in ids} == {name: {job_id} for name, job_id in ids.items()}
    assert {len(ids) for receiver in receivers.values() for ids in receiver.arrived.values()} == {1}


def test_a_customers_token_sends_for_no_other_and_nothing_is_told(shop: Server, receivers: dict[str, Receiver]) -> None:
    problem = send(shop, "order.placed", {}, who="acme-ci", tenant="zeta")
    assert (problem.status_code, problem.json()["code"], problem.json()["path"]) == (403, "forbidden", "$.tenant")
    last = sent(shop, "order.placed", {}, who="acme-ci", tenant="acme")
    receivers["operators"].wait_for({last})
    assert shop.stop() == 0
    assert {*receivers["operators"].arrived} == {last}
    assert not receivers["zeta"].arrived


def test_the_customer_finds_the_job_and_so_does_who_made_it(shop: Server) -> None:
    acme, zeta = (sent(shop, "order.placed", {}, tenant=tenant) for tenant in ("acme", "zeta"))

    def status(token: str, job_id: str) -> int:
        answer = shop.client.get(f"/api/v1/jobs/{job_id}", headers={"authorization": f"Bearer {token}"})
        return answer.status_code

    assert [status("shop", job_id) for job_id in (acme, zeta)] == [200, 200]
    assert [status(READER, job_id) for job_id in (acme, zeta)] == [200, 404]
    assert (shop.job(acme)["tenant"], shop.job(acme)["principal"]) == ("acme", "token:shop")


def test_the_largest_event_that_is_taken_is_sent(shop: Server, receivers: dict[str, Receiver]) -> None:
    text = "x" * (1_000_000 - 2)
    job_id = sent(shop, f"order.{'x' * 194}", text, tenant="acme")
    receivers["acme"].wait_for({job_id})
    assert told(receivers["acme"])[job_id][1] == text
    refused = send(shop, "order.placed", f"{text}x", tenant="acme").json()
    assert (refused["code"], refused["path"]) == ("invalid_input", "$.payload")
    assert refused["detail"] == "data: it has 1000001 bytes, and an event may have 1000000"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("order", "type: 'order' is no event type; that is words of a-z, 0-9 and _ with dots between"),
        ("job.succeeded", "type: 'job.succeeded' is reserved: the events of jobs are Hookyard's own"),
        ("schedule.fired", "type: 'schedule.fired' is one of Hookyard's own"),
    ],
)
def test_what_is_no_event_is_refused_with_the_call(shop: Server, kind: str, why: str) -> None:
    problem = send(shop, kind, {}, tenant="acme").json()
    assert (problem["status"], problem["code"], problem["path"]) == (400, "invalid_input", "$.payload")
    assert why in problem["detail"]
    assert shop.client.get("/api/v1/jobs").json()["jobs"] == []


def test_a_tenant_that_is_none_is_refused_with_the_call(shop: Server) -> None:
    problem = send(shop, "order.placed", {}, tenant="two words").json()
    assert (problem["status"], problem["code"], problem["path"]) == (400, "invalid_input", "$.tenant")
