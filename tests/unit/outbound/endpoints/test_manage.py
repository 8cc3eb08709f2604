"""Endpoints that are made, changed, rotated and deleted while the server runs."""

import asyncio
import json

import pytest
from tests.unit.outbound.endpoints.lab import DAY, NOW, OTHER, SECRET, URL, Room, new, run, yaml

from hookyard.errors import Refused, StoreUnavailable
from hookyard.outbound.destination import Destination
from hookyard.outbound.endpoints import manage
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.endpoints.private import decode_private
from hookyard.outbound.signing import new_key


def test_one_that_is_made_is_stored_with_its_audit_entry_and_its_event_in_one_transaction() -> None:
    async def scenario() -> None:
        room = await Room().start()
        (secret,) = await room.create("crm", events=["order.*"], description="The CRM.", headers={"X-Api-Key": "k3y"})
        assert secret.startswith("whsec_")
        assert len(room.writer.written) == 1
        row = (await room.rows())["crm"]
        assert (row.origin, row.created_by, row.created_at, row.tenant) == ("http", "token:ops", NOW, "")
        assert json.loads(row.spec) == {"url": URL, "events": ["order.*"], "description": "The CRM."}
        private = decode_private(row, Keyring())
        assert ([one.value for one in private.secrets], private.headers) == ([secret], {"X-Api-Key": "k3y"})
        assert await room.audited() == ["endpoint.create"]
        assert await room.told() == [("endpoint.created", {"endpoint": "crm", "by": "token:ops"})]
        assert room.manager.find("crm").live
        assert room.changed == ["crm"]

    run(scenario)


def test_its_secrets_are_those_that_are_given_or_one_of_each_kind_that_is_asked_for() -> None:
    async def scenario() -> None:
        room = Room()
        assert await room.create("given", secrets=[SECRET, OTHER]) == ()
        (secret,) = await room.create("both", sign=["v1", "v1a"])
        assert secret.startswith("whsec_"), "the private key is for nobody to see"
        assert [one.value.split("_")[0] for one in room.manager.find("both").secrets] == ["whsec", "whsk"]
        key = room.endpoints.get("both")
        assert key is not None
        (public,) = key.public_keys
        assert room.endpoints.public_key(public.kid) == public
        assert room.endpoints.public_key("nobody") is None
        assert [one.value for one in room.manager.find("given").secrets] == [SECRET, OTHER]

    run(scenario)


