"""How many examples the costly property tests draw.

Where `CI` is set Hypothesis draws the same ones at every run, so that no run fails by chance and none finds more than
the one before: what is new is found by runs elsewhere, and by those that draw more.
"""

import os
from typing import Final

_TIMES: Final = int(os.environ.get("HOOKYARD_TESTS_TIMES", "1"))


def examples(number: int) -> int:
    """So many in an ordinary run; `HOOKYARD_TESTS_TIMES=20` draws twenty times as many."""
    return number * _TIMES
