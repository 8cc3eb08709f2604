"""The `with` of a route: checked against the command before anything is served, then applied to events."""

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inbound.lab import shared
from tests.unit.inbound.routes.lab import problems, received, route, settings

from hookyard.errors import Refused
from hookyard.inbound.routes import Route

BODY = {
    "name": "Ada",
    "n": 3,
    "yes": True,
    "half": 0.5,
    "null": None,
    "head": {"id": "abc", "author": {"name": "Bo", "display name": "B. O."}},
    "commits": [{"id": "c0"}, {"id": "c1", "tags": ["x", "y"]}],
    "a.b": "dotted",
}
NO_MEMBERS: dict[str, object] = {"with": dict[str, object]()}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
    max_leaves=12,
)


def mapped(with_: str | dict[str, Any], body: object = BODY) -> dict[str, object]:
    """The input that a mapping makes of a body."""
    args: dict[str, object] = json.loads(route(**{"with": with_}).args(received(body)))
    return args


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


@pytest.mark.parametrize("value", ["$.name", "$(event.name)"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xff"', b'{"name":"\\ud800"}', b"[" * 100_000, b"NaN"])
def test_a_body_that_is_not_json_is_refused(body: bytes, value: str) -> None:
    with pytest.raises(Refused) as caught:
        route(**{"with": {"name": value}}).args(received(body))
    assert caught.value.code == "invalid_json"


def test_without_a_mapping_the_body_is_the_input_byte_for_byte() -> None:
    body = b'{ "name" : "x" }'
    assert route().args(received(body)) is body


def test_a_path_may_be_the_whole_input() -> None:
    assert mapped("$.data", {"data": {"name": "x", "count": 2}}) == {"name": "x", "count": 2}
    assert mapped("$", {"name": "x"}) == {"name": "x"}


@pytest.mark.parametrize("text", ["$.data", "$(event.data)"])
def test_a_whole_input_that_the_event_lacks_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        mapped(text, {})
    assert caught.value.code == "invalid_input"
    assert caught.value.path == ("$.data" if text == "$.data" else "sources.hub.routes[0].with")


# --- expressions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("event.n", 3),
        ("event.n + 1", 4),
        ("event.yes", True),
        ("!event.yes", False),
        ("event['null']", None),
        ("event.half", 0.5),
        ("event.name + '!'", "Ada!"),
        ("event.commits.map(c, c.id)", ["c0", "c1"]),
        ("event.commits[1]", {"id": "c1", "tags": ["x", "y"]}),
        ("event['a.b'].split('o')", ["d", "tted"]),
        ("{'id': event.head.id, 'of': source.name}", {"id": "abc", "of": "hub"}),
        ("source.event + ' ' + source.delivery", "push d-1"),
        ("size(event.commits)", 2),
        ("has(event.gone) ? event.gone : 'none'", "none"),
        ("18446744073709551615u", 2**64 - 1),
        ("timestamp('2026-01-02T03:04:05Z')", "2026-01-02T03:04:05Z"),
        ("duration('90s')", "PT90S"),
        ("b'ab'", "YWI="),
        ("[null, [null]]", [None, [None]]),
    ],
)
def test_an_expression_makes_a_value_and_its_type_is_kept(expression: str, value: object) -> None:
    made = mapped({"name": "x", "anything": f"$({expression})"})["anything"]
    assert made == value
    assert type(made) is type(value)


def test_an_expression_may_be_the_whole_input() -> None:
    assert mapped("$({'name': event.name, 'count': event.n})") == {"name": "Ada", "count": 3}


@pytest.mark.parametrize(
    "expression", ["event.nowhere", "event.commits[9].id", "event['null'].x", "event.name.x", "headers['x-gone']"]
)
def test_a_value_that_the_event_lacks_is_left_out_or_refused_as_that_of_a_path(expression: str) -> None:
    assert mapped({"name": "x", "anything": f"$({expression})"}) == {"name": "x"}
    with pytest.raises(Refused) as caught:
        mapped({"name": f"$({expression})"})
    assert (caught.value.code, caught.value.path) == ("invalid_input", "sources.hub.routes[0].with.name")


@pytest.mark.parametrize("expression", ["event.n + event.name", "event.n / 0", "int(event.name)", "1.0 / 0.0"])
def test_an_expression_that_fails_is_refused_with_its_key_path_whether_it_is_needed_or_not(expression: str) -> None:
    with pytest.raises(Refused) as caught:
        mapped({"name": "x", "anything": [f"$({expression})"]})
    assert (caught.value.code, caught.value.path) == ("invalid_input", "sources.hub.routes[0].with.anything[0]")


def test_headers_are_by_their_lower_case_name() -> None:
    made = route(**{"with": {"name": "$(headers['user-agent'])"}})
    assert made.looks_at_headers
    assert made.args(received({}, headers={"user-agent": "curl"})) == b'{"name":"curl"}'


def test_headers_are_not_asked_for_where_no_expression_looks_at_them() -> None:
    assert not route(**{"with": {"name": "$(event.headers)"}, "if": "has(event.x)"}).looks_at_headers


@given(JSON)
def test_no_body_makes_a_mapping_raise_anything_but_refused(body: object) -> None:
    made = route(
        **{
            "with": {
                "name": "$.a",
                "tags": "$(event.b.map(x, x.c))",
                "labels": {"a": "$.a[0].b", "b": "$(event.a + event.b)", "c": "$(event.a[0])"},
                "anything": ["$", "$(event)", "$(size(event.d))"],
            }
        }
    )
    outcome = _args_or_refusal(made, body)
    assert isinstance(outcome, dict) or outcome == "invalid_input"


@given(JSON)
def test_what_an_expression_hands_through_is_what_the_body_has(body: object) -> None:
    made = route(**{"with": {"name": "x", "anything": "$(event)"}})
    outcome = _args_or_refusal(made, body)
    if "\\u0000" in json.dumps(body):
        return  # it may be refused
    assert outcome == {"name": "x", "anything": _as_cel_has_it(body)}


def _args_or_refusal(made: Route, body: object) -> object:
    try:
        return json.loads(made.args(received(body)))
    except Refused as error:
        return error.code


def _as_cel_has_it(body: object) -> object:
    """Whole numbers beyond 64 bits are floating point numbers."""
    if isinstance(body, dict):
        return {name: _as_cel_has_it(member) for name, member in cast("dict[str, object]", body).items()}
    if isinstance(body, list):
        return [_as_cel_has_it(item) for item in cast("list[object]", body)]
    if isinstance(body, int) and not isinstance(body, bool) and not -(2**63) <= body < 2**64:
        return float(body)
    return body


def test_a_real_push_maps_to_a_typed_input() -> None:
    body = json.loads(shared("payloads/github/push.json"))
    made = mapped({"name": "$.repository.full_name", "author": {"name": "$.pusher.name"}, "tags": ["$.ref"]}, body)
    assert made["name"] == body["repository"]["full_name"]
    assert made["author"] == {"name": body["pusher"]["name"]}


# --- checked before anything is served --------------------------------------------------------------------------


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
        ("$delivery", "with"),
        ("text", "with"),
        ("$(1)", "with"),
        ("$([event.a])", "with"),
        ({"name": "$(1)"}, "with.name"),
        ({"name": "$(event.a == 1)"}, "with.name"),
        ({"name": "$(null)"}, "with.name"),
        ({"name": "$({'a': 1})"}, "with.name"),
        ({"name": "$(type(event.a))"}, "with.name"),
        ({"name": "$(event.a) text"}, "with.name"),
        ({"name": "$(event.)"}, "with.name"),
        ({"name": "$(evnt.a)"}, "with.name"),
        ({"name": "$(source.nme)"}, "with.name"),
        ({"name": "$()"}, "with.name"),
        ({"name": "x", "count": "$(string(event.n))"}, "with.count"),
        ({"name": "x", "count": "$(1.5)"}, "with.count"),
        ({"name": "x", "flag": "$(1)"}, "with.flag"),
        ({"name": "x", "ratio": "$(true)"}, "with.ratio"),
        ({"name": "x", "tags": "$(event.l.map(x, 1))"}, "with.tags"),
        ({"name": "x", "tags": ["$(1)"]}, "with.tags[0]"),
        ({"name": "x", "labels": "$({'a': 1})"}, "with.labels"),
        ({"name": "x", "labels": {"a": "$(1)"}}, "with.labels.a"),
        ({"name": "x", "author": {"name": "$(1)"}}, "with.author.name"),
        ({"name": "x", "author": "$('x')"}, "with.author"),
    ],
)
def test_a_mapping_that_does_not_fit_the_command_is_a_problem_at_its_key(
    with_: str | dict[str, Any], where: str
) -> None:
    assert [path for path, _ in problems(settings(**{"with": with_}))] == [f"sources.hub.routes[0].{where}"]


