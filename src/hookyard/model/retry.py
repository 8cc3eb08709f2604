"""How often something is tried, and how long the waits between are."""

from msgspec import Struct


class Retry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often a job is tried, how long the waits between are, and after which failures.

    The wait after attempt number n is drawn from [0, min(cap, base * factor**(n-1))], which spreads the
    retries of many jobs that failed together (the "full jitter" of the AWS Architecture Blog, 2015).
    """

    attempts: int = 4
    """How many attempts there are in all."""
    base: float = 1.0
    """Seconds: the longest wait after the first attempt."""
    factor: float = 2.0
    """By what the longest wait grows with every attempt."""
    cap: float = 300.0
    """Seconds: no wait is longer."""
    jitter: bool = True
    """Without it every wait is the longest one."""
    spread: float = 0.0
    """Without jitter, the share of a wait by which it is drawn longer, above the cap too."""
    on: tuple[str, ...] = ()
    """Only failures with one of these codes are tried again; with none, every retryable one is."""
    not_on: tuple[str, ...] = ()
    """Failures with one of these codes end the job at once, retryable or not."""

    def delay(self, attempt: int, draw: float) -> float:
        """Seconds to wait after attempt number `attempt` failed.

        Args:
            attempt: counted from 1.
            draw: a random number in [0, 1).
        """
        try:
            longest = min(self.cap, self.base * self.factor ** (attempt - 1))
        except OverflowError:
            longest = self.cap
        return longest * draw if self.jitter else longest * (1 + self.spread * draw)

    def takes(self, code: str) -> bool:
        """Whether a retryable failure with this code is tried again."""
        return code not in self.not_on and (not self.on or code in self.on)
