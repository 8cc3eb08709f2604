"""The logger that commands and hooks are handed."""

from typing import Protocol


class Logger(Protocol):
    """Structured logging: an event in dotted words, and what belongs to it as keyword arguments."""

    def debug(self, event: str, **values: object) -> object:
        """For the author of the plugin."""
        ...

    def info(self, event: str, **values: object) -> object:
        """Something happened as it should."""
        ...

    def warning(self, event: str, **values: object) -> object:
        """Something is odd, and the work goes on."""
        ...

    def error(self, event: str, **values: object) -> object:
        """Something failed."""
        ...

    def exception(self, event: str, **values: object) -> object:
        """Something failed, with the exception that is being handled."""
        ...