@pytest.mark.parametrize(
    "with_",
    [
        {"name": "x", "ratio": "$(1)"},
        {"name": "x", "count": "$(5u)"},
        {"name": "x", "author": "$(null)"},
        {"name": "x", "author": "$({'name': 'x'})"},
        {"name": "x", "tags": "$(event.commits.map(c, c.id))"},
        {"name": "x", "labels": "$({'a': event.x})"},
        {"name": "$(timestamp('2026-01-02T03:04:05Z'))", "short": "$(event.x)"},
    ],
)
def test_an_expression_whose_type_may_be_the_input_is_none(with_: dict[str, Any]) -> None:
    assert problems(settings(**{"with": with_})) == []


def test_a_mistake_in_an_expression_is_told_with_its_place_in_it() -> None:
    assert problems(settings(**{"with": {"name": "$(event.a + evnt.b)"}})) == [
        ("sources.hub.routes[0].with.name", "1:15: undeclared reference to 'evnt.b'")
    ]


def test_every_problem_is_reported_at_once() -> None:
    found = problems(
        settings(**{"with": {"nope": 1, "name": "$(1)"}, "if": "1"}),
        settings(run="hello/gone"),
        settings(on=[], run="hello/nothing", map="gone"),
    )
    assert sorted(path for path, _ in found) == [
        "sources.hub.routes[0].if",
        "sources.hub.routes[0].with.name",
        "sources.hub.routes[0].with.nope",
        "sources.hub.routes[1].run",
        "sources.hub.routes[2].map",
        "sources.hub.routes[2].on",
    ]


