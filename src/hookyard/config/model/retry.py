"""How often something is tried, as the configuration says it."""

from typing import Annotated

from msgspec import Meta

from hookyard.config.model.parts import Section
from hookyard.config.values import Duration
from hookyard.model import Retry


class RetrySettings(Section, frozen=True, kw_only=True):
    """How often a job is tried, how long the waits between are, and after which failures."""

    attempts: Annotated[int, Meta(ge=1, le=100)] = 4
    """How many attempts there are in all."""
    base: Duration = Duration(1_000)
    """The longest wait after the first attempt."""
    factor: Annotated[float, Meta(ge=1)] = 2.0
    """By what the longest wait grows with every attempt."""
    cap: Duration = Duration(300_000)
    """No wait is longer."""
    jitter: bool = True
    """Waits are drawn from zero to the longest, so that jobs that failed together do not come back together."""
    on: tuple[str, ...] = ()
    """Only failures with one of these codes are tried again; with none, every retryable one is."""
    not_on: tuple[str, ...] = ()
    """Failures with one of these codes end the job at once."""

    @property
    def policy(self) -> Retry:
        """The same, in seconds."""
        return Retry(
            attempts=self.attempts,
            base=self.base.seconds,
            factor=self.factor,
            cap=self.cap.seconds,
            jitter=self.jitter,
            on=self.on,
            not_on=self.not_on,
        )
