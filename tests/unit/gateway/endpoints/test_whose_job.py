"""What a token that may only trigger does with the jobs of others, and what it sees of its own, in a whole service."""

from pathlib import Path
from typing import Any

from tests.unit.gateway.endpoints.hall import ACME, ADMIN, SCOPES, ZETA, Hall, in_hall, refused

from hookyard.auth import digest

SHOP = "shop"
"""An application's: no tenant, and `trigger` alone."""
TOKENS = [
    {"name": name, "sha256": digest(name), "scopes": scopes, "tenant": tenant}
    for name, (scopes, tenant) in {**SCOPES, SHOP: (["trigger:*/*"], "")}.items()
]
JOB = {"plugin": "hello", "command": "greet"}


async def made(call: Hall, token: str, **more: object) -> dict[str, Any]:
    """A job that is asked for with a wait, answered at once."""
    answer = await call("POST", "/jobs", JOB | more, token, prefer="wait=30")
    assert answer.status_code == 202, answer.text
    assert "preference-applied" not in answer.headers
    found: dict[str, Any] = answer.json()
    return found


async def queued(call: Hall, token: str, **more: object) -> str:
    answer = await call("POST", "/jobs", JOB | more, token)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


async def shown(call: Hall, job_id: str, token: str) -> dict[str, Any]:
    answer = await call("GET", f"/jobs/{job_id}", None, token)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_who_may_trigger_for_a_tenant_replaces_its_waiting_job_as_its_own_token_may_and_no_other(
    tmp_path: Path,
) -> None:
    async def work(call: Hall) -> None:
        replacing = {"unique": {"key": "k", "policy": "replace"}, "delay": 3600}
        theirs = {tenant: await queued(call, tenant, **replacing) for tenant in (ACME, ZETA)}
        nobodys = await queued(call, ADMIN, **replacing)
        ours = await queued(call, SHOP, tenant=ACME, **replacing)
        replaced = await shown(call, theirs[ACME], ACME)
        assert (replaced["status"], replaced["reason"]) == ("cancelled", "replaced")
        newer = await shown(call, ours, ACME)
        assert (newer["status"], newer["tenant"], newer["principal"]) == ("queued", "acme", "token:shop")
        assert (await shown(call, theirs[ZETA], ZETA))["status"] == "queued"
        assert (await shown(call, nobodys, ADMIN))["status"] == "queued"
        assert refused(await call("GET", f"/jobs/{theirs[ACME]}", None, SHOP))[:2] == (404, "not_found")
        assert refused(await call("POST", "/jobs", JOB | replacing | {"tenant": ACME}, ZETA))[0] == 403

    in_hall(tmp_path, work, tokens=TOKENS)


def test_a_debounced_job_of_another_takes_the_input_and_its_maker_alone_is_told_what_came_of_it(
    tmp_path: Path,
) -> None:
    async def work(call: Hall) -> None:
        theirs = await queued(call, ACME, debounce=5, payload={"name": "Bob"})
        answer = await made(call, SHOP, debounce=5, payload={"name": "Cy"}, tenant=ACME)
        assert (answer["job_id"], answer["coalesced"]) == (theirs, True)
        call.clock.advance(5000)

        async def over() -> bool:
            return bool((await shown(call, theirs, ACME))["status"] == "succeeded")

        await call.until(over)
        job = await shown(call, theirs, ACME)
        assert (job["principal"], job["args"], job["result"]) == ("token:acme", {"name": "Cy"}, {"text": "Cy"})
        for path in (f"/jobs/{theirs}", f"/jobs/{theirs}/result"):
            assert refused(await call("GET", path, None, SHOP))[:2] == (404, "not_found")

    in_hall(tmp_path, work, tokens=TOKENS)


def test_a_waiting_job_of_another_that_stands_for_ones_own_is_not_waited_for(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        theirs = await queued(call, ACME, unique={"key": "k"}, delay=3600)
        answer = await made(call, SHOP, unique={"key": "k"}, tenant=ACME)
        assert answer == JOB | {"job_id": theirs, "status": "queued", "duplicate": True}

    in_hall(tmp_path, work, tokens=TOKENS)


def test_who_made_a_job_sees_the_ids_of_its_events_and_who_is_told(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for name, token in (("ours", ACME), ("operators", ADMIN)):
            await call.make(name, token, events=["greeting.*"])
        job_id = await call.run("hello/emit", SHOP, tenant=ACME)
        await call.settled("", 2)
        job = await shown(call, job_id, SHOP)
        [event] = job["events"]
        assert event["type"] == "greeting.said"
        found = {one["endpoint"]: (one["event_id"], one["status"]) for one in job["deliveries"]}
        assert found == dict.fromkeys(("ours", "operators"), (event["id"], "delivered"))
        assert (await call("GET", "/events", None, ADMIN)).json()["events"][0]["id"] == event["id"]
        assert refused(await call("GET", "/events", None, SHOP))[:2] == (403, "forbidden")

    in_hall(tmp_path, work, tokens=TOKENS)


def test_a_tenant_that_nobody_listens_for_shows_as_an_event_without_deliveries(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ours", ACME, events=["greeting.*"])
        job = await shown(call, await call.run("hello/emit", SHOP, tenant="acmee"), SHOP)
        assert (job["status"], job["tenant"], job["deliveries"]) == ("succeeded", "acmee", [])
        assert [one["type"] for one in job["events"]] == ["greeting.said"]

    in_hall(tmp_path, work, tokens=TOKENS)


def test_of_its_job_a_tenant_sees_no_delivery_to_an_operators_endpoint(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for name, token in (("ours", ACME), ("operators", ADMIN)):
            await call.make(name, token)
        job_id = await call.run(token=ACME, callback_url=call.receiver.url())
        await call.settled("", 3)
        for token, names in ((ACME, {"ours", None}), (ADMIN, {"ours", "operators", None})):
            part = (await call("GET", f"/jobs/{job_id}/deliveries", None, token)).json()["deliveries"]
            assert {one["endpoint"] for one in part} == names
            job = await shown(call, job_id, token)
            assert job["deliveries"] == part
            assert {one["event_id"] for one in part} == {None}

    in_hall(tmp_path, work, tokens=TOKENS)
