"""How many examples the costly property tests draw."""

import os
from typing import Final

_TIMES: Final = int(os.environ.get("HOOKYARD_TESTS_TIMES", "1"))


def examples(number: int) -> int:
    """So many in an ordinary run; `HOOKYARD_TESTS_TIMES=20` draws twenty times as many."""
    return number * _TIMES
