"""What fails for good is told (`delivery.failed`), counted, and among what is not well until somebody sees to it."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.unit.gateway.endpoints.hall import ACME, ADMIN, SECRET, Hall, in_hall

from hookyard.cli.endpoints.health import ailing
from hookyard.testing.receiver import Received, Receiver

MINUTE, DAY = 60_000, 86_400_000
OUTBOUND: Mapping[str, object] = {"allow_http": True, "allow_ports": "any", "allow_networks": ["127.0.0.0/8"]}


async def picky(_receiver: Receiver, request: Received, writer: asyncio.StreamWriter) -> None:
    """Refuses what has `poison` in it, and whatever comes to `/sick`; takes the rest."""
    bad = b"poison" in request.body or "/sick" in request.line
    status = b"400 Bad Request" if bad and "/hook" not in request.line else b"204 No Content"
    writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")


def at(call: Hall, path: str, **more: object) -> dict[str, Any]:
    return {"url": call.receiver.url().replace("/hook", path), "schedule": ["0s"], "breaker": "off", **more}


async def make(call: Hall, name: str, path: str, token: str = ADMIN, **more: object) -> None:
    answer = await call("POST", "/endpoints", at(call, path, name=name, **more), token)
    assert answer.status_code == 201, answer.text


def heard(call: Hall) -> list[dict[str, Any]]:
    """What came to `/hook`: the payloads, in the order in which they were told."""
    bodies = [json.loads(one.body) for one in call.receiver.requests if "/hook" in one.line]
    return [body["data"]["payload"] for body in bodies if body["type"] == "delivery.failed"]


async def hears(call: Hall, count: int) -> list[dict[str, Any]]:
    async def there() -> bool:
        await asyncio.sleep(0)
        return len(heard(call)) >= count

    await call.until(there)
    return heard(call)


async def ended(call: Hall, endpoint: str, count: int) -> None:
    await call.settled(f"endpoint={endpoint}&limit=200", count, "failed", "delivered")


async def counted(call: Hall, endpoint: str) -> None:
    """Wait until the newest that failed is counted, which is done after it is stored; it failed later than others."""
    newest, *_ = await call.deliveries(f"endpoint={endpoint}&status=failed")

    async def there() -> bool:
        stats = (await call("GET", f"/endpoints/{endpoint}/stats")).json()
        return bool(stats["dead_letter_at"] == newest["completed_at"])

    await call.until(there)


async def told(call: Hall) -> int:
    """How many events are kept."""
    return len((await call("GET", "/events?type=delivery.failed&limit=200")).json()["events"])


async def dead(call: Hall) -> int:
    """How many endpoints have some, as monitoring sees it."""
    counts: Mapping[str, int] = (await call("GET", "/health")).json()["endpoints"]
    return counts["dead_letters"]


async def lost_something(call: Hall, count: int) -> None:
    """Wait until so many endpoints have some, which is counted after it is stored."""

    async def there() -> bool:
        return await dead(call) == count

    await call.until(there)


async def unwell(call: Hall) -> list[str]:
    rows: list[dict[str, Any]] = (await call("GET", "/endpoints?limit=200")).json()["endpoints"]
    failing = (await call("GET", "/endpoints?failing=true")).json()["endpoints"]
    assert [row["name"] for row in failing] == [row["name"] for row in ailing(rows)]
    return [row["name"] for row in ailing(rows)]


def test_a_poison_message_among_good_ones_is_told_counted_and_not_well_until_it_is_sent_again(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ops", events=["delivery.*", "endpoint.*"])
        await make(call, "crm", "/crm", events=["job.succeeded"])
        job = await call.run(payload={"name": "poison"})
        await ended(call, "crm", 1)
        for _ in range(20):
            await call.run()
        await ended(call, "crm", 21)
        (fact,) = await hears(call, 1)
        (lost,) = await call.deliveries("endpoint=crm&status=failed")
        assert fact == {
            "delivery_id": lost["id"],
            "endpoint": "crm",
            "event": "job.succeeded",
            "job_id": job,
            "attempts": 1,
            "last_status": 400,
            "last_error": "http_400",
            "created_at": lost["created_at"],
            "failed_at": lost["completed_at"],
            "failed": 1,
        }
        assert (await dead(call), await unwell(call)) == (1, ["crm"])
        assert (await call("GET", "/health")).json()["endpoints"]["failing"] == 0
        stats = (await call("GET", "/endpoints/crm/stats")).json()
        assert stats["dead_letter_at"] == lost["completed_at"]
        assert (await call("GET", "/endpoints/crm")).json()["dead_letter_at"] == lost["completed_at"]
        await call("PATCH", "/endpoints/crm", {"url": call.receiver.url().replace("/hook", "/other/hook")})
        assert (await call("POST", f"/deliveries/{lost['id']}/resend")).is_success
        await call.settled("endpoint=crm&limit=200", 21, "delivered")
        assert (await dead(call), await unwell(call)) == (0, [])

    in_hall(tmp_path, work, picky)


def test_dead_letters_count_for_a_day_over_a_restart_and_until_they_are_purged(tmp_path: Path) -> None:
    async def leave(call: Hall) -> None:
        for name in ("old", "purged", "abandoned"):
            await make(call, name, "/crm", events=["job.succeeded"])
        await call("PATCH", "/endpoints/abandoned", {"schedule": ["1h"]})
        await call.run(payload={"name": "poison"})
        for name in ("old", "purged"):
            await ended(call, name, 1)
        await call.run()
        for name in ("old", "purged"):
            await ended(call, name, 2)
        await lost_something(call, 2)
        assert await unwell(call) == ["old", "purged"]
        for waits in await call.deliveries("endpoint=abandoned"):
            assert (await call("POST", f"/deliveries/{waits['id']}/abandon")).is_success
        await call.settled("endpoint=abandoned", 2, "failed")
        assert (await dead(call), await unwell(call)) == (2, ["old", "purged"])

    async def again(call: Hall) -> None:
        await lost_something(call, 2)
        body = {"since": 0, "statuses": ["failed"]}
        assert (await call("POST", "/endpoints/purged/purge", body)).is_success
        assert (await dead(call), await unwell(call)) == (1, ["old"])
        call.clock.advance(DAY)
        assert (await dead(call), await unwell(call)) == (0, [])

    in_hall(tmp_path, leave, picky)
    in_hall(tmp_path, again, picky)


def test_of_many_that_fail_at_once_one_is_told_and_a_minute_later_how_many_more_there_were(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ops", events=["delivery.failed"])
        await make(call, "crm", "/sick", events=["job.succeeded"])
        for _ in range(11):
            await call.run()
        await ended(call, "crm", 11)
        call.clock.advance(1)
        await call.run()
        await ended(call, "crm", 12)
        await counted(call, "crm")
        assert [one["failed"] for one in await hears(call, 1)] == [1]
        assert await told(call) == 1
        call.clock.advance(MINUTE)
        assert [one["failed"] for one in await hears(call, 2)] == [1, 11]
        call.clock.advance(1)
        await call.run()
        await ended(call, "crm", 13)
        await counted(call, "crm")
        assert await told(call) == 2
        call.clock.advance(MINUTE)
        assert [one["failed"] for one in await hears(call, 3)] == [1, 11, 1]
        call.clock.advance(MINUTE)
        await asyncio.sleep(0)
        await call.run()
        await ended(call, "crm", 14)
        assert [one["failed"] for one in await hears(call, 4)] == [1, 11, 1, 1], (
            "after a quiet minute it is told at once"
        )

    in_hall(tmp_path, work, picky)


def test_what_was_counted_is_told_when_the_server_stops(tmp_path: Path) -> None:
    async def leave(call: Hall) -> None:
        await make(call, "crm", "/sick", events=["job.succeeded"])
        for _ in range(3):
            await call.run()
        await ended(call, "crm", 3)
        assert await told(call) == 1

    async def look(call: Hall) -> None:
        found = (await call("GET", "/events?type=delivery.failed")).json()["events"]
        assert [each["payload"]["failed"] for each in found] == [2, 1]

    in_hall(tmp_path, leave, picky)
    in_hall(tmp_path, look, picky)


def test_two_operators_that_are_both_away_do_not_tell_each_other_of_it(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        both = ["delivery.failed", "endpoint.*", "breaker.*"]
        for name in ("one", "two"):
            await make(call, name, "/sick", events=both)
        await make(call, "crm", "/sick", events=["job.succeeded"])
        await call.run()
        for name in ("one", "two"):
            await call.settled(f"endpoint={name}&event=delivery.failed", 1, "failed")
        for _ in range(3):
            call.clock.advance(MINUTE)
            await asyncio.sleep(0)
        assert await told(call) == 1
        await lost_something(call, 3)  # that is counted all the same

    in_hall(tmp_path, work, picky)


def test_tenants_hear_of_their_own_endpoints_and_of_nobody_elses(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        ear = call.receiver.url()
        assert (
            await call("POST", "/endpoints", {"name": "acme", "url": ear, "events": ["delivery.failed"]}, ACME)
        ).is_success
        await call.make("ops", events=["delivery.failed"])
        await make(call, "of-acme", "/sick", ACME, events=["job.succeeded"])
        await make(call, "of-all", "/sick", events=["job.succeeded"])
        await call.run(token=ACME)
        await ended(call, "of-acme", 1)
        await ended(call, "of-all", 1)
        await hears(call, 3)
        names = {one: await call.deliveries(f"endpoint={one}") for one in ("acme", "ops")}
        seen: dict[str, list[tuple[str, str]]] = {}
        for name, found in names.items():
            whole = [(await call("GET", f"/deliveries/{one['id']}")).json()["body"]["data"]["payload"] for one in found]
            seen[name] = sorted((one["endpoint"], one.get("tenant", "")) for one in whole)
        assert seen == {"acme": [("of-acme", "acme")], "ops": [("of-acme", "acme"), ("of-all", "")]}

    in_hall(tmp_path, work, picky)


def test_of_callback_urls_only_the_origin_is_told_and_those_of_a_tenant_count_together(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ops", events=["delivery.failed"])
        for number, token in enumerate((ADMIN, ADMIN, ADMIN, ACME)):
            url = call.receiver.url().replace("/hook", f"/sick/{number}?token=hidden")
            await call.run(callback_url=url, token=token)
            await call.settled("callback=true", number + 1, "failed")
            await hears(call, 1)  # both at once would go over two connections, in either order
        assert [(one["failed"], one.get("tenant", "")) for one in await hears(call, 2)] == [(1, ""), (1, "acme")]
        call.clock.advance(MINUTE)
        facts = await hears(call, 3)
        assert (facts[2]["failed"], facts[2].get("tenant", "")) == (2, "")
        assert {one["callback_origin"] for one in facts} == {f"http://127.0.0.1:{call.receiver.port}"}
        assert "hidden" not in json.dumps(facts)
        assert "endpoint" not in facts[0]

    in_hall(tmp_path, work, picky, outbound={**OUTBOUND, "callback_secrets": [SECRET], "schedule": ["0s"]})


def test_what_somebody_wanted_is_not_told(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ops", events=["delivery.failed"])
        await make(call, "sample", "/sick", events=["order.placed"])
        assert (await call("POST", "/endpoints/sample/test")).is_success
        await ended(call, "sample", 1)
        await make(call, "gone", "/crm", events=["job.succeeded"])
        await call("PATCH", "/endpoints/gone", {"schedule": ["1h"]})
        await call.run()
        await call("DELETE", "/endpoints/gone")
        await call.settled("endpoint=gone", 1, "failed")
        assert (await told(call), await dead(call)) == (0, 0)

    in_hall(tmp_path, work, picky)


def test_what_is_too_large_to_be_sent_is_told(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ops", events=["delivery.failed"])
        await make(call, "crm", "/crm", events=["greeting.said"])
        await call.run("hello/emit", payload={"name": "x" * 5000})
        (fact,) = await hears(call, 1)
        assert (fact["endpoint"], fact["event"], fact["last_error"], fact["attempts"]) == (
            "crm",
            "greeting.said",
            "too_large",
            0,
        )
        assert (fact["event_id"], await dead(call)) == ((await call.deliveries("endpoint=crm"))[0]["event_id"], 1)

    in_hall(tmp_path, work, picky, outbound={**OUTBOUND, "max_body": 4096})
