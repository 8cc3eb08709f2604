"""Which function does which kind of operation, and which row each is about."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

from msgspec import Struct

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
    TouchTokens,
)
from hookyard.store.sqlite.write import (
    access,
    cancel,
    claim,
    deliver,
    endpoints,
    enqueue,
    finish,
    forget,
    inbound,
    items,
    lanes,
    recovery,
    retry,
    schedules,
    settle,
    state,
    tell,
    work,
)
from hookyard.store.sqlite.write.db import Db

O = TypeVar("O", bound=Op)  # noqa: E741  an operation
_Apply = Callable[[Db, Sequence[Op]], list[Result]]
Subject = Callable[[Op], str]

_KEY_PART = 18  # characters of an id: two ids with the same key name the same row


class Kind(Struct, frozen=True):
    """How a run of operations of one kind is done."""

    apply: _Apply
    subject: Subject | None = None
    """Which row an operation is about; None when several of one kind never get into each other's way."""


def _kind(apply: Callable[[Db, Sequence[O]], list[Result]], subject: Callable[[O], str] | None = None) -> Kind:
    # A run holds operations of one type only, the one that this function takes.
    return Kind(cast("_Apply", apply), cast("Subject | None", subject))


def _job(op: Extend | Finish | PutProgress | Release) -> str:
    return op.job_id[:_KEY_PART]


def _delivery(op: FinishDelivery | ReleaseDelivery) -> str:
    return op.delivery_id[:_KEY_PART]


def _made(op: PutArtifact) -> str:
    return op.artifact.job_id[:_KEY_PART]


def _kept(op: PutState) -> str:
    return f"{op.plugin}\0{op.key}"


KINDS: Final[dict[type[Op], Kind]] = {
    Enqueue: _kind(enqueue.enqueue),
    Claim: _kind(claim.claim),
    ClaimWork: _kind(work.claim_work),
    Extend: _kind(settle.extend, _job),
    Finish: _kind(finish.finish, _job),
    Release: _kind(settle.release, _job),
    Cancel: _kind(cancel.cancel),
    RetryJob: _kind(retry.retry_job),
    ClaimDeliveries: _kind(deliver.claim_deliveries),
    FinishDelivery: _kind(deliver.finish_delivery, _delivery),
    ReleaseDelivery: _kind(deliver.release_delivery, _delivery),
    ReclaimDeliveries: _kind(deliver.reclaim_deliveries),
    ResendDelivery: _kind(recovery.resend_delivery),
    AbandonDelivery: _kind(recovery.abandon_delivery),
    RecoverDeliveries: _kind(recovery.recover_deliveries),
    ResumeDeliveries: _kind(recovery.resume_deliveries),
    ResumeCallbacks: _kind(recovery.resume_callbacks),
    PurgeDeliveries: _kind(recovery.purge_deliveries),
    AddMissed: _kind(recovery.add_missed),
    PutEndpoint: _kind(endpoints.put),
    DeleteEndpoint: _kind(endpoints.delete),
    MarkEndpoint: _kind(endpoints.mark),
    ReplacePrivate: _kind(endpoints.replace_private),
    PutProgress: _kind(tell.put_progress, _job),
    AppendLog: _kind(tell.append_log),
    AppendEvents: _kind(tell.append_events),
    PutArtifact: _kind(tell.put_artifacts, _made),
    PutState: _kind(state.put_state, _kept),
    PutItems: _kind(items.put_items),
    Prune: _kind(forget.prune),
    PruneJobs: _kind(forget.prune_jobs),
    DeleteJob: _kind(forget.delete_job),
    ForgetKeys: _kind(inbound.forget_keys),
    PutToken: _kind(access.put_token),
    TouchTokens: _kind(access.touch_tokens),
    AppendAudit: _kind(access.append_audit),
    PauseLane: _kind(lanes.pause),
    ResumeLane: _kind(lanes.resume),
    PutWorker: _kind(lanes.put_worker),
    PutSchedule: _kind(schedules.put),
    DeleteSchedule: _kind(schedules.delete),
    PauseSchedule: _kind(schedules.pause),
    FireSchedule: _kind(schedules.fire),
}
