"""The `with` of a route: checked against the command before anything is served, then applied to events."""

import json
from typing import Any

import pytest
from tests.unit.inbound.lab import COMMANDS, route, shared, source_of

from hookyard.config.model import Config, RouteSettings, SourceSettings
from hookyard.config.values import Secret
from hookyard.errors import Refused
from hookyard.inbound import Sources, SourcesError

BODY = {
    "name": "Ada",
    "n": 3,
    "null": None,
    "head": {"id": "abc", "author": {"name": "Bo", "display name": "B. O."}},
    "commits": [{"id": "c0"}, {"id": "c1", "tags": ["x", "y"]}],
    "a.b": "dotted",
}


def mapped(with_: dict[str, Any], body: object = BODY) -> dict[str, object]:
    """The input that a mapping makes of a body."""
    made = source_of(routes=(route(with_),)).routes[0]
    args: dict[str, object] = json.loads(made.args(json.dumps(body).encode(), "push", "d-1"))
    return args


def problems(*routes: RouteSettings, secrets: tuple[Secret, ...] = (Secret("s"),)) -> list[tuple[str, str]]:
    """Everything wrong with these routes of the source `hub`."""
    source = SourceSettings(scheme="github", secrets=secrets, routes=routes)
    with pytest.raises(SourcesError) as caught:
        Sources.build(Config(sources={"hub": source}), COMMANDS)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.name", "Ada"),
        ("$.head.id", "abc"),
        ("$.commits[1].id", "c1"),
        ("$.commits[1].tags[0]", "x"),
        ("$.head.author['display name']", "B. O."),
        ('$["a.b"]', "dotted"),
        ("$event", "push"),
        ("$delivery", "d-1"),
        ("$$event", "$event"),
        ("$$", "$"),
        ("plain", "plain"),
        ("cost: 5$", "cost: 5$"),
    ],
)
def test_a_text_is_looked_up_when_it_begins_with_a_dollar(text: str, value: str) -> None:
    assert mapped({"name": text}) == {"name": value}


def test_values_keep_their_types_and_literals_stand_for_themselves() -> None:
    assert mapped({"name": "x", "count": "$.n", "tags": "$.commits[1].tags"}) == {
        "name": "x",
        "count": 3,
        "tags": ["x", "y"],
    }
    assert mapped({"name": "x", "count": 5, "tags": ["a", "$$b"]}) == {"name": "x", "count": 5, "tags": ["a", "$b"]}


def test_mappings_and_lists_nest() -> None:
    made = mapped(
        {
            "name": "x",
            "author": {"name": "$.head.author.name", "email": "a@b"},
            "tags": ["$.commits[0].id", "lit", "$event"],
            "labels": {"id": "$.head.id", "gone": "$.nowhere"},
        }
    )
    assert made == {
        "name": "x",
        "author": {"name": "Bo", "email": "a@b"},
        "tags": ["c0", "lit", "push"],
        "labels": {"id": "abc"},
    }


@pytest.mark.parametrize(
    "path", ["$.nowhere", "$.commits[9].id", "$.name.inner", "$.null.x", "$.commits.id", "$.head[0]"]
)
def test_what_the_body_does_not_have_is_left_out_where_the_input_has_a_default(path: str) -> None:
    assert mapped({"name": "x", "short": path}) == {"name": "x"}
    assert mapped({"name": "x", "author": {"name": path}}) == {"name": "x"}


def test_a_required_value_that_the_body_does_not_have_is_refused_with_its_path() -> None:
    with pytest.raises(Refused) as caught:
        mapped({"name": "$.head.nowhere"})
    assert (caught.value.code, caught.value.path) == ("invalid_input", "$.head.nowhere")


def test_null_is_a_value() -> None:
    assert mapped({"name": "x", "author": "$.null"}) == {"name": "x", "author": None}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xff"', b'{"name":"\\ud800"}', b"[" * 100_000, b"NaN"])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        source_of(routes=(route({"name": "$.name"}),)).routes[0].args(body, "push", "d-1")
    assert caught.value.code == "invalid_json"


def test_without_a_mapping_the_body_is_the_input_byte_for_byte() -> None:
    body = b'{ "name" : "x" }'
    assert source_of(routes=(route(None),)).routes[0].args(body, "push", "d-1") is body


def test_a_real_push_maps_to_a_typed_input() -> None:
    body = json.loads(shared("payloads/github/push.json"))
    made = mapped({"name": "$.repository.full_name", "author": {"name": "$.pusher.name"}, "tags": ["$.ref"]}, body)
    assert made["name"] == body["repository"]["full_name"]
    assert made["author"] == {"name": body["pusher"]["name"]}


# --- checked before anything is served --------------------------------------------------------------------------


def test_an_unknown_command_is_a_problem_at_its_key() -> None:
    [(path, message)] = problems(route({"name": "x"}, run="hello/gone"))
    assert path == "sources.hub.routes[0].run"
    assert "hello/gone" in message


@pytest.mark.parametrize(
    ("with_", "where"),
    [
        ({"name": "x", "nmae": "y"}, "with.nmae"),
        ({"count": 1}, "with"),
        ({}, "with"),
        ({"name": 5}, "with.name"),
        ({"name": "x", "count": "five"}, "with.count"),
        ({"name": "x", "count": "$event"}, "with.count"),
        ({"name": "x", "author": "$delivery"}, "with.author"),
        ({"name": "x", "short": "long"}, "with.short"),
        ({"name": "x", "tags": ["a", 1]}, "with.tags[1]"),
        ({"name": "x", "tags": ["$event", 1]}, "with.tags[1]"),
        ({"name": "x", "tags": {"a": "$event"}}, "with.tags"),
        ({"name": ["$event"]}, "with.name"),
        ({"name": {"a": "$event"}}, "with.name"),
        ({"name": "x", "labels": {"a": 1}}, "with.labels.a"),
        ({"name": "x", "labels": ["$event"]}, "with.labels"),
        ({"name": "x", "author": {"email": "e"}}, "with.author"),
        ({"name": "x", "author": {"name": "n", "phone": 1}}, "with.author.phone"),
        ({"name": "x", "author": {"name": 1}}, "with.author.name"),
        ({"name": "$.a..b"}, "with.name"),
        ({"name": "$nope"}, "with.name"),
        ({"name": "$.a[x]"}, "with.name"),
        ({"name": "$.a["}, "with.name"),
        ({"name": "$."}, "with.name"),
        ({"name": "$.a b"}, "with.name"),
    ],
)
def test_a_mapping_that_does_not_fit_the_command_is_a_problem_at_its_key(with_: dict[str, Any], where: str) -> None:
    assert [path for path, _ in problems(route(with_))] == [f"sources.hub.routes[0].{where}"]


def test_every_problem_is_reported_at_once() -> None:
    found = problems(
        route({"nope": 1}),
        route({"name": "x"}, run="hello/gone"),
        RouteSettings(on=(), run="hello/nothing"),
    )
    assert sorted(path for path, _ in found) == [
        "sources.hub.routes[0].with",
        "sources.hub.routes[0].with.nope",
        "sources.hub.routes[1].run",
        "sources.hub.routes[2].on",
    ]


def test_a_problem_never_shows_a_secret() -> None:
    found = problems(route({"nope": 1}), secrets=(Secret("tell-nobody"),))
    assert "tell-nobody" not in repr(found)


def test_a_command_without_input_takes_an_empty_mapping() -> None:
    made = source_of(routes=(route({}, run="hello/nothing"),)).routes[0]
    assert made.args(b'{"any": "thing"}', "push", "d-1") == b"{}"
