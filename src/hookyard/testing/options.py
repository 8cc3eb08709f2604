"""What a test may say of how a job is triggered, or a webhook sent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypedDict

from hookyard.config.model import RouteSettings
from hookyard.testing.webhook import AnyScheme


class Options(TypedDict, total=False):
    """How a job is to be run, as a trigger may say it."""

    timeout: float
    """Seconds of real time that one attempt may take."""
    attempts: int
    """How many there may be; as many as the command says if left out."""
    priority: int
    tags: Sequence[str]
    delay: float
    """Seconds until it may start; the clock skips them."""
    idempotency_key: str
    tenant: str
    """Whose the job is; nobody's if left out."""
    principal: str
    """Who asks; `test` if left out."""


TRIGGER_KEYS: Final = {
    "timeout": "timeout",
    "attempts": "max_attempts",
    "priority": "priority",
    "tags": "tags",
    "delay": "delay",
    "tenant": "tenant",
}
"""What the body of a trigger calls them."""


class WebhookOptions(TypedDict, total=False):
    """How a webhook is sent, and what it is to run."""

    event: str
    """Such as `push`; `webhook` if left out."""
    run: Callable[..., object] | str
    """The command, for every event; needed only when several are loaded. Its input is the whole body."""
    routes: Sequence[RouteSettings | Mapping[str, object]]
    """Instead of `run`, as the configuration has them: `{"on": "push", "run": "a/b", "with": {"ref": "$.ref"}}`.
    What they run may be the command's function too."""
    scheme: AnyScheme
    """How its sender signs, as the configuration has it."""
    secret: str
    """What it signs with; one for tests if left out."""
    headers: Mapping[str, str]
    """More of them, or others than it would send: a wrong signature, say."""
    delivery: str
    """The sender's id of it; another each time if left out."""
