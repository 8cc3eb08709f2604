"""Which function does which operation."""

from collections.abc import Callable
from typing import TypeVar, cast

from hookyard.store.contract import (
    AbandonDelivery,
    AddMissed,
    AppendAudit,
    AppendEvents,
    AppendLog,
    Cancel,
    Claim,
    ClaimDeliveries,
    ClaimWork,
    DeleteEndpoint,
    DeleteJob,
    DeleteSchedule,
    Enqueue,
    Extend,
    Finish,
    FinishDelivery,
    FireSchedule,
    ForgetKeys,
    MarkEndpoint,
    Op,
    PauseLane,
    PauseSchedule,
    Prune,
    PruneJobs,
    PurgeDeliveries,
    PutArtifact,
    PutEndpoint,
    PutItems,
    PutProgress,
    PutSchedule,
    PutState,
    PutToken,
    PutWorker,
    ReclaimDeliveries,
    RecoverDeliveries,
    Release,
    ReleaseDelivery,
    ReplacePrivate,
    ResendDelivery,
    Result,
    ResumeCallbacks,
    ResumeDeliveries,
    ResumeLane,
    RetryJob,
    Several,
    Stale,
    Together,
    TouchTokens,
    changed,
)
from hookyard.store.memory import (
    cancel,
    claim,
    deliver,
    endpoints,
    enqueue,
    fire,
    forget,
    items,
    recovery,
    settle,
    tell,
)
from hookyard.store.memory.data import Data
from hookyard.store.memory.kept import Kept

O = TypeVar("O", bound=Op)  # noqa: E741  an operation
_Apply = Callable[[Data, Op], Result]


def apply(data: Data, op: Op) -> Result:
    """Apply one operation."""
    return _APPLY[type(op)](data, op)


def _kind(function: Callable[[Data, O], Result]) -> _Apply:
    # Looked up by the operation's own type, the one that this function takes.
    return cast("_Apply", function)


def _of_kept(function: Callable[[Kept, O], Result]) -> _Apply:
    def apply_to(data: Data, op: O) -> Result:
        return function(data.kept, op)

    return _kind(apply_to)


def _together(data: Data, op: Together) -> Result:
    results: list[Result] = []
    for one in op.ops:
        nothing_to_note = isinstance(one, AppendAudit) and bool(results) and not changed(results[-1])
        results.append(Stale() if nothing_to_note else apply(data, one))
    return Several(tuple(results))


_APPLY: dict[type[Op], _Apply] = {
    Enqueue: _kind(enqueue.enqueue),
    Claim: _kind(claim.claim),
    ClaimWork: _kind(claim.claim_work),
    Extend: _kind(settle.extend),
    Finish: _kind(settle.finish),
    Release: _kind(settle.release),
    Cancel: _kind(cancel.cancel),
    RetryJob: _kind(cancel.retry_job),
    ClaimDeliveries: _kind(deliver.claim_deliveries),
    FinishDelivery: _kind(deliver.finish_delivery),
    ReleaseDelivery: _kind(deliver.release_delivery),
    ReclaimDeliveries: _kind(deliver.reclaim_deliveries),
    ResendDelivery: _kind(recovery.resend_delivery),
    AbandonDelivery: _kind(recovery.abandon_delivery),
    RecoverDeliveries: _kind(recovery.recover_deliveries),
    ResumeDeliveries: _kind(recovery.resume_deliveries),
    ResumeCallbacks: _kind(recovery.resume_callbacks),
    PurgeDeliveries: _kind(recovery.purge_deliveries),
    AddMissed: _kind(recovery.add_missed),
    PutEndpoint: _kind(endpoints.put_endpoint),
    DeleteEndpoint: _kind(endpoints.delete_endpoint),
    MarkEndpoint: _kind(endpoints.mark_endpoint),
    ReplacePrivate: _kind(endpoints.replace_private),
    PutProgress: _kind(tell.put_progress),
    AppendLog: _kind(tell.append_log),
    AppendEvents: _kind(tell.append_events),
    PutState: _kind(tell.put_state),
    PutArtifact: _kind(tell.put_artifact),
    PutItems: _kind(items.put_items),
    Prune: _kind(forget.prune),
    PruneJobs: _kind(forget.prune_jobs),
    DeleteJob: _kind(forget.delete_job),
    ForgetKeys: _kind(forget.forget_keys),
    PutToken: _of_kept(Kept.put_token),
    TouchTokens: _of_kept(Kept.touch_tokens),
    AppendAudit: _of_kept(Kept.append_audit),
    PauseLane: _of_kept(Kept.pause_lane),
    ResumeLane: _of_kept(Kept.resume_lane),
    PutWorker: _of_kept(Kept.put_worker),
    PutSchedule: _of_kept(Kept.put_schedule),
    DeleteSchedule: _of_kept(Kept.delete_schedule),
    PauseSchedule: _kind(fire.pause_schedule),
    FireSchedule: _kind(fire.fire_schedule),
    Together: _kind(_together),
}
