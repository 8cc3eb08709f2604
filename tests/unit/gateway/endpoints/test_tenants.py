"""Tenants against each other: what is another's is not there, on any route of endpoints and deliveries."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gateway.endpoints.hall import ACME, ADMIN, BOSS, FIXED, ZETA, Hall, in_hall, refused

from hookyard import ids
from hookyard.store.contract import DeliveriesFound, DeliveryQuery
from hookyard.store.sqlite import SqliteStore

BODIES: dict[str, dict[str, Any]] = {
    "recover": {"since": 0},
    "replay": {"since": 0},
    "purge": {"since": 0, "statuses": ["delivered", "failed"]},
}


def _routes(call: Hall) -> list[tuple[str, str]]:
    """Every route of one endpoint or one delivery, as the gateway has them."""
    found: list[tuple[str, str]] = []
    for route in call.service.app.routes:
        path = route.path_format.removeprefix("/api/v1")
        if path.startswith(("/endpoints/{", "/deliveries/{")):
            methods = set(getattr(route, "methods", ())) - {"OPTIONS", "HEAD"}
            found += [(method, path) for method in sorted(methods)]
    return found


def test_every_route_of_what_is_another_tenants_says_that_it_is_not_there(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ours", ACME)
        await call.make("theirs", ZETA)
        await call.make("operators")
        await call.run(token=ACME, callback_url=call.receiver.url())
        rows = await call.settled("", 3)
        assert {(one["endpoint"], one["tenant"]) for one in rows} == {
            ("ours", "acme"),
            ("operators", "acme"),
            (None, "acme"),
        }
        delivery_of = {one["endpoint"]: one["id"] for one in rows}
        routes = _routes(call)
        assert len(routes) == 15
        strange = [
            (ACME, "theirs", delivery_of["operators"]),
            (BOSS, "theirs", delivery_of["operators"]),
            (ACME, "operators", delivery_of["operators"]),
            (ACME, FIXED, delivery_of["operators"]),
            (ZETA, "ours", delivery_of["ours"]),
            (ZETA, "operators", delivery_of[None]),
        ]
        before = await _everything(call)
        for token, name, delivery_id in strange:
            for method, path in routes:
                where = path.replace("{name}", name).replace("{delivery_id}", delivery_id)
                answer = await call(method, where, BODIES.get(path.rsplit("/", 1)[-1]), token)
                assert refused(answer)[:2] == (404, "not_found"), (token, method, where)
        assert await _everything(call) == before

    in_hall(tmp_path, work)


async def _everything(call: Hall) -> str:
    found = [(await call("GET", path)).json() for path in ("/endpoints", "/deliveries", "/audit")]
    return json.dumps(found)


def test_a_tenant_has_its_own_with_everything_that_can_be_done_to_it(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        made = await call.make("ours", ACME)
        assert (made["tenant"], made["created_by"]) == ("acme", "token:acme")
        await call.run(token=ACME, callback_url=call.receiver.url())
        rows = await call.settled("", 2)
        delivery_of = {one["endpoint"]: one["id"] for one in rows}
        assert await call.deliveries("", ACME) == rows
        for method, path in sorted(_routes(call), key=lambda route: (route[0] == "DELETE", route[1])):
            for delivery_id in delivery_of.values() if "{delivery_id}" in path else ("",):
                where = path.replace("{name}", "ours").replace("{delivery_id}", delivery_id)
                answer = await call(method, where, BODIES.get(path.rsplit("/", 1)[-1]), ACME)
                assert answer.status_code in {200, 202, 204, 409}, (method, where, answer.text)
        [one, *_] = (await call("GET", "/audit?action=endpoint.delete", None, BOSS)).json()["entries"]
        assert (one["target"], one["tenant"]) == ("ours", "acme")

    in_hall(tmp_path, work)


def test_a_tenant_is_told_of_its_own_jobs_and_an_operator_of_all(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ours", ACME, events=["job.succeeded"])
        await call.make("theirs", ZETA, events=["job.succeeded"])
        await call.make("operators", events=["job.succeeded"])
        for token in (ACME, ZETA, ADMIN):
            await call.run(token=token)
        await call.settled("", 5)
        for token, name in ((ACME, "ours"), (ZETA, "theirs")):
            [one] = await call.deliveries("", token)
            assert (one["endpoint"], one["tenant"]) == (name, token)
            assert [each["id"] for each in await call.deliveries(f"endpoint={name}", token)] == [one["id"]]
            assert await call.deliveries("endpoint=operators", token) == []
            listed = (await call("GET", "/endpoints", None, token)).json()["endpoints"]
            assert [each["name"] for each in listed] == [name]
        assert len(await call.deliveries("tenant=acme")) == 2
        assert refused(await call("GET", "/deliveries?tenant=zeta", None, ACME))[:2] == (403, "forbidden")

    in_hall(tmp_path, work)


def test_a_list_for_an_endpoint_of_others_is_empty_and_its_pages_do_not_tell_how_much_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ids.join(1_700_000_000_000 << 12, 1)

    async def cut(_: SqliteStore, __: DeliveryQuery) -> DeliveriesFound:
        """What the store says that has looked at as many rows as it may."""
        return DeliveriesFound((), more)

    async def work(call: Hall) -> None:
        await call.make("ours", ACME)
        await call.make("theirs", ZETA)
        await call.make("operators")
        monkeypatch.setattr(SqliteStore, "find_deliveries", cut)

        async def is_cut(name: str, token: str, status: str) -> bool:
            page = (await call("GET", f"/deliveries?endpoint={name}{status}", None, token)).json()
            assert page["deliveries"] == []
            return page["next"] is not None

        for status in ("", "&status=open", "&status=failed"):
            for name in ("theirs", "operators", "nobodys"):
                assert not await is_cut(name, ACME, status)
                assert await is_cut(name, ADMIN, status)
            assert await is_cut("ours", ACME, status)

    in_hall(tmp_path, work)


def test_who_takes_a_name_that_was_anothers_gets_nothing_of_what_was_sent_under_it(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("crm", ZETA)
        await call.run(token=ZETA)
        rows = await call.settled("", 1)
        assert (await call("DELETE", "/endpoints/crm", None, ZETA)).status_code == 204
        await call.make("crm", ACME)
        body = {"since": 0, "statuses": ["delivered", "failed"]}
        for asked in ({"dry_run": True}, {}):
            assert (await call("POST", "/endpoints/crm/purge", body | asked, ACME)).json()["count"] == 0
            assert (await call("POST", "/endpoints/crm/recover", {"since": 0} | asked, ACME)).json()["count"] == 0
        assert await call.deliveries("") == rows

    in_hall(tmp_path, work)


def test_no_tenant_makes_an_endpoint_of_another_or_takes_its_name(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("theirs", ZETA)
        for token in (ACME, BOSS):
            for tenant in ("zeta", ""):
                answer = await call("POST", "/endpoints", call.body(tenant=tenant), token)
                assert refused(answer) == (403, "forbidden", "$.tenant")
            assert (await call("POST", "/endpoints", call.body(tenant="acme"), token)).json()["tenant"] == "acme"
        assert refused(await call("POST", "/endpoints", call.body(name="theirs"), ACME))[:2] == (409, "exists")
        patch = {"tenant": "zeta"}
        await call.make("ours", ACME)
        assert refused(await call("PATCH", "/endpoints/ours", patch, ACME)) == (400, "invalid_input", "$.tenant")

    in_hall(tmp_path, work)
