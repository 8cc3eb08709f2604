"""Lanes that stand still, and workers that call in."""

from hookyard.model import Pause, WorkerRecord
from hookyard.store.contract.base import Op


class PauseLane(Op, frozen=True, kw_only=True):
    """Note that nothing new is started from a lane -> Done | Stale. Stale when it is paused already."""

    pause: Pause


class ResumeLane(Op, frozen=True, kw_only=True):
    """Forget that -> Done | NotFound."""

    lane: str


class PutWorker(Op, frozen=True, kw_only=True):
    """Keep what is known of an external worker, by name and principal -> Done. `first_contact` stays the first."""

    worker: WorkerRecord
