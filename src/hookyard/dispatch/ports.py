"""What the dispatcher asks of whoever stands behind the contexts of its commands."""

from collections.abc import Sequence
from typing import Protocol

from hookyard.context.port import Port
from hookyard.model import ErrorInfo, Event, StateChange


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
