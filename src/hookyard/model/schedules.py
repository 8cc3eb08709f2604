"""Rules that create jobs by time."""

from typing import Literal

from msgspec import Struct

FireOutcome = Literal["queued", "skipped", "missed", "refused"]
"""What became of a fire time: a job, nothing because an earlier one still ran, nothing because its time had passed
when the server came back, nothing because the job was refused."""


class Schedule(Struct, frozen=True, kw_only=True):
    """A rule and where it stands: a row of `schedule`."""

    name: str
    tenant: str = ""
    origin: Literal["config", "http"]
    """Whose it is: one of the configuration is changed there only."""
    spec: bytes
    """The rule as JSON, as it was given."""
    created_at: int
    created_by: str
    """The principal that made it."""
    paused: bool = False
    next_at: int | None = None
    """The next fire time; None when there is none any more."""
    last_at: int | None = None
    """The last fire time that was acted on, whatever came of it."""
    last_outcome: FireOutcome | None = None
    last_job: str | None = None
    """The id of the last job it made."""
    fired: int = 0
    """How many jobs it has made."""
