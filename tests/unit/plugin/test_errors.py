"""What a command may raise holds what a store and a caller can be given."""

import math
from typing import Any

import pytest

from hookyard import CommandError, RetryLater


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
