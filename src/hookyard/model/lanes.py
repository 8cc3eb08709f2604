"""Lanes that stand still, and workers that call in."""

from msgspec import Struct

EVERY_LANE = "*"
"""Stands for all lanes: the emergency stop."""


class Pause(Struct, frozen=True, kw_only=True):
    """A lane from which nothing new is started: a row of `lane_pause`."""

    lane: str
    """The lane, or :data:`EVERY_LANE`."""
    since: int
    by: str
    """The principal that paused it."""
    reason: str = ""


class LaneDepth(Struct, frozen=True):
    """How many jobs of one lane there are now."""

    lane: str
    queued: int
    """Waiting, for whatever: their turn, their time, their key, other jobs."""
    running: int


class WorkerRecord(Struct, frozen=True, kw_only=True):
    """An external worker that has called in: a row of `worker`."""

    name: str
    """As it calls itself; with its principal it is one worker."""
    principal: str
    tenant: str = ""
    lanes: tuple[str, ...]
    """What it asked for last."""
    affinity: tuple[str, ...] = ()
    """What it had loaded when it asked last."""
    first_contact: int
    last_contact: int
    claimed: int = 0
    completed: int = 0
    failed: int = 0
