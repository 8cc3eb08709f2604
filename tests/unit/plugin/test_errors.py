"""What a command may raise holds what a store and a caller can be given."""

import math
from typing import Any

import pytest

from hookyard import CommandError, RetryLater
from hookyard.errors import CODES, HookyardError, place_of


@pytest.mark.parametrize("after", [math.inf, -math.inf, math.nan, -0.001, 1e300, 367 * 86_400])
def test_a_wait_that_is_no_time_is_refused_where_it_is_written(after: float) -> None:
    with pytest.raises(ValueError, match="after must be from 0 seconds to a year"):
        RetryLater(after)


@pytest.mark.parametrize("after", [0, 0.5, 366 * 86_400])
def test_a_wait_up_to_a_year_is_kept(after: float) -> None:
    assert RetryLater(after).after == after


@pytest.mark.parametrize("wrong", [None, 3, b"text", ValueError("no")])
def test_a_refusal_whose_message_or_code_is_no_text_is_refused_where_it_is_written(wrong: object) -> None:
    anything: Any = wrong
    with pytest.raises(TypeError, match="message must be text"):
        CommandError(anything)
    with pytest.raises(TypeError, match="code must be text"):
        CommandError("no", code=anything)


def every(kind: type[HookyardError]) -> list[type[HookyardError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in every(one))]


def test_every_kind_of_error_has_a_row_in_the_table() -> None:
    assert {kind.code for kind in every(HookyardError)} <= set(CODES)


def test_the_place_of_a_validation_error_is_its_last() -> None:
    assert place_of(ValueError("Expected `str` - at `$[0]` - at `$.a.b`")) == ("Expected `str` - at `$[0]`", "$.a.b")
    assert place_of(ValueError("no place")) == ("no place", "$")
