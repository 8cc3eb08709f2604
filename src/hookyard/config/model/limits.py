"""How often callers may come."""

from hookyard.config.model.parts import Section
from hookyard.config.values import Rate


class LimitSettings(Section, frozen=True, kw_only=True):
    """How many requests there may be, each as a rate such as `600/1m`; left out, there is no limit.

    Those over a limit are answered 429 with `Retry-After`. A whole count may come at once.
    """

    peer: Rate | None = None
    """Of one address, whatever it asks for, before anything else is looked at. An IPv6 network of 64 bits counts as one
    address."""
    failures: Rate | None = Rate(60, 60_000)
    """Of one address, with no credential that is good; one that comes with a good credential is not held up by it."""
    triggers: Rate | None = None
    """Of one principal, that make jobs: `POST /api/v1/jobs/bulk` counts once for each of its jobs, and one of more jobs
    than the whole count is refused for good."""
    reads: Rate | None = None
    """Of one principal, that read only."""
    changes: Rate | None = None
    """Of one principal, that change anything else."""
    work: Rate | None = None
    """Of one external worker's principal, that claim jobs or upload artifacts. What a worker says of a job that it
    holds (`extend`, `complete`, `fail`, `release`) is counted by no limit of principals, because its lease hangs on
    it."""