@pytest.mark.parametrize(
    ("asked", "path", "says"),
    [
        ({"url": "http://receiver.example/"}, "$.url", "not https"),
        ({"url": "https://10.0.0.1/"}, "$.url", "private"),
        ({"events": ["job.succeded"]}, "$.events[0]", "did you mean job.succeeded?"),
        ({"events": ["job.*", "job.st*"]}, "$.events[1]", "by its very name"),
        ({"events": ["endpoint.disabld"]}, "$.events[0]", "endpoint.disabled"),
        ({"if_": "data.amount >"}, "$.if", "Syntax error"),
        ({"if_": "event.amount > 1"}, "$.if", "undeclared reference to 'event.amount'"),
        ({"if_": "size(type)"}, "$.if", "must be true or false"),
        ({"order": {"by": "$.dota.customer"}}, "$.order.by", "no 'dota'"),
        ({"order": {"by": "$.data[*]"}}, "$.order.by", "is not a path"),
        ({"schedule": ["0s", "367d"]}, "$.schedule[1]", "366d"),
        ({"timeout": "0s"}, "$.timeout", "1ms"),
        ({"timeout": "1h"}, "$.timeout", "10m"),
        ({"rate": "1/2d"}, "$.rate", "1/1d"),
        ({"concurrency": 1001}, "$.concurrency", "1000"),
        ({"breaker": {"cooldown": "2h", "longest": "1h"}}, "$.breaker.longest", "from 2h"),
        ({"headers": {"webhook-id": "x"}}, "$.headers.webhook-id", "one of those that sign"),
        ({"headers": {"Host": "x"}}, "$.headers.Host", "Hookyard's to say"),
        ({"headers": {"X-A": "a\r\nb: c"}}, "$.headers.X-A", "printable"),
        ({"headers": {"X-A": "a", "x-a": "b"}}, "$.headers.X-A", "twice"),
        ({"tls": {"cert": "x"}}, "$.tls", "need each other"),
        ({"tls": {"ca": "hunter2"}}, "$.tls", "PEM"),
        ({"secrets": ["whsec_c2hvcnQ="]}, "$.secrets[0]", "random bytes"),
        ({"secrets": ["whsk_hunter2"]}, "$.secrets[0]", "Standard Webhooks secret"),
        ({"secrets": [SECRET, SECRET.removeprefix("whsec_")]}, "$.secrets[1]", "twice"),
        ({"signature": "plain", "sign": ["v1a"]}, "$.secrets", "whsec_"),
        ({"secrets": ["hunter2"]}, "$.secrets[0]", "begins with whsec_"),
        ({"secrets": ["hunter2"]}, "$.secrets[0]", "`hookyard webhook secret` makes one"),
        ({"name": "other"}, "$.name", "'crm' already"),
        ({"url": "http://receiver.example/"}, "$.url", "outbound.allow_http can allow it"),
        ({"url": "https://receiver.example:8443/"}, "$.url", "outbound.allow_ports can allow it"),
        ({"events": []}, "$.events", "told of no event"),
        ({"commands": []}, "$.commands", "told of no command"),
        ({"order": {"attempts": 3}}, "$.order.attempts", "needs `head: pass`"),
        ({"connect_timeout": "6s", "timeout": "5s"}, "$.connect_timeout", "6s is longer than 5s"),
        ({"connect_timeout": "16s"}, "$.connect_timeout", "16s is longer than 15s"),
    ],
)
def test_whatever_is_wrong_with_one_is_refused_at_its_place(asked: dict[str, object], path: str, says: str) -> None:
    async def scenario() -> None:
        room = Room()
        with pytest.raises(Refused) as caught:
            await room.make("crm", asked)
        assert (caught.value.code, caught.value.path) == ("invalid_input", path)
        assert says in caught.value.detail
        assert not caught.value.detail.endswith("?.")
        assert "hunter2" not in caught.value.detail
        assert room.writer.written == []
        assert room.manager.entries() == []

    run(scenario)


def test_a_name_is_taken_once_and_there_are_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        room = Room(yaml(chat=""))
        for name in ("chat", "crm"):
            if name == "crm":
                await room.create(name)
            with pytest.raises(Refused, match="already") as caught:
                await room.create(name)
            assert caught.value.code == "exists"
        monkeypatch.setattr(manage, "MOST", 2)
        with pytest.raises(Refused) as caught:
            await room.create("third")
        assert caught.value.code == "busy"

    run(scenario)


def test_two_that_ask_for_one_name_at_once_do_not_both_get_it() -> None:
    async def scenario() -> None:
        room = Room()
        results = await asyncio.gather(*(room.create("crm") for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(one, tuple) for one in results) == 1
        assert sum(isinstance(one, Refused) for one in results) == 4

    run(scenario)


def test_a_change_merges_and_what_it_does_not_name_stays() -> None:
    async def scenario() -> None:
        room = Room()
        (secret,) = await room.create(
            "crm",
            metadata={"team": "a", "x": "1"},
            headers={"X-A": "1", "X-B": "2"},
            breaker={"failures": 3},
            rate="5/1s",
        )
        room.clock.advance(1000)
        await room.change(
            "crm", metadata={"x": None, "y": "2"}, headers={"X-A": None}, breaker={"cooldown": "1m"}, rate=None
        )
        entry = room.manager.find("crm")
        assert entry.settings is not None
        assert entry.settings.metadata == {"team": "a", "y": "2"}
        assert entry.private.headers == {"X-B": "2"}
        assert entry.settings.breaker != "off"
        assert (entry.settings.breaker.failures, entry.settings.breaker.cooldown) == (3, 60_000)
        assert entry.settings.rate is None
        assert [one.value for one in entry.secrets] == [secret]
        assert (entry.row.created_at, entry.row.updated_at) == (NOW, NOW + 1000)
        assert room.changed == ["crm", "crm"]
        assert (await room.told())[-1] == ("endpoint.updated", {"endpoint": "crm", "by": "token:ops"})

    run(scenario)


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"url": None}, "$.url"),
        ({"secrets": [SECRET]}, "$.secrets"),
        ({"tenant": "b"}, "$.tenant"),
        ({"name": "b"}, "$.name"),
        ({"nonsense": 1}, "$.nonsense"),
        ({"breaker": {"many": 1}}, "$.breaker.many"),
        ({"breaker": {"failures": "many"}}, "$.breaker.failures"),
        ({"headers": {"host": "x"}}, "$.headers.host"),
        ({"headers": ["x"]}, "$.headers"),
        ({"metadata": {"b": "x", "a": 1}}, "$.metadata.a"),
        ({"metadata": {"b": "x", "a b": 1}}, '$.metadata["a b"]'),
        ({"headers": {"X-A": 1, "X-B": "2"}}, "$.headers.X-A"),
        ({"headers": {"X-B": "2", "X A": "1"}}, '$.headers["X A"]'),
        ({"events": []}, "$.events"),
        ({"timeout": "1s", "connect_timeout": "2s"}, "$.connect_timeout"),
        ({"schedule": []}, "$.schedule"),
    ],
)
def test_a_change_that_makes_no_endpoint_of_it_is_refused_and_changes_nothing(
    patch: dict[str, object], path: str
) -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")
        before = room.manager.find("crm")
        with pytest.raises(Refused) as caught:
            await room.change("crm", **patch)
        assert (caught.value.code, caught.value.path) == ("invalid_input", path)
        assert room.manager.find("crm") is before
        assert len(room.writer.written) == 1

    run(scenario)


