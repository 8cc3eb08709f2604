"""The door to the CEL library: what it does badly is not let through."""

import contextlib
import json
import subprocess
import sys
import threading

import pytest
from tests.unit.cel.lab import EVENT, evaluated, value

from hookyard.cel import CelError, Expression, Failed, Kind


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from there on None is never counted")
@pytest.mark.parametrize(
    "text",
    [
        "event.n",
        "event",
        "event.l",
        "event.l.map(x, x)",
        "[null, {'a': null}]",
        "null",
        "event.n == null",
        "event.l.exists(x, x == null)",
        "google.protobuf.Value{}",
        "event.gone",
        "event.l[9]",
        "event.n.x",
    ],
)
def test_nulls_are_read_without_taking_references_that_nobody_gave(text: str) -> None:
    expression = Expression(text, EVENT)
    event = {"n": None, "l": [None, [None], {"a": None}]}
    _evaluate(expression, event, 10)
    before = sys.getrefcount(None)
    _evaluate(expression, event, 500)
    assert abs(sys.getrefcount(None) - before) < 100


def _evaluate(expression: Expression, event: object, times: int) -> None:
    for _ in range(times):
        try:
            evaluated(expression, event)
        except Failed:
            continue


@pytest.mark.parametrize("text", ["event.ref == 'main'", "event.ref", "event.of.ref", "event.l", "event.keys", "event"])
def test_a_text_with_u0000_fails_instead_of_being_cut_off(text: str) -> None:
    body = {"ref": "main\0x", "of": {"ref": "\0"}, "l": ["a", ["\0"]], "keys": {"a\0b": 1}}
    with pytest.raises(Failed, match=r"U\+0000"):
        value(text, body)


def test_a_u0000_elsewhere_in_the_event_does_no_harm() -> None:
    assert value("event.ref == 'main'", {"ref": "main", "other": "\0"}) is True
    assert value("event.ref", {"ref": "\\u0000"}) == "\\u0000"


@pytest.mark.parametrize(
    ("number", "made"),
    [
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, 2**63),
        (2**64 - 1, 2**64 - 1),
        (2**64, 2.0**64),
        (-(2**63) - 1, -(2.0**63)),
        (10**300, 1e300),
    ],
)
def test_whole_numbers_beyond_64_bits_become_floating_point_numbers(number: int, made: object) -> None:
    found = value("event.n", {"n": number})
    assert found == made
    assert type(found) is type(made)


def test_a_number_that_is_too_large_for_anything_fails() -> None:
    with pytest.raises(Failed):
        value("event.n", {"n": 10**400})


def test_numbers_beyond_64_bits_are_compared() -> None:
    assert value("event.n > 5 && event.id == 7", {"n": 2**70, "id": 7}) is True


@pytest.mark.parametrize(
    "text",
    [
        "event.l.map(x, event.s)",
        "event.l.map(x, event)",
        "event.l.map(x, {'a': event.s, 'b': event.s})",
    ],
)
def test_a_value_that_is_much_larger_than_the_event_fails_before_it_is_made(text: str) -> None:
    with pytest.raises(Failed, match="much more"):
        value(text, {"l": [0] * 400, "s": "x" * 50_000})


def test_no_expression_is_handed_more_values_than_it_takes_a_moment_to_copy() -> None:
    many = {"l": [0] * 60_000, "ref": "main"}
    assert value("event.ref", many) == "main"
    for text in ("size(event.l)", "event.l", "event"):
        with pytest.raises(Failed, match="more than 50,000 values"):
            value(text, many)
    assert value("size(event.l)", {"l": [0] * 49_000}) == 49_000


def test_a_deep_body_is_evaluated_or_fails() -> None:
    deep: object = 1
    for _ in range(800):
        deep = [deep]
    assert value("size(event.a)", {"a": deep}) == 1
    with contextlib.suppress(Failed):
        assert json.dumps(value("event.a", {"a": deep})) == "[" * 800 + "1" + "]" * 800


