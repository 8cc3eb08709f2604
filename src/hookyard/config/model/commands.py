"""What the configuration decides about single commands."""

from typing import Annotated, Literal

from msgspec import Meta

from hookyard.command import Priority
from hookyard.config.model.parts import Positive, Section, Text
from hookyard.config.values import Duration, Rate, Size
from hookyard.model import UniquePolicy

CommandKey = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", description="a command, written plugin/command")
]


class RetryChanges(Section, frozen=True, kw_only=True):
    """How often a job is tried and how long the waits between are; what is left out stays as the command has it."""

    attempts: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How many attempts there are in all."""
    base: Duration | None = None
    """The longest wait after the first attempt."""
    factor: Annotated[float, Meta(ge=1)] | None = None
    """By what the longest wait grows with every attempt."""
    cap: Duration | None = None
    """No wait is longer."""
    jitter: bool | None = None
    """Whether waits are drawn from zero to the longest."""
    on: tuple[str, ...] | None = None
    """Only failures with one of these codes are tried again; with none, every retryable one is."""
    not_on: tuple[str, ...] | None = None
    """Failures with one of these codes end the job at once."""


class KeyedSettings(Section, frozen=True, kw_only=True):
    """A limit for each key."""

    key: Text
    """Where in the input the key is, such as `payload.repo`; a job without a value there has no key and no limit."""
    limit: Positive = 1
    """Of the jobs with the same key so many may run at once."""


class UniqueSettings(Section, frozen=True, kw_only=True):
    """What becomes of a job while others with the same key are active, that is queued or running."""

    policy: UniquePolicy = "skip"
    """`skip`: the one that is there stands for it. `replace`: those still queued are cancelled for it, and it waits
    for the one that runs. `queue`: one after the other."""
    key: Text | None = None
    """Where in the input the key is, such as `payload.repo`; left out, equal inputs have the same key. A caller's own
    `unique.key` is the key itself."""


class BreakerChanges(Section, frozen=True, kw_only=True):
    """A circuit breaker: what is left out stays as the command has it, or else is 5, 30s and 1."""

    failures: Positive | None = None
    """After so many attempts in a row that failed or timed out it opens: nothing of the lane starts any more."""
    cooldown: Duration | None = None
    """How long it stays open; then it is half open."""
    probes: Positive | None = None
    """So many attempts at once are let through half open; when all succeed it closes, and one that fails opens it."""


class CommandSettings(Section, frozen=True, kw_only=True):
    """What is to hold for one command, whatever it says of itself; what is left out stays as it is."""

    timeout: Duration | None = None
    """How long one attempt may take."""
    priority: Priority | None = None
    """Of its jobs, where the caller gives none; higher runs first."""
    retry: RetryChanges = RetryChanges()
    concurrency: KeyedSettings | None = None
    """A limit for each key, such as one at a time per repository; the limit of all together is its lane's."""
    unique: UniquePolicy | UniqueSettings | None = None
    """What becomes of a job while an equal one is active; left out, they run beside each other."""
    debounce: Duration | None = None
    """How long a job waits for later ones with the same key, whose input takes the place of its own."""
    debounce_max: Duration | None = None
    """How long they can put it off in all; left out, ten times `debounce`."""
    rate: Rate | None = None
    """How many attempts may start in how much time, such as `100/1m`; `lanes.<command>.rate` wins."""
    max_queued: Positive | None = None
    """How many of its jobs may wait; `lanes.<command>.max_queued` wins."""
    breaker: BreakerChanges | Literal["off"] | None = None
    """A circuit breaker; `off` for one that the command has of itself."""
    max_result: Size | None = None
    """A larger result is kept as the artifact `result.json`; left out, `jobs.max_result`."""
    on_success: tuple[CommandKey, ...] | None = None
    """Commands that follow each success with the result as their input."""
    on_failure: tuple[CommandKey, ...] | None = None
    """Commands that follow each failure for good; their input is a `JobFailure`."""