def test_a_tenant_makes_sees_and_changes_its_own_alone() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("a", of="acme")
        made = await room.manager.create(
            "b", new(tenant="bolt"), principal="token:admin", tenant="", audit=room.audit("b")
        )
        assert made.entry.row.tenant == "bolt"
        with pytest.raises(Refused, match="own tenant") as caught:
            await room.manager.create("c", new(tenant="bolt"), principal="p", tenant="acme", audit=room.audit("c"))
        assert caught.value.path == "$.tenant"
        assert [entry.row.name for entry in room.manager.entries("acme")] == ["a"]
        assert [entry.row.name for entry in room.manager.entries()] == ["a", "b"]
        audit = room.audit("b")
        for attempt in (
            room.manager.change("b", {}, tenant="acme", audit=audit),
            room.manager.delete("b", tenant="acme", audit=audit),
            room.manager.enable("b", tenant="acme", audit=audit),
            room.manager.disable("b", tenant="acme", audit=audit),
            room.manager.rotate("b", kind="v1", overlap=0, given=None, tenant="acme", audit=audit),
        ):
            with pytest.raises(Refused) as refused:
                await attempt
            assert refused.value.code == "not_found"

    run(scenario)


def test_one_of_the_configuration_can_only_be_disabled_and_enabled() -> None:
    async def scenario() -> None:
        room = await Room(yaml(chat="")).start()
        audit = room.audit("chat")
        for attempt in (
            room.manager.change("chat", {}, tenant="", audit=audit),
            room.manager.delete("chat", tenant="", audit=audit),
            room.manager.rotate("chat", kind="v1", overlap=0, given=None, tenant="", audit=audit),
        ):
            with pytest.raises(Refused, match="configuration") as refused:
                await attempt
            assert refused.value.code == "configured"
        entry = await room.manager.disable("chat", tenant="", audit=room.audit("chat"))
        assert (entry.live, entry.row.disabled_reason) == (False, "user")
        again = await Room(yaml(chat=""), store=room.store, now=NOW + 1).start()
        assert not again.manager.find("chat").live
        assert (await again.manager.enable("chat", tenant="", audit=again.audit("chat"))).live
        kinds = [(kind, payload.get("reason")) for kind, payload in await room.told()]
        assert kinds == [("endpoint.disabled", "user"), ("endpoint.enabled", None)]

    run(scenario)


def test_to_disable_what_is_disabled_and_enable_what_is_not_says_nothing_twice() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")
        for _ in range(2):
            await room.manager.disable("crm", tenant="", audit=room.audit("crm"))
        for _ in range(2):
            await room.manager.enable("crm", tenant="", audit=room.audit("crm"))
        assert [kind for kind, _ in await room.told()] == ["endpoint.created", "endpoint.disabled", "endpoint.enabled"]

    run(scenario)


