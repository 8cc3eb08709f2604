"""What an expression may cost, however large the body is."""

import pytest
from tests.unit.cel.lab import value

from hookyard.cel import Failed
from hookyard.cel.bounds import LONGEST_SPLIT, LONGEST_TEXT, MOST_ITEMS

TEN = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]"


@pytest.mark.parametrize(
    "text",
    [
        "event.l.all(a, event.l.all(b, a == b))",
        "event.l.all(a, event.l.all(b, event.l.all(c, a == c)))",
        "event.nested.all(a, a.all(b, a.all(c, c == 1)))",
        f"{TEN}.all(a, {TEN}.all(b, {TEN}.all(c, {TEN}.all(d, {TEN}.all(e, a < 99)))))",
        "event.l.all(a, event.l.exists_one(b, a < b) || true)",
    ],
)
def test_loops_within_loops_end_after_some_thousand_rounds(text: str) -> None:
    with pytest.raises(Failed, match="10,000 rounds"):
        value(text, {"l": [1] * 1000, "nested": [[1] * 500] * 2})


@pytest.mark.parametrize(
    "text",
    [
        "size(event.l.map(x, x)) > 0",
        "size(event.l.filter(x, x == 1)) > 0",
        "event.k.all(k, size(event.of.map(x, x)) > 0)",
        "size(event.of.map(x, x)) > 0",
    ],
)
def test_lists_are_made_only_of_lists_that_are_not_too_long(text: str) -> None:
    fitting = {"l": [1] * MOST_ITEMS, "k": [1], "of": {str(n): 1 for n in range(MOST_ITEMS)}}
    assert value(text, fitting) is True
    longer = {"l": [1] * (MOST_ITEMS + 1), "k": [1], "of": {str(n): 1 for n in range(MOST_ITEMS + 1)}}
    with pytest.raises(Failed, match="longer"):
        value(text, longer)


@pytest.mark.parametrize("text", ["event.l.all(x, x == 1)", "event.l.exists(x, x == 1)", "size(event.l) > 2"])
def test_what_makes_no_list_may_go_through_longer_ones(text: str) -> None:
    assert value(text, {"l": [1] * 9000}) is True


@pytest.mark.parametrize(
    "text",
    [
        "event.l.exists(x, event.s + x == 'y')",
        "event.l.exists(x, event.s.contains(x))",
        "event.l.exists(x, event.s.matches(x))",
        "event.l.exists(x, size(event.s) == 3)",
        "event.l.exists(x, [x].exists(y, x.upperAscii() + event.s == y))",
        "event.s.replace('s', event.s) == ''",
        "event.l.join(event.s) == ''",
    ],
)
def test_texts_that_are_copied_again_and_again_must_not_be_too_long(text: str) -> None:
    assert value(text, {"l": ["x", "y"], "s": "s"}) is not None
    with pytest.raises(Failed, match="longer"):
        value(text, {"l": ["x"], "s": "s" * (LONGEST_TEXT + 1)})


@pytest.mark.parametrize(
    "text",
    [
        "event.l.exists(x, x == event.s || event.s.startsWith(x))",
        "event.l.exists(x, x.contains(event.s)) || true",
        "event.l.exists(x, x.upperAscii() == 'S') || true",
        "event.s.replace('s', 't') != ''",
        "event.s + event.s != ''",
        "event.s.split('s') != []",
    ],
)
def test_texts_that_are_read_once_may_be_as_long_as_they_are(text: str) -> None:
    assert value(text, {"l": ["s" * 5], "s": "s" * (LONGEST_TEXT * 2)}) is True


def test_texts_that_are_split_for_a_list_must_not_be_too_long() -> None:
    text = "event.s.split(',').filter(x, x != '')"
    assert value(text, {"s": "a,,b"}) == ["a", "b"]
    with pytest.raises(Failed, match="longer"):
        value(text, {"s": "," * (LONGEST_SPLIT + 1)})


def test_what_is_not_read_may_be_as_long_as_it_is() -> None:
    body = {"few": [1, 2], "many": [1] * (MOST_ITEMS * 2), "s": "s" * (LONGEST_TEXT * 2)}
    assert value("event.few.map(x, x + 1)", body) == [2, 3]
