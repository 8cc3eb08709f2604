"""How long what is over is kept."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from hookyard.config.model.parts import Section
from hookyard.config.values import Duration

_DAY: Final = 86_400_000

Keep = Annotated[
    Duration | Literal["forever"],
    Meta(description="a duration such as 12h, 30d or 365d, or `forever`"),
]


class RetentionSettings(Section, frozen=True, kw_only=True):
    """How long what is over is kept: after that it is forgotten, a little at a time.

    What lives, what is still to be delivered and what other jobs wait for is never forgotten, however old it is.
    """

    succeeded: Keep = Duration(30 * _DAY)
    """Jobs that succeeded, from their end on, with their attempts, lines, items, deliveries and artifacts."""
    failed: Keep = Duration(90 * _DAY)
    """Jobs that failed for good: the dead letters, which can be replayed as long as they are kept."""
    timed_out: Keep = Duration(90 * _DAY)
    """Jobs that took too long."""
    cancelled: Keep = Duration(90 * _DAY)
    """Jobs that were cancelled."""
    events: Keep = Duration(30 * _DAY)
    """Events that were emitted, and deliveries that belong to no job, from their end on."""
    audit: Keep = Duration(365 * _DAY)
    """Entries of the audit log."""
    tokens: Keep = Duration(90 * _DAY)
    """Tokens that are over, since then; no shorter than the longest of jobs, which belong to a token by its name."""
    workers: Keep = Duration(7 * _DAY)
    """External workers, from their last call on."""
    every: Annotated[Duration, Meta(description="a duration of at least a second")] = Duration(3_600_000)
    """How often it is looked for what can be forgotten; at least every second."""
