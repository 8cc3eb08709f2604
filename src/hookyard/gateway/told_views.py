"""How what commands told is shown: log lines, progress, events, artifacts."""

from msgspec import UNSET, Raw, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.model import Artifact, Event, LogLevel, LogLine, Progress


class ProgressView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a job is, in whatever its command counts."""

    done: float
    total: float | UnsetType = UNSET
    """What `done` will be at the end, where that is known."""
    message: str = ""
    at: str
    """When it was said."""


class LogLineView(Struct, frozen=True, kw_only=True):
    """A line that the job's command logged."""

    number: int
    """Counted from 1 within the job."""
    attempt: int
    at: str
    level: LogLevel
    event: str
    values: Raw
    """What belongs to it: an object."""


class LogPage(Struct, frozen=True):
    """Lines of a job's log, oldest first."""

    lines: list[LogLineView]
    next: int | None
    """What to give as `after` for the next page; null when there is none yet."""


class ArtifactView(Struct, frozen=True, kw_only=True):
    """A named blob that the job's command made."""

    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in hex."""
    created_at: str


class ArtifactList(Struct, frozen=True):
    """The artifacts of a job, by name."""

    artifacts: list[ArtifactView]


class EventView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named fact that a plugin emitted."""

    id: str
    type: str
    plugin: str
    command: str
    job_id: str
    request_id: str
    created_at: str
    dedupe_key: str | UnsetType = UNSET
    payload: Raw


class EventPage(Struct, frozen=True):
    """Events, newest first."""

    events: list[EventView]
    next: str | None
    """The cursor of the next page; null on the last."""


def progress_view(progress: Progress | None) -> ProgressView | UnsetType:
    """Show how far a job is."""
    if progress is None:
        return UNSET
    total = UNSET if progress.total is None else progress.total
    return ProgressView(done=progress.done, total=total, message=progress.message, at=rfc3339(progress.at))


def line_view(line: LogLine) -> LogLineView:
    """Show a line of a log."""
    return LogLineView(
        number=line.number,
        attempt=line.attempt,
        at=rfc3339(line.at),
        level=line.level,
        event=line.event,
        values=Raw(line.values),
    )


def artifact_view(artifact: Artifact) -> ArtifactView:
    """Show an artifact."""
    return ArtifactView(
        name=artifact.name,
        media_type=artifact.media_type,
        size=artifact.size,
        sha256=artifact.sha256,
        created_at=rfc3339(artifact.created_at),
    )


def event_view(event: Event) -> EventView:
    """Show an event."""
    return EventView(
        id=event.id,
        type=event.type,
        plugin=event.plugin,
        command=event.command,
        job_id=event.job_id,
        request_id=event.request_id,
        created_at=rfc3339(event.created_at),
        dedupe_key=UNSET if event.dedupe_key is None else event.dedupe_key,
        payload=Raw(event.payload),
    )
