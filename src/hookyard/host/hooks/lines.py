"""What hooks log: lines of the server's log that carry the plugin's name, and none of its secrets."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, cast

from structlog.typing import FilteringBoundLogger

from hookyard import log
from hookyard.context.logger import JobLogger, Logger
from hookyard.context.messages import LogNote, Note

_TAKEN: Final = frozenset({"plugin"})
_log = log.get("hooks")


class Redacts(Protocol):
    """Keeps the secrets of one plugin out of what is logged."""

    def text(self, text: str) -> str:
        """A text without them."""
        ...

    def value(self, value: object) -> object:
        """A value of JSON's types without them."""
        ...


class HookLog:
    """Makes the loggers that hooks are handed.

    Attributes:
        redactor: finds what keeps a plugin's secrets out of sight, if it has any.
    """

    def __init__(self) -> None:
        self.redactor: Callable[[str], Redacts | None] = lambda _: None

    def of(self, plugin: str) -> Logger:
        """The logger of a plugin's hooks, for any thread."""
        return JobLogger(partial(self._take, plugin, _log.bind(plugin=plugin)))

    def _take(self, plugin: str, logger: FilteringBoundLogger, note: Note) -> None:
        assert isinstance(note, LogNote)  # noqa: S101  a logger tells nothing else
        event, values = note.event, note.values
        redacts = self.redactor(plugin)
        if redacts is not None:
            event = redacts.text(event)
            values = cast("dict[str, object]", redacts.value(values))
        getattr(logger, note.level)(event, **log.beside(values, _TAKEN))
