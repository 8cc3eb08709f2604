"""How a command is asked to stop."""


class CancelFlag:
    """Raised by one side, looked at by the other; safe between threads, and cheaper than an Event."""

    __slots__ = ("_raised",)

    def __init__(self) -> None:
        self._raised = False

    def set(self) -> None:
        """Ask the command to stop."""
        self._raised = True

    def is_set(self) -> bool:
        """Whether that was asked."""
        return self._raised
