"""What can be told: for whoever has a credential, with schemas and samples."""

import jsonschema
import pytest
from msgspec import Struct
from tests.unit.gateway.lab import ACME, ADMIN, CI, NOBODY, READER, House, house_of

from hookyard import Plugin
from hookyard.host.registry import ActivePlugin, Registry
from hookyard.ids import IdSource
from hookyard.model import Event
from hookyard.outbound.events import BY_NAME, EVENT_TYPES
from hookyard.store.contract import AppendEvents
from hookyard.testing import FakeClock


class OrderPlaced(Struct):
    """Somebody ordered something."""

    number: int


SHOP: Plugin[None] = Plugin("shop", events={"order.placed": OrderPlaced})
BAZAAR: Plugin[None] = Plugin("bazaar", events={"order.placed": OrderPlaced, "stall.opened": OrderPlaced})


@pytest.fixture
def house() -> House:
    made = house_of(registry=Registry(active=(ActivePlugin(SHOP, None), ActivePlugin(BAZAAR, None))))
    clock = FakeClock()
    ids = IdSource(clock)

    def told(kind: str, tenant: str = "") -> Event:
        return Event(
            id=ids(),
            type=kind,
            plugin="hookyard" if kind.startswith("breaker") else "shop",
            command="buy",
            job_id="",
            tenant=tenant,
            payload=b"{}",
            created_at=clock.now(),
        )

    events = (told("order.placed"), told("order.lost"), told("order.lost", "acme"), told("breaker.opened"))
    made.store.apply([AppendEvents(now=clock.now(), events=events)])
    return made


def test_all_types_are_listed_hookyards_own_first_with_who_tells_them(house: House) -> None:
    rows = house.get("/api/v1/event-types", READER).json["event_types"]
    own = rows[: len(EVENT_TYPES)]
    assert [row["type"] for row in own] == [each.type for each in EVENT_TYPES]
    assert {row["plugin"] for row in own} == {"hookyard"}
    assert [row["type"] for row in own if row["quiet"]] == [
        *("job.queued", "job.started", "job.progress", "schedule.fired"),
    ]
    assert [(row["type"], row["plugin"], row["declared"]) for row in rows[len(EVENT_TYPES) :]] == [
        ("order.lost", "shop", False),
        ("order.placed", "bazaar", True),
        ("order.placed", "shop", True),
        ("stall.opened", "bazaar", True),
    ]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_sample_of_each_type_is_what_its_schema_says(house: House, name: str) -> None:
    shown = house.get(f"/api/v1/event-types/{name}").json
    jsonschema.Draft202012Validator.check_schema(shown["schema"])
    jsonschema.validate(shown["sample"], shown["schema"])
    assert shown["sample"]["type"] == name


def test_an_event_that_a_plugin_declares_has_a_schema_and_a_sample(house: House) -> None:
    shown = house.get("/api/v1/event-types/order.placed", query=b"plugin=shop").json
    assert (shown["plugin"], shown["description"]) == ("shop", "Somebody ordered something.")
    jsonschema.validate(shown["sample"], shown["schema"])
    assert shown["sample"]["data"]["plugin"] == "shop"
    data: dict[str, object] = {
        "event_id": "e",
        "plugin": "shop",
        "command": "buy",
        "job_id": "j",
        "payload": {"number": 7},
    }
    body = {"type": "order.placed", "timestamp": "2026-01-02T03:04:05.678Z", "data": data}
    jsonschema.validate(body, shown["schema"])
    data["payload"] = {"number": "seven"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, shown["schema"])


def test_where_several_plugins_have_a_type_the_first_is_shown_unless_one_is_named(house: House) -> None:
    assert house.get("/api/v1/event-types/order.placed").json["plugin"] == "bazaar"
    assert house.get("/api/v1/event-types/order.placed", query=b"plugin=shop").json["plugin"] == "shop"
    assert house.get("/api/v1/event-types/order.placed", query=b"plugin=hello").status == 404


def test_a_type_that_nobody_declares_has_any_payload_and_is_for_those_who_may_read_jobs(house: House) -> None:
    shown = house.get("/api/v1/event-types/order.lost", READER).json
    assert (shown["declared"], shown["schema"]["properties"]["data"]["properties"]["payload"]) == (False, {})
    assert house.get("/api/v1/event-types/order.lost", NOBODY).status == 404
    listed = house.get("/api/v1/event-types", NOBODY).json["event_types"]
    assert all(row["declared"] for row in listed)


def test_any_valid_credential_may_read_and_no_other(house: House) -> None:
    for token in (ADMIN, CI, READER, NOBODY):
        assert house.get("/api/v1/event-types", token).status == 200
        assert house.get("/api/v1/event-types/job.failed", token).status == 200
    for path in ("/api/v1/event-types", "/api/v1/event-types/job.failed"):
        assert house.get(path, None).status == 401
        assert house.get(path, "wrong").status == 401


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/job.exploded", b"", 404),
        ("/job.failed", b"full=1", 400),
        ("", b"full=1", 400),
        ("/job.failed", b"plugin=" + b"x" * 65, 400),
    ],
)
def test_what_is_not_there_or_not_understood_is_refused(house: House, path: str, query: bytes, status: int) -> None:
    assert house.get(f"/api/v1/event-types{path}", query=query).status == status


def test_a_tenant_sees_what_its_own_commands_have_told(house: House) -> None:
    shown = house.get("/api/v1/event-types/order.lost", ACME)
    assert shown.status == 200
    house.clock.advance(1)
    other = Event(
        id=IdSource(house.clock)(),
        type="order.hidden",
        plugin="shop",
        command="buy",
        job_id="",
        payload=b"{}",
        created_at=house.clock.now(),
    )
    house.store.apply([AppendEvents(now=house.clock.now(), events=(other,))])
    assert house.get("/api/v1/event-types/order.hidden").status == 200
    assert house.get("/api/v1/event-types/order.hidden", ACME).status == 404


def test_the_openapi_document_has_what_plugins_declare_as_webhooks(house: House) -> None:
    document = house.get("/openapi.json").json
    assert list(document["webhooks"]) == ["bazaar/order.placed", "shop/order.placed", "bazaar/stall.opened"]
    sent = document["webhooks"]["shop/order.placed"]["post"]
    assert sent["summary"] == "Somebody ordered something."
    schema = sent["requestBody"]["content"]["application/json"]["schema"] | {"components": document["components"]}
    sample = house.get("/api/v1/event-types/order.placed", query=b"plugin=shop").json["sample"]
    jsonschema.validate(sample, schema)
    sample["data"]["payload"] = {"number": "seven"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(sample, schema)
