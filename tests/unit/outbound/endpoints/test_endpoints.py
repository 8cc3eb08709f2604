"""Which endpoints there are: those of the configuration and those of HTTP, through starts and reloads."""

import asyncio

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.outbound.endpoints.lab import NOW, SECRET, Room, event, run, yaml

from hookyard.config import loads
from hookyard.errors import Refused
from hookyard.model import Delivery, Endpoint
from hookyard.outbound.destination import Destination
from hookyard.store.contract import PutEndpoint

DELIVERY = Delivery(id="d", job_id=None, event="x", endpoint="a", url=None, body=b"{}", created_at=NOW)


def row(name: str, more: str) -> Endpoint:
    """As it is stored."""
    return Endpoint(
        name=name,
        origin="http",
        spec=f'{{"url":"https://r.example/",{more}}}'.encode(),
        private=f'{{"secrets":[{{"value":"{SECRET}"}}]}}'.encode(),
        created_at=NOW,
        created_by="p",
        updated_at=NOW,
    )


def listeners(room: Room, kind: str = "job.succeeded", tenant: str = "") -> tuple[str, ...]:
    return room.endpoints.listeners(kind, "hello", "greet", tenant)


def test_endpoints_of_the_configuration_are_there_before_anything_is_loaded() -> None:
    async def scenario() -> None:
        room = Room(yaml(a="", b=", enabled: false"))
        assert listeners(room) == ("a",)
        assert isinstance(room.endpoints.destination(DELIVERY), Destination)

    run(scenario)


def test_a_start_writes_what_the_configuration_says_once() -> None:
    async def scenario() -> None:
        room = await Room(yaml(a="", b=", tenant: acme")).start()
        assert {name: (row.origin, row.tenant, row.created_by) for name, row in (await room.rows()).items()} == {
            "a": ("config", "", "config"),
            "b": ("config", "acme", "config"),
        }
        assert all(SECRET.encode() not in row.private + row.spec for row in (await room.rows()).values())
        again = await Room(yaml(a="", b=", tenant: acme"), store=room.store, now=NOW + 1).start()
        assert again.writer.written == []
        fewer = await Room(yaml(a=", description: new"), store=room.store, now=NOW + 2).start()
        rows = await fewer.rows()
        assert list(rows) == ["a"]
        assert (rows["a"].created_at, rows["a"].updated_at) == (NOW, NOW + 2)

    run(scenario)


def test_those_of_http_survive_a_start_and_the_configuration_takes_none_of_their_names() -> None:
    async def scenario() -> None:
        room = await Room().start()
        await room.create("crm", headers={"x-a": "1"})
        await room.create("shop", of="acme")
        with capture_logs() as logs:
            later = await Room(yaml(shop=", timeout: 1s"), store=room.store, now=NOW + 1).start()
        assert [
            (entry.row.name, entry.row.origin, entry.name_taken, entry.live) for entry in later.manager.entries()
        ] == [("crm", "http", False, True), ("shop", "http", True, True)]
        for name in ("crm", "shop"):
            assert later.manager.find(name).private == room.manager.find(name).private
        assert later.writer.written == []
        (line,) = logs
        assert (line["event"], line["log_level"], line["endpoint"], line["created_by"]) == (
            "endpoint.name_taken",
            "error",
            "shop",
            "token:ops",
        )
        await later.change("shop", timeout="2s")
        assert later.manager.find("shop").name_taken, "it still is after a change"
        without = await Room(store=room.store).start()
        assert [(entry.row.name, entry.name_taken) for entry in without.manager.entries()] == [
            ("crm", False),
            ("shop", False),
        ]

    run(scenario)


def test_a_configuration_with_the_name_of_one_that_was_made_over_http_is_refused_at_that_name() -> None:
    async def scenario() -> None:
        room = await Room().start()
        await room.create("shop")
        wanted = loads(yaml(crm="", shop=""), environ={})
        ((path, why),) = await room.manager.claim(wanted)
        assert path == "endpoints.shop"
        assert why == (
            "there is one of this name, made over HTTP by token:ops; delete it first, or give this one another name"
        )
        await room.create("crm")
        for name in ("crm", "shop"):
            await room.manager.delete(name, tenant="", audit=room.audit(name))
        assert await room.manager.claim(wanted) == ()

    run(scenario)


def test_a_name_that_a_reload_has_asked_for_is_given_to_nobody_meanwhile() -> None:
    async def scenario() -> None:
        room = await Room().start()
        assert await room.manager.claim(loads(yaml(crm=""), environ={})) == ()
        with pytest.raises(Refused) as refused:
            await room.create("crm")
        assert refused.value.code == "exists"
        assert await room.manager.claim(loads("", environ={})) == ()
        await room.create("crm")

    run(scenario)


