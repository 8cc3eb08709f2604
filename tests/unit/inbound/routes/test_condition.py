"""The `if` of a route: a CEL expression that must be true."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.unit.inbound.lab import shared
from tests.unit.inbound.routes.lab import problems, received, route, settings
from tests.unit.inbound.routes.test_mapping import JSON

from hookyard.errors import Refused

BODY = {"ref": "refs/heads/main", "n": 3, "yes": True, "nothing": None, "commits": [{"id": "a", "added": ["docs/x"]}]}


def holds(text: str, body: object = BODY) -> bool:
    return route(**{"if": text}).takes(received(body, headers={"user-agent": "curl"}))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("event.ref == 'refs/heads/main'", True),
        ("event.ref == 'refs/heads/dev'", False),
        ("event.ref.startsWith('refs/heads/') && event.n > 2", True),
        ("event.yes", True),
        ("!event.yes", False),
        ("event.nothing == null", True),
        ("has(event.gone) && event.gone.x == 1", False),
        ("!has(event.gone)", True),
        ("event.n == 3.0", True),
        ("event.ref == 3", False),
        ("event.commits.exists(c, c.added.exists(f, f.startsWith('docs/')))", True),
        ("event.commits.all(c, c.id in ['b', 'c'])", False),
        ("event.ref.matches('^refs/(heads|tags)/')", True),
        ("headers['user-agent'] == 'curl'", True),
        ("source.name == 'hub' && source.event == 'push' && source.delivery == 'd-1'", True),
        ("event.ref.split('/')[2].upperAscii() == 'MAIN'", True),
    ],
)
def test_a_route_takes_an_event_only_when_its_condition_is_true(text: str, held: bool) -> None:
    assert holds(text) is held


def test_a_condition_is_asked_only_about_events_of_the_route() -> None:
    with capture_logs() as lines:
        assert not route(**{"on": "push", "if": "event.gone"}).takes(received({}, event="issues"))
    assert lines == []


def test_a_real_push_is_told_by_its_branch() -> None:
    push = received(shared("payloads/github/push.json"))
    ref = json.loads(push.body)["ref"]
    taken = [route(**{"if": f"event.ref == '{name}'"}).takes(push) for name in (ref, "refs/heads/x")]
    assert taken == [True, False]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("event.gone == 1", True),
        ("event.commits[7].id == 'x'", True),
        ("event.nothing.x == 1", True),
        ("headers['x-gone'] == ''", True),
        ("event.n / 0 == 1", False),
        ("event.ref", False),
        ("event.n && true", False),
    ],
)
def test_a_condition_that_fails_does_not_hold_and_is_logged_with_its_place(text: str, advice: bool) -> None:
    with capture_logs() as lines:
        assert not holds(text)
    [line] = lines
    assert (line["place"], line["source"], line["delivery"]) == ("sources.hub.routes[0].if", "hub", "d-1")
    assert ("use has(...)" in line["problem"]) is advice


def test_a_condition_that_fails_again_and_again_is_logged_ever_more_seldom() -> None:
    made = route(**{"if": "event.gone"})
    with capture_logs() as lines:
        for _ in range(250):
            assert not made.takes(received({}))
    assert [line["failures"] for line in lines] == [1, 10, 100]


@pytest.mark.parametrize("text", ["1", "'x'", "event.n + 1", "event.commits.map(c, c.id)", "null", "source.name"])
def test_a_condition_that_can_be_neither_true_nor_false_is_a_problem(text: str) -> None:
    [(path, message)] = problems(settings(**{"if": text}))
    assert path == "sources.hub.routes[0].if"
    assert "true or false" in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("event.", "1:7"),
        ("evnt.ref == 'x'", "'evnt.ref'"),
        ("event.ref == 'x' && size()", "1:25"),
        ("event.ref == 'x' && 'a' + 1 == 2", "1:25"),
        ("event.ref == 'x", "1:14"),
        ("source.nme == 'x'", "it has name, event, delivery"),
        ("source['nme'] == 'x'", "it has name, event, delivery"),
        ("event.x == 1" + " || event.x == 1" * 300, "4096"),
        ("(" * 100 + "true" + ")" * 100, "recursion"),
        ("{{'a': 1}: 1}", "map key"),
        ("event.x == '\0'", "character"),
        ("event.x == '\ud800'", "character"),
    ],
)
def test_a_text_that_is_no_expression_is_a_problem_that_says_where(text: str, says: str) -> None:
    [(path, message)] = problems(settings(**{"if": text}))
    assert path == "sources.hub.routes[0].if"
    assert says in message
    assert "\n" not in message


def test_a_body_that_is_not_json_is_refused_where_a_condition_looks_at_it() -> None:
    with pytest.raises(Refused) as caught:
        holds("event.x == 1", b"{")
    assert caught.value.code == "invalid_json"
    assert holds("source.event == 'push'", b"{")


@given(
    JSON,
    st.sampled_from(
        [
            "event.a == event.b",
            "event.a.b.c",
            "event.a[0] > event.b[1]",
            "event.a.exists(x, x.b || x.c)",
            "event.a + event.b == event.c",
            "event.exists(k, event[k] == null)",
            "event == {'a': 1}",
            "size(event) > 3 && has(event.a.b)",
            "string(event.a) == '1'",
            "event.a.startsWith(event.b)",
        ]
    ),
)
def test_no_body_makes_a_condition_raise(body: object, text: str) -> None:
    assert holds(text, body) in (True, False)