def test_after_a_rotation_both_sign_until_the_overlap_is_over() -> None:
    async def scenario() -> None:
        room = Room()
        (old,) = await room.create("crm")
        made = await room.manager.rotate("crm", kind="v1", overlap=DAY, given=None, tenant="", audit=room.audit("crm"))
        (fresh,) = made.secrets
        assert fresh != old
        assert [(one.value, one.until) for one in made.entry.secrets] == [(fresh, None), (old, NOW + DAY)]
        destination = made.entry.destination
        assert isinstance(destination, Destination)
        both = destination.form.render("msg_1", "x", b"{}", NOW).headers["webhook-signature"]
        one = destination.form.render("msg_1", "x", b"{}", NOW + DAY).headers["webhook-signature"]
        assert (len(both.split(" ")), len(one.split(" "))) == (2, 1)
        kind, told = (await room.told())[-1]
        assert (kind, told["kind"], told["until"]) == ("endpoint.rotated", "v1", "2023-11-15T22:13:20.000Z")
        # What is over is forgotten with the next one.
        room.clock.advance(2 * DAY)
        made = await room.manager.rotate("crm", kind="v1", overlap=0, given=OTHER, tenant="", audit=room.audit("crm"))
        assert [one.value for one in made.entry.secrets] == [OTHER]
        assert made.secrets == ()

    run(scenario)


def test_a_rotation_leaves_the_other_kind_alone_and_may_bring_the_first_of_its_own() -> None:
    async def scenario() -> None:
        room = Room()
        (old,) = await room.create("crm")
        made = await room.manager.rotate("crm", kind="v1a", overlap=0, given=None, tenant="", audit=room.audit("crm"))
        assert [(one.value[:5], one.until) for one in made.entry.secrets] == [("whsk_", None), (old[:5], None)]
        first = made.entry.public_keys[0].kid
        made = await room.manager.rotate("crm", kind="v1a", overlap=DAY, given=None, tenant="", audit=room.audit("crm"))
        assert room.endpoints.public_key(first) is not None, "it still signs"
        assert len(made.entry.public_keys) == 2

    run(scenario)


@pytest.mark.parametrize(
    ("kind", "given", "overlap", "path", "says"),
    [
        ("v1", "whsec_hunter2", 0, "$.secret", "Standard Webhooks secret"),
        pytest.param("v1", new_key(), 0, "$.secret", "signs v1a, and not v1", id="a new key for v1"),
        ("v1a", OTHER, 0, "$.secret", "signs v1, and not v1a"),
        ("v1", SECRET, 0, "$.secret", "already"),
        ("v1", None, -1, "$.overlap", "a year"),
        ("v1", None, 400 * DAY, "$.overlap", "a year"),
    ],
)
def test_a_rotation_to_what_is_no_such_secret_is_refused(
    kind: str, given: str | None, overlap: int, path: str, says: str
) -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", secrets=[SECRET])
        with pytest.raises(Refused) as caught:
            await room.manager.rotate(
                "crm",
                kind="v1" if kind == "v1" else "v1a",
                overlap=overlap,
                given=given,
                tenant="",
                audit=room.audit("crm"),
            )
        assert caught.value.path == path
        assert says in caught.value.detail
        assert "hunter2" not in caught.value.detail

    run(scenario)


def test_secrets_do_not_pile_up() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")
        for _ in range(9):
            await room.manager.rotate("crm", kind="v1", overlap=DAY, given=None, tenant="", audit=room.audit("crm"))
        with pytest.raises(Refused, match="let some of them end"):
            await room.manager.rotate("crm", kind="v1", overlap=DAY, given=None, tenant="", audit=room.audit("crm"))
        await room.manager.rotate("crm", kind="v1", overlap=0, given=None, tenant="", audit=room.audit("crm"))
        assert len(room.manager.find("crm").secrets) == 1

    run(scenario)