def test_a_command_without_input_takes_an_empty_mapping() -> None:
    made = route(run="hello/nothing", **NO_MEMBERS)
    assert made.args(received(b'{"any": "thing"}')) == b"{}"


@pytest.mark.parametrize(
    ("mapping", "path", "place"),
    [
        ({"name": "$.sender.login"}, "$.name", "$.sender.login"),
        ({"name": "n", "author": "$.who"}, "$.author.email", "$.who.email"),
        ({"name": "n", "author": {"name": "$.a[0]"}}, "$.author.name", "$.a[0]"),
        ({"name": "n", "tags": ["x", "$.tag"]}, "$.tags[1]", "$.tag"),
        ({"name": "n", "tags": ["x", "$.tag"]}, "$.tags[7]", "$.tags[7]"),
        ({"name": "n", "labels": {"a": "$.b"}}, "$.labels[...]", "$.labels[...]"),
        ({"name": "$(event.n)"}, "$.name", "sources.hub.routes[0].with.name"),
        ({"name": "$event"}, "$.name", "$.name"),
        ("$.data", "$.count", "$.data.count"),
        ("$", "$.count", "$.count"),
        ("$(event.data)", "$.count", "sources.hub.routes[0].with"),
    ],
)
def test_a_place_in_the_input_is_told_as_the_place_that_it_came_from(mapping: object, path: str, place: str) -> None:
    assert route(**{"with": mapping}).place(path) == place