@pytest.mark.parametrize("text", ["type(event.a)", "1.0 / 0.0", "0.0 / 0.0", "google.protobuf.Any{}", "event.a / 0"])
def test_what_json_does_not_have_fails(text: str) -> None:
    with pytest.raises(Failed):
        value(text, {"a": 1})


def test_keys_of_other_types_become_texts() -> None:
    assert value("{1: 'a', false: 'b', 2u: 'c', 'd': 'd'}", {}) == {"1": "a", "false": "b", "2": "c", "d": "d"}


@pytest.mark.parametrize(
    "text",
    [
        "event.a",
        "event.a.b.c",
        "event['a']['b']",
        "has(event.a.b)",
        "has(event.a) && event.a.b.c == 1",
        "event.a.l[1].x",
        "event.a.l.map(e, e.x)",
        "[event.a, event.s]",
        "event.s.size()",
        "event[event.k]",
        "event.a.l.exists(event, event.x == 2)",
        "event['']",
        "event.s.x",
        "event.a.l.x",
        "has(event.a.l.x)",
        "has(event.s.x)",
    ],
)
def test_what_is_handed_over_in_part_gives_what_the_whole_gives(text: str) -> None:
    body = {"a": {"b": {"c": 1}, "l": [{"x": 1}, {"x": 2}], "big": [0] * 50}, "s": "text", "k": "s", "": "empty"}

    def outcome(text: str) -> object:
        try:
            return value(text, body)
        except CelError:
            return "no expression"
        except Failed as error:
            return error.why, error.absent

    # The other side mentions the whole event, so that all of it is handed over.
    in_whole = outcome(f"[{text}, event][0]")
    assert outcome(text) == in_whole


def test_one_expression_may_be_evaluated_in_several_threads() -> None:
    expression = Expression("event.l.map(x, [x, event.n])", EVENT)
    wrong: list[object] = []

    def work(number: int) -> None:
        event = {"n": number, "l": [1, 2, 3]}
        for _ in range(300):
            found = evaluated(expression, event)
            if found != [[1, number], [2, number], [3, number]]:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_library_is_loaded_by_the_first_expression_and_by_nothing_before() -> None:
    code = (
        "import sys, hookyard, hookyard.cli, hookyard.inbound.routes, hookyard.outbound\n"
        "print('cel_expr_python.cel' in sys.modules)\n"
        "from hookyard.cel import Expression\n"
        "Expression('1', {})\n"
        "print('cel_expr_python.cel' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "True"]


def test_a_variable_may_be_called_type_which_is_a_function_too() -> None:
    variables: dict[str, Kind] = {"type": "text", "data": "any"}
    values: dict[str, object] = {"type": "job.failed", "data": {"code": 7}}

    def of(text: str) -> object:
        return Expression(text, variables).evaluate(values, b"{}")

    assert of("type == 'job.failed' && data.code == 7") is True
    assert of("type") == "job.failed"
    assert of("type(data.code) == int && type(type) == string") is True
    assert of("['a', 'b'].exists(type, type == 'b')") is True
    assert Expression("type.startsWith('job.')", variables).names == {"type"}


def test_a_name_that_is_no_variable_is_named_without_the_namespace() -> None:
    with pytest.raises(CelError, match=r"^1:1: undeclared reference to 'event'$"):
        Expression("event", {"type": "text"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("event.", "1:7: Syntax error: '.' is followed by nothing sensible"),
        ("event.x ==", "1:11: Syntax error: it ends where something must follow"),
        ("event ? 1", "1:10: Syntax error: it ends where ':' must follow"),
        ("(event", "1:7: Syntax error: ')' is missing"),
        ("event event", "1:7: Syntax error: 'event' is not expected here"),
        ("1 +* 2", "1:4: Syntax error: '*' is not expected here"),
        ("event = 1", "1:7: Syntax error: = means nothing in CEL"),
        ("'abc", "1:1: Syntax error: 'abc means nothing in CEL"),
    ],
)
def test_a_syntax_error_is_told_in_words_and_without_all_that_could_stand_there(text: str, why: str) -> None:
    with pytest.raises(CelError) as failed:
        Expression(text, {"event": "any"})
    assert str(failed.value) == why
