"""What a command may know of its job."""

from msgspec import Struct


class JobInfo(Struct, frozen=True, kw_only=True):
    """The job and the attempt that a command runs for."""

    id: str
    plugin: str
    command: str
    attempt: int = 1
    """Counted from 1."""
    max_attempts: int = 1
    deadline: int | None = None
    """When this attempt's time is up, in milliseconds since 1970-01-01 UTC."""
    principal: str = ""
    """Who asked: `token:ci`, `source:github`."""
    source: str | None = None
    """The source the job came in by, if any."""
    request_id: str = ""
    tags: tuple[str, ...] = ()
    parent: str | None = None
    """The job whose command called for this one, if any."""
