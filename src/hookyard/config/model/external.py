"""Commands that external workers run, declared without any code."""

from typing import Any

from msgspec import field

from hookyard.command import Priority
from hookyard.config.model.parts import Positive, Section, Text
from hookyard.config.model.retry import RetrySettings
from hookyard.config.values import Duration

Schema = dict[str, Any] | Text
"""A JSON Schema, or the path of the file that holds it."""


def _any_object() -> dict[str, Any]:
    return {"type": "object"}


class ExternalCommand(Section, frozen=True, kw_only=True):
    """A command that HTTP workers run: nothing of it runs here, its jobs wait until a worker claims them."""

    input: Schema = field(default_factory=_any_object)
    """The JSON Schema of what it takes, an object; or the path of a YAML or JSON file that holds it, relative to the
    configuration. Left out, any object."""
    output: Schema = field(default_factory=dict[str, Any])
    """The same of what it answers. Left out, anything."""
    summary: str = ""
    """One line; the first of `description` when left out."""
    description: str = ""
    """What it does, in Markdown."""
    read_only: bool = False
    """It changes nothing, so that the scope `trigger:ro` may trigger it."""
    idempotent: bool = False
    """Running it twice is the same as running it once; callers are told so."""
    deprecated: bool = False
    """Callers are told not to begin to use it."""
    timeout: Duration | None = None
    """How long one attempt may take, whatever its heartbeats say; left out, `jobs.timeout`."""
    lease: Duration | None = None
    """How long a worker that does not ask for a time of its own may stay silent; left out, `jobs.lease`."""
    retry: RetrySettings = RetrySettings()
    priority: Priority = 0
    """Of its jobs, where the caller gives none; higher runs first."""
    concurrency: Positive | None = None
    """How many of its jobs may be held by workers at once; left out, 1024."""
    affinity: Text | None = None
    """Where in the payload the name of what a worker should have loaded stands, such as `payload.model`. Workers are
    given the jobs first whose name they say they have; a caller's own `affinity` wins."""
