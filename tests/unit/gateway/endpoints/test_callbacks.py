"""`/api/v1/deliveries/recover` and `purge`: what was for callback URLs, which have no endpoint to ask by."""

from pathlib import Path
from typing import Any

from tests.unit.gateway.endpoints.hall import ACME, BEGIN, READER, WRITER, ZETA, Hall, in_hall, refused

from hookyard.testing.receiver import answering, ok

GONE = answering(500, b"broken")
ONCE: dict[str, Any] = {
    "allow_http": True,
    "allow_ports": "any",
    "allow_networks": ["127.0.0.0/8"],
    "callback_secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    "jitter": 0,
    "schedule": ["0s"],
}


async def all_pages(call: Hall, word: str, body: dict[str, Any], token: str = WRITER) -> list[int]:
    counts: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await call("POST", f"/deliveries/{word}", {**body, **cursor}, token)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        counts.append(page["count"])
        if page["next"] is None:
            return counts
        cursor = {"cursor": page["next"]}


def test_what_failed_for_good_is_sent_again_by_the_origin_of_its_url(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        origin = call.receiver.url().rsplit("/", 1)[0]
        for at in range(3):
            await call.run(callback_url=f"{origin}/{at}?token=secret")
        failed = await call.settled("callback=true", 3, "failed")
        asked = {"since": BEGIN, "callback": origin, "limit": 2}
        assert await all_pages(call, "recover", {**asked, "callback": "https://else.example"}) == [0, 0]
        assert await all_pages(call, "recover", {**asked, "dry_run": True}) == [2, 1]
        assert {one["status"] for one in await call.deliveries("callback=true")} == {"failed"}
        call.receiver.handler = ok
        assert await all_pages(call, "recover", asked) == [2, 1]
        sent = await call.settled("callback=true", 3)
        assert {one["id"] for one in sent} == {one["id"] for one in failed}
        *_, first = (await call("GET", "/audit?action=delivery.recover")).json()["entries"]
        assert first["target"] == "https://else.example"
        assert first["details"] == {"since": BEGIN, "until": None, "limit": 2, "first": True, "waiting": False}

    in_hall(tmp_path, work, GONE, outbound=ONCE)


def test_they_are_purged_by_status_and_those_of_endpoints_stay(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"])
        for _ in range(3):
            await call.run(callback_url=call.receiver.url())
        await call.settled("", 6)
        assert await all_pages(call, "purge", {"since": 0, "callback": "*"}) == [0], "dead letters, if not told else"
        asked = {"since": 0, "callback": "*", "statuses": ["delivered"], "limit": 2}
        assert await all_pages(call, "purge", {**asked, "dry_run": True}) == [2, 1]
        assert (await call("GET", "/audit?action=delivery.purge")).json()["entries"][0]["details"]["statuses"] == [
            "failed"
        ]
        assert await all_pages(call, "purge", asked) == [2, 1]
        assert {one["endpoint"] for one in await call.deliveries("")} == {"audit"}
        (entry, *_) = (await call("GET", "/audit?action=delivery.purge")).json()["entries"]
        assert (entry["target"], entry["details"]["statuses"]) == ("*", ["delivered"])

    in_hall(tmp_path, work)


def test_a_tenant_reaches_its_own(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for token in (ACME, ZETA):
            await call.run(token=token, callback_url=call.receiver.url())
        await call.settled("", 2, "failed")
        asked = {"since": 0, "callback": "*"}
        assert await all_pages(call, "recover", {**asked, "dry_run": True}, ACME) == [1]
        assert await all_pages(call, "purge", asked, ACME) == [1]
        (left,) = await call.deliveries("")
        assert left["tenant"] == "zeta"
        assert await all_pages(call, "purge", asked) == [1], "and an operator all"

    in_hall(tmp_path, work, GONE, outbound=ONCE)


def test_what_is_asked_for_wrongly_does_nothing(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for word in ("recover", "purge"):
            path = f"/deliveries/{word}"
            for body, where in (
                ({"since": 0}, "$.callback"),
                ({"since": 0, "callback": True}, "$.callback"),
                ({"since": 0, "callback": ""}, "$.callback"),
                ({"since": 0, "callback": "ci.example.com"}, "$.callback"),
                ({"since": 0, "callback": "https://ci.example.com/hooks"}, "$.callback"),
                ({"callback": "*"}, "$.since"),
                ({"since": 0, "callback": "*", "endpoint": "audit"}, "$.endpoint"),
                ({"since": 5, "until": 5, "callback": "*"}, "$.until"),
            ):
                assert refused(await call("POST", path, body)) == (400, "invalid_input", where), body
            body = {"since": 0, "callback": "*"}
            assert refused(await call("POST", path, body, READER))[:2] == (403, "forbidden")
            assert refused(await call("POST", path, body, None))[:2] == (401, "unauthenticated")
            assert refused(await call("POST", f"{path}?dry_run=true", body))[:2] == (400, "invalid_request")
            assert refused(await call("POST", path, {**body, "cursor": "d"}))[:2] == (400, "invalid_request")
            assert (await call("GET", f"/audit?action=delivery.{word}")).json()["entries"] == []

    in_hall(tmp_path, work)
