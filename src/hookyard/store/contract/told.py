"""What commands tell."""

from hookyard.model import Artifact, Delivery, Event, Item, LogLine, Progress
from hookyard.store.contract.base import Op, Result


class StatePut(Result, frozen=True):
    """The value is kept, or deleted, and has this version now."""

    version: int


class StateMismatch(Result, frozen=True):
    """The key holds another version than was expected; nothing changed."""

    version: int
    """The version it holds; 0 when it holds nothing."""


class PutProgress(Op, frozen=True, kw_only=True):
    """Note how far a running job is -> Done | Stale."""

    job_id: str
    token: int
    progress: Progress


class AppendLog(Op, frozen=True, kw_only=True):
    """Keep lines of jobs' logs -> Done.

    Each line gets the next number of its job. A line of a job that does not exist is dropped.
    """

    lines: tuple[LogLine, ...]


class AppendEvents(Op, frozen=True, kw_only=True):
    """Keep events that come with no job's end, and their outgoing deliveries -> Done | Failed.

    All of it in the one transaction, as :class:`Finish` does. Failed when an id is in use.
    """

    events: tuple[Event, ...]
    deliveries: tuple[Delivery, ...] = ()


class PutState(Op, frozen=True, kw_only=True):
    """Keep a value for a plugin, or delete it -> StatePut | StateMismatch.

    A deleted key leaves its version behind, so that a later value under it never has an earlier one's version.
    """

    plugin: str
    key: str
    value: bytes | None
    """JSON; None deletes."""
    expected: int | None = None
    """The version the key must hold, 0 for none at all; None writes whatever is there (compare-and-set)."""


class PutArtifact(Op, frozen=True, kw_only=True):
    """Name an artifact of a running job, its content being stored already -> Done | Stale.

    An artifact of the same name is replaced.
    """

    token: int
    artifact: Artifact


class PutItems(Op, frozen=True, kw_only=True):
    """Keep partial results of a running job -> ItemsPut | Stale.

    An item of a name that the job has replaces that one, and has a number of its own: greater than all before.
    """

    job_id: str
    token: int
    items: tuple[Item, ...]


class ItemsPut(Result, frozen=True):
    """They are kept; so many items of the job there are now."""

    done: int
    failed: int
