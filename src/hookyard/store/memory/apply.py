"""Which function does which operation."""

from collections.abc import Callable
from typing import TypeVar, cast

from hookyard.store.contract import (
    AppendLog,
    Cancel,
    Claim,
    ClaimDeliveries,
    Enqueue,
    Extend,
    Finish,
    FinishDelivery,
    Op,
    Prune,
    PutArtifact,
    PutProgress,
    PutState,
    RecoverDeliveries,
    Release,
    ReleaseDelivery,
    Result,
)
from hookyard.store.memory import cancel, claim, deliver, enqueue, settle, tell
from hookyard.store.memory.data import Data

O = TypeVar("O", bound=Op)  # noqa: E741  an operation
_Apply = Callable[[Data, Op], Result]


def apply(data: Data, op: Op) -> Result:
    """Apply one operation."""
    return _APPLY[type(op)](data, op)


def _kind(function: Callable[[Data, O], Result]) -> _Apply:
    # Looked up by the operation's own type, the one that this function takes.
    return cast("_Apply", function)


_APPLY: dict[type[Op], _Apply] = {
    Enqueue: _kind(enqueue.enqueue),
    Claim: _kind(claim.claim),
    Extend: _kind(settle.extend),
    Finish: _kind(settle.finish),
    Release: _kind(settle.release),
    Cancel: _kind(cancel.cancel),
    ClaimDeliveries: _kind(deliver.claim_deliveries),
    FinishDelivery: _kind(deliver.finish_delivery),
    ReleaseDelivery: _kind(deliver.release_delivery),
    RecoverDeliveries: _kind(deliver.recover_deliveries),
    PutProgress: _kind(tell.put_progress),
    AppendLog: _kind(tell.append_log),
    PutState: _kind(tell.put_state),
    PutArtifact: _kind(tell.put_artifact),
    Prune: _kind(enqueue.prune),
}
