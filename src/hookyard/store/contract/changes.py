"""Whether an operation changed anything, by what became of it."""

from typing import Final

from hookyard.store.contract.access import NotEmpty
from hookyard.store.contract.base import Failed, NotFound, Result, Stale
from hookyard.store.contract.endpoints import Exists
from hookyard.store.contract.jobs import (
    AlreadyTerminal,
    CancelPending,
    Doomed,
    Enqueued,
    Exhausted,
    LaneFull,
    Mismatch,
    Occupied,
    StillActive,
    Unmet,
)
from hookyard.store.contract.keeping import Undelivered
from hookyard.store.contract.schedules import Otherwise
from hookyard.store.contract.told import StateMismatch

_REFUSALS: Final = (
    *(AlreadyTerminal, CancelPending, Exhausted, Failed, LaneFull, Mismatch, NotEmpty, NotFound, Occupied, Stale),
    *(Doomed, Exists, Otherwise, StateMismatch, StillActive, Undelivered, Unmet),
)


def changed(result: Result) -> bool:
    """Whether the operation with this result changed what is stored."""
    return not isinstance(result, _REFUSALS) and not (isinstance(result, Enqueued) and result.duplicate)
