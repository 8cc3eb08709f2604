"""In which order the operations of concurrent callers are done.

They may be done in any: by kind, so that the store does many at once.
"""

from typing import Final

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
    ResumeCallbacks,
    ResumeDeliveries,
    ResumeLane,
    RetryJob,
    Together,
    TouchTokens,
)

ORDER: Final[tuple[type[Op], ...]] = (
    Extend,  # before the end of the same job, so that its holder is not told that the lease is gone
    ForgetKeys,  # before the job that is to have the key
    Enqueue,
    PutProgress,  # what a job tells comes before its end, while its lease is held
    AppendLog,
    PutArtifact,
    PutItems,
    PutState,
    Finish,
    Together,  # what people ask for, with its entry in the audit log; a cancellation among that
    Cancel,  # before a retry: cancel wins (I9)
    Release,
    RetryJob,
    FinishDelivery,
    ReleaseDelivery,
    ReclaimDeliveries,
    AbandonDelivery,
    ResendDelivery,  # after the end of an attempt: it is no longer being sent
    RecoverDeliveries,
    ResumeDeliveries,
    ResumeCallbacks,
    AppendEvents,
    AddMissed,
    PutEndpoint,
    MarkEndpoint,
    ReplacePrivate,
    DeleteEndpoint,
    PutToken,
    TouchTokens,
    PauseLane,
    ResumeLane,
    PutWorker,
    PutSchedule,
    PauseSchedule,
    DeleteSchedule,
    FireSchedule,
    AppendAudit,
    Claim,  # after what frees or fills the queue
    ClaimWork,
    ClaimDeliveries,
    DeleteJob,
    PurgeDeliveries,
    Prune,
    PruneJobs,
)
PLACE: Final[dict[type[Op], int]] = {op: at for at, op in enumerate(ORDER)}
"""The same, to look up."""
