"""Health, the root, and the OpenAPI document."""

import re
from typing import Any, Literal, cast

import msgspec
import pytest
from jsonschema import Draft202012Validator
from litestar.routes import HTTPRoute
from tests.unit.gateway.lab import House, commands_of, config_of, house_of

from hookyard import Context, Plugin
from hookyard.errors import StoreUnavailable
from hookyard.gateway.openapi import Problem

State = Literal["starting", "draining"]


def test_the_process_lives_even_while_it_drains(house: House) -> None:
    house.readiness.state = "draining"
    reply = house.get("/healthz", None)
    assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_a_ready_server_says_so(house: House) -> None:
    assert house.get("/readyz", None).json == {"status": "ready"}


@pytest.mark.parametrize("state", ["starting", "draining"])
def test_a_server_that_starts_or_drains_is_not_ready_and_says_why(
    house: House, state: Literal["starting", "draining"]
) -> None:
    house.readiness.state = state
    reply = house.get("/readyz", None)
    assert (reply.status, reply.code, reply["retry-after"]) == (503, state, "1")


def test_a_server_whose_store_does_not_answer_is_not_ready(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse() -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(house.store, "ready", refuse)
    assert house.get("/readyz", None).code == "store_unavailable"


def test_the_root_says_what_this_is_and_where_to_go(house: House) -> None:
    reply = house.get("/", None)
    assert reply.json["name"] == "hookyard"
    assert house.get(reply.json["links"]["openapi"], None).status == 200


def described(house: House) -> dict[str, Any]:
    """The document."""
    reply = house.get("/openapi.json", None)
    assert (reply.status, reply["content-type"]) == (200, "application/json")
    return reply.json


def test_every_command_has_a_path_with_its_real_types(house: House) -> None:
    document = described(house)
    greet = document["paths"]["/trigger/hello/greet"]["post"]
    body = greet["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["payload"] == {"$ref": "#/components/schemas/hello.Greet"}
    assert body["required"] == ["payload"]
    assert greet["summary"] == "Say hello."
    result = greet["responses"]["200"]["content"]["application/json"]["schema"]["allOf"][1]["properties"]["result"]
    assert result == {"$ref": "#/components/schemas/hello.Greeting"}
    assert document["components"]["schemas"]["hello.Greet"]["properties"]["times"] == {
        "type": "integer",
        "minimum": 1,
        "default": 1,
    }
    look = document["paths"]["/trigger/hello/look"]["post"]["requestBody"]
    assert not look["required"]


def test_every_operation_may_answer_that_its_caller_comes_too_often(house: House) -> None:
    paths = described(house)["paths"]
    operations = {f"{method} {path}": found for path, each in paths.items() for method, found in each.items()}
    assert len(operations) > 40
    assert [name for name, found in operations.items() if "429" not in found["responses"]] == []


def test_both_ways_in_and_all_reads_are_described(house: House) -> None:
    paths = described(house)["paths"]
    assert set(paths) >= {"/trigger/hello/greet", "/trigger/hello/look", "/hooks/hub", "/hooks/plain"}
    assert set(paths["/trigger/hello/greet"]["post"]["responses"]) >= {"200", "202", "400", "401", "403", "409", "413"}
    names = {parameter["name"] for parameter in paths["/api/v1/jobs"]["get"]["parameters"]}
    assert names == {
        *("status", "reason", "plugin", "command", "lane", "principal", "source", "tag", "error", "limit", "cursor"),
        *("created_since", "created_until", "finished_since", "finished_until", "dead", "tenant"),
    }
    asked = {
        path: [parameter["name"] for parameter in paths[path]["get"]["parameters"]]
        for path in ("/api/v1/jobs/{job_id}/log", "/api/v1/events")
    }
    assert asked["/api/v1/jobs/{job_id}/log"] == ["job_id", "after", "limit"]
    assert asked["/api/v1/events"] == ["type", "plugin", "job_id", "limit", "cursor"]


def test_what_a_source_answers_is_described_with_its_dead_letters_and_its_many_jobs() -> None:
    config = config_of()
    hub = msgspec.structs.replace(config.sources["hub"], take="all")
    house = house_of(msgspec.structs.replace(config, sources={**config.sources, "hub": hub}))
    document = described(house)
    one, several = (document["paths"][path]["post"]["responses"] for path in ("/hooks/plain", "/hooks/hub"))
    assert set(one) >= {"200", "202", "400", "401", "408", "409", "413", "415", "422", "429", "503"}
    names = [found["202"]["content"]["application/json"]["schema"]["$ref"] for found in (one, several)]
    schemas = [document["components"]["schemas"][name.rpartition("/")[2]]["properties"] for name in names]
    assert set(schemas[0]) >= {"job_id", "status", "plugin", "command", "duplicate", "code", "detail", "path"}
    assert set(schemas[1]) == {"jobs", "duplicate"}


def test_every_route_is_described_with_its_methods(house: House) -> None:
    described_now = {
        path: {method.upper() for method in operations} for path, operations in described(house)["paths"].items()
    }
    for route in house.app.routes:
        path = re.sub(r"{(\w+):\w+}", r"{\1}", route.path_format if hasattr(route, "path_format") else route.path)
        if path.startswith(("/trigger/", "/hooks/")) or path in {"/", "/openapi.json"}:
            continue  # one path for every command and source; the way here
        assert isinstance(route, HTTPRoute)
        assert described_now.get(path) == {str(method) for method in route.methods} - {"OPTIONS"}, path


def references(node: object) -> set[str]:
    """Every `$ref` of a document."""
    if isinstance(node, dict):
        members = cast("dict[str, object]", node)
        own = {str(members["$ref"])} if "$ref" in members else set[str]()
        return own.union(*(references(value) for value in members.values()))
    if isinstance(node, list):
        return set[str]().union(*(references(item) for item in cast("list[object]", node)))
    return set()


def test_two_commands_whose_types_have_one_name_are_both_described() -> None:
    document = described(house_of(commands=commands_of(twins())))
    payloads = [
        document["paths"][f"/trigger/twins/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"][
            "properties"
        ]["payload"]["$ref"].rsplit("/", 1)[-1]
        for name in ("first", "second")
    ]
    shapes = [set(document["components"]["schemas"][name]["properties"]) for name in payloads]
    assert shapes == [{"a"}, {"b"}]


def twins() -> Plugin[None]:
    """A plugin whose module defines `In` twice."""
    plugin = Plugin("twins")
    for name, member in (("first", "a"), ("second", "b")):

        async def command(data: object, ctx: Context) -> None: ...

        command.__annotations__ |= {"data": msgspec.defstruct("In", [(member, int)], module="twins")}
        declare: Any = plugin.command(name=name, idempotent=name == "first")
        declare(command)
    return plugin


def test_a_caller_can_read_whether_a_command_may_run_twice() -> None:
    paths = described(house_of(commands=commands_of(twins())))["paths"]
    assert [paths[f"/trigger/twins/{name}"]["post"]["x-idempotent"] for name in ("first", "second")] == [True, False]


def test_every_reference_leads_somewhere(house: House) -> None:
    document = described(house)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= known
    assert known - references(document) == set()


def test_every_operation_has_an_id_of_its_own(house: House) -> None:
    operations = [entry["operationId"] for path in described(house)["paths"].values() for entry in path.values()]
    assert len(set(operations)) == len(operations)


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        (
            "endpoints",
            {
                "if": None,
                "headers": {"X-A": None, "X-B": "4"},
                "breaker": {"failures": 3, "cooldown": None},
                "tls": None,
            },
            [{"secrets": ["x"]}, {"name": "x"}, {"breaker": {"failures": "many"}}, {"nonsense": 1}, {"enabled": 1}],
        ),
        ("schedules", {"every": "5m", "cron": None}, [{"every": ["5m"]}, {"nonsense": 1}]),
    ],
)
def test_the_body_of_a_patch_has_a_type_of_which_every_member_may_be_left_out_or_null(
    house: House, path: str, good: dict[str, Any], bad: list[dict[str, Any]]
) -> None:
    document = described(house)
    content = document["paths"][f"/api/v1/{path}/{{name}}"]["patch"]["requestBody"]["content"]
    assert list(content) == ["application/json", "application/merge-patch+json"]
    for media in content.values():
        schema = {**media["schema"], "components": document["components"]}
        Draft202012Validator.check_schema(schema)
        validator: Any = Draft202012Validator(schema)  # pyright cannot say what its methods take
        for fine in (good, {}, dict.fromkeys(schema["properties"])):
            assert list(validator.iter_errors(fine)) == []
        for wrong in bad:
            assert list(validator.iter_errors(wrong)), wrong


def test_a_problem_is_what_the_document_says_it_is(house: House) -> None:
    for reply in (house.get("/nope"), house.trigger({"payload": 1}), house.call("POST", "/hooks/hub")):
        problem = msgspec.json.decode(reply.body, type=Problem)
        assert set(reply.json) <= set(Problem.__struct_fields__)
        assert problem.status == reply.status