def test_one_that_is_deleted_is_gone_and_what_is_pending_for_it_fails() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", events=["*"])
        (delivery,) = room.outbox.announce("x.y", {}, NOW)[1]
        await room.manager.delete("crm", tenant="", audit=room.audit("crm"))
        assert await room.rows() == {}
        found = room.endpoints.destination(delivery)
        assert getattr(found, "error", None) == "endpoint_removed"
        assert room.outbox.announce("x.y", {}, NOW)[1] == ()
        with pytest.raises(Refused) as caught:
            await room.manager.delete("crm", tenant="", audit=room.audit("crm"))
        assert caught.value.code == "not_found"
        assert room.changed[-1] == "crm"

    run(scenario)


def test_while_the_store_takes_nothing_nothing_changes() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", events=["*"])
        before = room.manager.find("crm")
        await room.create("watcher", events=["endpoint.*"])
        reserved = room.places.reserved
        room.writer.unavailable = True
        for attempt in (
            room.create("other"),
            room.change("crm", description="x"),
            room.manager.rotate("crm", kind="v1", overlap=0, given=None, tenant="", audit=room.audit("crm")),
            room.manager.disable("crm", tenant="", audit=room.audit("crm")),
            room.manager.delete("crm", tenant="", audit=room.audit("crm")),
        ):
            with pytest.raises(StoreUnavailable):
                await attempt
        assert room.manager.find("crm") is before
        assert len(room.manager.entries()) == 2
        assert room.places.reserved == reserved, "the places of what was to tell of it are free again"

    run(scenario)


def test_what_a_receiver_does_while_a_change_is_written_is_not_forgotten() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")

        def gone() -> None:
            room.writer.meanwhile = None
            room.health.disable("crm", "gone", NOW, "gone")

        room.writer.meanwhile = gone
        await room.change("crm", description="changed meanwhile")
        await room.settled()
        entry = room.manager.find("crm")
        assert entry.settings is not None
        assert entry.settings.description == "changed meanwhile"
        assert (entry.live, entry.row.disabled_reason) == (False, "gone")
        assert (await room.rows())["crm"].disabled_reason == "gone"

    run(scenario)


def test_a_change_finds_headers_whatever_their_case() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", headers={"X-A": "1", "x-b": "2", "X-C": "3"})
        await room.change("crm", headers={"X-B": "4", "x-c": None})
        assert room.manager.find("crm").private.headers == {"X-A": "1", "X-B": "4"}

    run(scenario)


def test_a_tenant_is_not_told_by_which_setting_its_url_could_be_allowed() -> None:
    async def scenario() -> None:
        room = Room()
        with pytest.raises(Refused) as caught:
            await room.make("crm", {"url": "http://receiver.example/"}, "acme")
        assert caught.value.detail == "The URL is not https."
        with pytest.raises(Refused, match=r"There is no endpoint crm\."):
            room.manager.find("crm", "acme")

    run(scenario)


def test_a_shorter_timeout_for_all_harms_no_endpoint_that_has_a_longer_one_to_connect() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", connect_timeout="5s")
        later = await Room("outbound: {timeout: 3s, connect_timeout: 1s}", store=room.store, now=NOW + 1).start()
        assert later.manager.find("crm").problem is None

    run(scenario)


def test_a_new_url_is_another_receiver_but_what_somebody_disabled_stays_so() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("gone")
        await room.create("off")
        room.health.disable("gone", "gone", NOW, "gone")
        await room.settled()
        await room.manager.disable("off", tenant="", audit=room.audit("off"))
        for name in ("gone", "off"):
            await room.change(name, description="the same receiver")
            assert not room.manager.find(name).live
            await room.change(name, url="https://elsewhere.example/")
        assert room.manager.find("gone").live
        assert not room.manager.find("off").live
        await room.change("off", enabled=False)
        await room.change("off", enabled=True)
        assert room.manager.find("off").live

    run(scenario)


def test_nothing_private_shows_in_what_is_printed() -> None:
    async def scenario() -> None:
        room = Room()
        made = await room.manager.create(
            "crm",
            new(headers={"X-Api-Key": "hunter2"}, secrets=[SECRET]),
            principal="p",
            tenant="",
            audit=room.audit("crm"),
        )
        (op,) = room.writer.written
        shown = repr((made, made.entry, made.entry.private, made.entry.destination, op, new(headers={"x": "hunter2"})))
        assert "hunter2" not in shown
        assert SECRET.removeprefix("whsec_") not in shown

    run(scenario)