def test_a_reload_waits_for_an_endpoint_that_is_being_made_and_sees_it() -> None:
    async def scenario() -> None:
        room = await Room().start()
        asked: list[asyncio.Task[tuple[tuple[str, str], ...]]] = []

        def reload() -> None:
            room.writer.meanwhile = None
            asked.append(asyncio.create_task(room.manager.claim(loads(yaml(crm=""), environ={}))))

        room.writer.meanwhile = reload
        await room.create("crm")
        assert [path for path, _ in await asked[0]] == ["endpoints.crm"]

    run(scenario)


def test_a_reload_leaves_those_of_http_alone_and_rebuilds_only_what_changed() -> None:
    async def scenario() -> None:
        room = await Room(yaml(a="", b="")).start()
        await room.create("crm")
        before = {entry.row.name: entry.destination for entry in room.endpoints}
        changed, ops = room.endpoints.use(loads(yaml(b=", timeout: 3s", c=""), environ={}), NOW + 1)
        after = {entry.row.name: entry.destination for entry in room.endpoints}
        assert sorted(after) == ["b", "c", "crm"]
        assert after["crm"] is before["crm"]
        assert sorted(changed) == ["a", "b"]
        assert sorted(type(op).__name__ for op in ops) == ["DeleteEndpoint", "PutEndpoint", "PutEndpoint"]
        changed, ops = room.endpoints.use(loads(yaml(b=", timeout: 3s", c=""), environ={}), NOW + 2)
        assert (changed, ops) == ([], [])

    run(scenario)


def test_another_secret_of_the_configuration_signs_after_a_reload() -> None:
    async def scenario() -> None:
        room = await Room(yaml(a="")).start()
        before = room.manager.find("a").destination
        changed, ops = room.endpoints.use(loads(yaml(a="").replace("MfKQ", "AfKQ"), environ={}), NOW)
        assert (changed, ops) == (["a"], [])
        after = room.manager.find("a").destination
        assert before is not None
        assert after is not None
        assert before.form.render("i", "x", b"{}", NOW) != after.form.render("i", "x", b"{}", NOW)

    run(scenario)


def test_one_that_is_gone_stays_so_until_its_url_or_enabled_changes() -> None:
    async def scenario() -> None:
        room = await Room(yaml(a="", b="")).start()
        for name in ("a", "b"):
            room.health.disable(name, "gone", NOW, "gone")
        room.endpoints.use(loads(yaml(a=", timeout: 1s", b=", timeout: 1s"), environ={}), NOW)
        assert listeners(room) == ()
        room.endpoints.use(loads(yaml(a=", timeout: 1s", b="").replace("/hook'", "/new'"), environ={}), NOW)
        assert listeners(room) == ("a", "b")

    run(scenario)


def test_a_row_that_this_version_cannot_read_is_shown_and_gets_nothing() -> None:
    async def scenario() -> None:
        room = await Room().start()
        await room.create("crm", events=["*"])
        room.store.apply([PutEndpoint(now=NOW, endpoint=row("crm", '"new_key":1'))])
        later = await Room(store=room.store, now=NOW + 1).start()
        entry = later.manager.find("crm")
        assert (entry.live, entry.settings, entry.destination) == (False, None, None)
        assert "new_key" in (entry.problem or "")
        assert listeners(later, "order.paid") == ()
        await later.manager.delete("crm", tenant="", audit=later.audit("crm"))

    run(scenario)


def test_one_that_other_settings_forbid_now_says_so_and_gets_nothing_until_it_is_mended() -> None:
    async def scenario() -> None:
        allowing = "outbound: {allow_http: true, allow_ports: any}"
        room = await Room(allowing).start()
        await room.create("a", url="http://receiver.example/", sign=["v1a"])
        delivery = replace(DELIVERY, epoch=room.manager.find("a").row.epoch)
        assert isinstance(room.endpoints.destination(delivery), Destination)
        later = await Room(store=room.store, now=NOW + 1).start()
        faulty = later.manager.find("a")
        assert "not https" in (faulty.problem or "")
        assert (faulty.live, faulty.destination, later.endpoints.destination(delivery)) == (False, None, None)
        assert listeners(later) == ()
        (key,) = faulty.public_keys
        assert later.endpoints.public_key(key.kid) == key, "what it signed can still be verified"
        await later.change("a", url="https://receiver.example/")
        mended = later.manager.find("a")
        assert (mended.live, mended.problem) == (True, None)
        assert isinstance(later.endpoints.destination(delivery), Destination)

    run(scenario)


