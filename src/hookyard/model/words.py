"""The words that stored rows use."""

from typing import Final, Literal

HOUSE: Final = "hookyard"
"""Stands for a plugin in the events that no command emitted."""
QUIET_HOUSE_EVENTS: Final = frozenset({"schedule.fired"})
"""Of those, what there is much of: told to those who ask for it by its very name, and not kept as an event."""
YEAR: Final = 366 * 86_400
"""Seconds: the longest that a job may take or be put off. What is longer is a mistake, and would not fit the store."""
JobStatus = Literal["queued", "running", "succeeded", "failed", "timed_out", "cancelled"]
"""Where a job is in its life. The last four are terminal and never change again."""
TerminalStatus = Literal["succeeded", "failed", "timed_out", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "timed_out", "cancelled"})
Reason = Literal[
    "plugin_error",
    "invalid_input",
    "invalid_output",
    "attempts_exhausted",
    "not_retryable",
    "retry_later",
    "command_missing",
    "worker_lost",
    "deadline",
    "released",
    "cancelled_by_user",
    "killed",
    "replaced",
    "dependency_failed",
]
"""Why a job is where it is, in one word."""
DeliveryStatus = Literal["pending", "held", "sending", "delivered", "failed"]
"""`held` waits for an earlier one of its order; `sending` is leased by a courier; `delivered` and `failed` are
terminal."""
AttemptOutcome = Literal["succeeded", "failed", "timed_out", "cancelled", "released", "lost"]
"""How one attempt ended; `released` gave its lease back, `lost` never came back."""
UniquePolicy = Literal["skip", "replace", "queue"]
"""What becomes of a job while others with the same unique key are active."""
LogLevel = Literal["debug", "info", "warning", "error"]
"""How important a line of a job's log is."""
