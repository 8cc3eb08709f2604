"""What the dispatcher asks of whoever stands behind the contexts of its commands."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hookyard.context.port import Port
from hookyard.host.registry import Command
from hookyard.model import ErrorInfo, Event, Job, StateChange


class Leased(Protocol):
    """An attempt under way, here or with an external worker."""

    @property
    def job(self) -> Job:
        """The job as it was stored."""
        ...

    @property
    def command(self) -> Command:
        """What runs."""
        ...

    @property
    def token(self) -> int:
        """Of its lease."""
        ...

    @property
    def number(self) -> int:
        """Counted from 1."""
        ...

    @property
    def keeps_children(self) -> bool:
        """Whether the jobs that it waits for should go on without it."""
        ...


class Ports(Protocol):
    """Opens the host's side of attempts."""

    def open(self, attempt: Leased) -> "AttemptPort":
        """That of this one."""
        ...

    def redactor(self, plugin: str) -> "Redacts | None":
        """For a plugin that has secrets."""
        ...

    async def keep_result(self, job: Job, token: int, body: bytes) -> str | None:
        """Keep a large result as an artifact of the job that this lease holds.

        Returns:
            Its name, or None where there are no artifacts.

        Raises:
            ArtifactError: it cannot be kept.
        """
        ...

    async def result(self, job: Job) -> bytes | None:
        """The result of a job that is kept as an artifact.

        Raises:
            ArtifactError: it cannot be read.
        """
        ...

    async def forget(self, locations: Mapping[str, int]) -> None:
        """Forget the content of artifacts that nothing names any more, by its key, with its size in bytes."""
        ...


class AttemptPort(Port, Protocol):
    """The host's side of one attempt, made on first use."""

    @property
    def events(self) -> Sequence[Event]:
        """What the command emitted."""
        ...

    @property
    def state(self) -> Sequence[StateChange]:
        """What is to be kept with the job's success."""
        ...

    def interrupt(self) -> None:
        """The command should stop: it waits for nothing more."""
        ...

    def close(self) -> None:
        """The attempt is over."""
        ...


class Redacts(Protocol):
    """Keeps the secrets of one plugin out of what is stored, logged and sent."""

    def text(self, text: str) -> str:
        """A text without them."""
        ...

    def json(self, body: bytes) -> bytes:
        """JSON without them."""
        ...

    def error(self, error: ErrorInfo) -> ErrorInfo:
        """An error without them."""
        ...


class NoPorts:
    """For a dispatcher without facilities, whose commands use nothing of their context."""

    def open(self, attempt: Leased) -> AttemptPort:
        """There is none."""
        msg = f"the job {attempt.job.id} uses its context, and nothing stands behind it"
        raise RuntimeError(msg)

    def redactor(self, plugin: str) -> Redacts | None:  # noqa: ARG002  nobody has secrets
        """There is none."""
        return None

    async def keep_result(self, job: Job, token: int, body: bytes) -> str | None:  # noqa: ARG002  there is no place
        """It stays with the job."""
        return None

    async def result(self, job: Job) -> bytes | None:
        """There are no artifacts."""
        return job.result

    async def forget(self, locations: Mapping[str, int]) -> None:
        """There is nothing."""
