"""How jobs run."""

from hookyard.config.model.parts import HOUR, Positive, Section
from hookyard.config.values import Duration, Rate, Size


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
    max_result: Size = Size(1 << 20)
    """A larger result is kept as the artifact `result.json`, and webhooks name that instead."""
    retry_later_max_age: Duration = Duration(7 * 24 * HOUR)
    """How long a job may go on asking to be run later (`RetryLater`) without an attempt that counts."""


class LaneSettings(Section, frozen=True, kw_only=True):
    """How much of one lane, or of all lanes of one plugin together, may run, start and wait."""

    limit: Positive | None = None
    """How many of its jobs may run at once; of a lane, left out, the command's own, or 256 inline, 8 in threads, 8
    for each process of its `workers`. A plugin has none unless it is given here."""
    rate: Rate | None = None
    """How many attempts may start in how much time, such as `100/1m`; left out, as many as there is room for. One every
    600 ms in the long run, after a quiet time `burst` at once, and so in the worst minute 100 and `burst` more."""
    burst: Positive | None = None
    """How many of these may start at once after a quiet time; left out, the whole count of `rate`."""
    max_queued: Positive | None = None
    """How many of its jobs may wait; one more is refused with 503 `lane_full`. Of a single lane only."""
