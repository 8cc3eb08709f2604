"""Forgetting what is no longer needed."""

from collections.abc import Mapping
from typing import Final, Literal

from hookyard.model import TerminalStatus
from hookyard.store.contract.base import Op, Result

Forgettable = Literal["keys", "events", "deliveries", "audit", "workers", "tokens"]
"""Expired idempotency keys; what plugins emitted; deliveries that ended and belong to no job; the audit log; external
workers that no longer call; tokens that are over, but never the one made last: a store that had a token is not taken
for a new one."""


ROW_BYTES: Final = 16 * 1024
"""So many bytes of bodies are as long to forget as a line."""


class Pruned(Result, frozen=True):
    """So many were forgotten; as many as the limit: there may be more."""

    count: int


class Deleted(Result, frozen=True):
    """The job is forgotten with all that belongs to it but the events it emitted and its idempotency key."""

    locations: tuple[str, ...]
    """Keys of its artifacts in the object store, whose content is now nobody's."""


class Undelivered(Result, frozen=True):
    """Something of the job is still to be delivered (I11); nothing changed."""


class JobsPruned(Result, frozen=True):
    """Where the walk stands."""

    count: int
    """So many jobs were forgotten."""
    seen: int
    """So many were looked at."""
    next: str | None
    """The id to go on after; None at the end of the history."""
    locations: tuple[str, ...]
    """Keys of their artifacts in the object store, whose content is now nobody's."""


class Prune(Op, frozen=True, kw_only=True):
    """Forget at most `limit` rows of one kind, the oldest first -> Pruned."""

    what: Forgettable = "keys"
    before: int | None = None
    """Of events and entries those with an id older than this, of deliveries those that ended, of workers those that
    last called and of tokens those that expired or were revoked before it, whichever came first; None: none of them. Of
    keys it is their own expiry that counts."""
    limit: int = 1000


class DeleteJob(Op, frozen=True, kw_only=True):
    """Forget one ended job -> Deleted | StillActive | Undelivered | NotFound.

    Jobs that wait for it are doomed, as it did not succeed.
    """

    job_id: str


class ForgetKeys(Op, frozen=True, kw_only=True):
    """Forget an idempotency key, and those that begin with it and a line break -> Pruned.

    What comes with it next makes a job of its own; the jobs it stood for stay. The count includes keys that had expired
    and were still there.
    """

    scope: str
    key: str


class PruneJobs(Op, frozen=True, kw_only=True):
    """Walk the history in the order of ids and forget jobs that ended long ago -> JobsPruned.

    A job is forgotten when it ended before the time that `before` has for its status, and nothing of it is still to
    be delivered, and no job waits for it (I11).
    """

    after: str | None = None
    """Go on behind this id; None from the beginning."""
    before: Mapping[TerminalStatus, int]
    """A status that is not among them is kept for ever."""
    limit: int = 200
    """How many jobs to look at."""
    rows: int = 2000
    """How many lines and items to forget with them. A job that has more than are left of that loses so many, its
    oldest lines first, then its items by name, and the walk stops before it, to go on with it the next time: however
    much one job has told, forgetting it never takes long at once. The input of a job and what a sender sent count as a
    row for each whole :data:`ROW_BYTES` of both, for the jobs behind it."""
