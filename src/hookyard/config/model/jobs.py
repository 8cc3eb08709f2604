"""How jobs run."""

from hookyard.config.model.parts import HOUR, Positive, Section
from hookyard.config.values import Duration


class JobSettings(Section, frozen=True, kw_only=True):
    """How jobs run where their command does not say otherwise."""

    timeout: Duration = Duration(60_000)
    """How long one attempt may take."""
    lease: Duration = Duration(30_000)
    """How long a worker may stay silent before its job is given to another."""
    drain: Duration = Duration(20_000)
    """How long a shutdown waits for running jobs before it gives them back."""
    idempotency_window: Duration = Duration(24 * HOUR)
    """How long an `Idempotency-Key` stands for the same job."""


class LaneSettings(Section, frozen=True, kw_only=True):
    """The limit of one lane; without it the command's own, or 256 inline and in workers, 8 in threads."""

    limit: Positive
    """How many of its jobs may run at once."""