def test_a_tenant_hears_of_its_own_and_nobody_in_particular_hears_all() -> None:
    async def scenario() -> None:
        room = Room(yaml(all="", acme=", tenant: acme", bolt=", tenant: bolt"))
        assert listeners(room) == ("all",)
        assert listeners(room, tenant="acme") == ("acme", "all")
        assert listeners(room, tenant="bolt") == ("all", "bolt")

    run(scenario)


def test_what_there_is_much_of_is_heard_by_name_only() -> None:
    async def scenario() -> None:
        room = Room(yaml(all=", events: ['*']", fired=", events: [schedule.fired, 'job.*']"))
        quiet = room.endpoints.quiet
        assert quiet == {"schedule.fired"}
        assert room.endpoints.listeners("schedule.fired", "hookyard", "schedule") == ("fired",)
        assert listeners(room, "job.started") == ()
        assert listeners(room) == ("all", "fired")
        room.endpoints.use(loads(yaml(all=""), environ={}), NOW)
        assert quiet == set()
        assert room.endpoints.quiet is quiet

    run(scenario)


def test_endpoints_are_searched_once_for_an_event_and_what_is_kept_is_bounded() -> None:
    async def scenario() -> None:
        room = Room()
        for number in range(10):
            room.endpoints.put(room.maker.stored(row(f"e{number}", f'"events":["order.*","x{number}.*"]')))
        found = room.endpoints.listeners("order.paid", "shop", "pay")
        assert len(found) == 10
        assert room.endpoints.listeners("order.paid", "shop", "pay") is found
        for number in range(70_000):
            room.endpoints.listeners(f"made.up{number}", "shop", "pay")
        again = room.endpoints.listeners("order.paid", "shop", "pay")
        assert again == found
        assert again is not found, "it was forgotten meanwhile, as memory is bounded"

    run(scenario)


def test_a_callback_url_has_a_destination_as_long_as_something_signs_for_it() -> None:
    async def scenario() -> None:
        callback = Delivery(
            id="d", job_id="j", event="x", endpoint=None, url="https://c.example:8443/x", body=b"{}", created_at=NOW
        )
        assert Room().endpoints.destination(callback) is None
        room = Room(f"outbound: {{callback_secrets: [{SECRET}]}}")
        found = room.endpoints.destination(callback)
        assert isinstance(found, Destination)
        assert found is room.endpoints.destination(callback)
        assert (found.endpoint, found.url, found.channel.key) == (None, callback.url, "@https://c.example:8443")
        assert room.endpoints.line_key(callback) == "@https://c.example:8443"

    run(scenario)


def test_what_an_endpoint_says_itself_holds_and_the_rest_is_as_for_all() -> None:
    async def scenario() -> None:
        more = (
            ", timeout: 3s, connect_timeout: 9s, concurrency: 2, rate: 5/1s, breaker: off, "
            "order: {by: job, head: pass, attempts: 4}, schedule: [7s], jitter: 0, allow_networks: [10.0.0.0/8]"
        )
        room = Room(yaml(a=more, b=""))
        own, usual = room.manager.find("a").destination, room.manager.find("b").destination
        assert own is not None
        assert usual is not None
        assert (own.channel.timeout, own.channel.connect_timeout, own.concurrency) == (3, 3, 2)
        assert (own.breaker, own.pass_after, own.policy.first_wait()) == (None, 4, 7000)
        assert own.rate is not None
        assert (usual.channel.timeout, usual.concurrency, usual.pass_after) == (15, 32, None)
        assert usual.breaker is not None
        assert usual.guard is room.maker.guard
        assert own.guard is not room.maker.guard
        assert own.guard.check("https://10.1.1.1/").host == "10.1.1.1"

    run(scenario)


def test_what_somebody_switched_off_waits_and_what_failed_becomes_a_dead_letter() -> None:
    async def scenario() -> None:
        room = Room(yaml(a=""))
        await room.manager.disable("a", tenant="", audit=room.audit("a"))
        assert room.endpoints.destination(DELIVERY) is None
        await room.manager.enable("a", tenant="", audit=room.audit("a"))
        room.health.disable("a", "failing", NOW, "timeout")
        assert getattr(room.endpoints.destination(DELIVERY), "error", "") == "endpoint_disabled"
        assert Room(yaml(a=", enabled: false")).endpoints.destination(DELIVERY) is None
        await room.settled()

    run(scenario)


def test_events_of_a_tenant_reach_who_hears_them() -> None:
    async def scenario() -> None:
        room = Room(yaml(all=", events: ['order.*']", acme=", events: ['order.*'], tenant: acme"))
        assert room.outbox.again("acme", event(), NOW) is None
        assert room.outbox.again("acme", event(tenant="acme"), NOW) is not None
        assert room.outbox.again("all", event(tenant="acme"), NOW) is not None

    run(scenario)
