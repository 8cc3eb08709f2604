"""What a hook is handed."""

from typing import TYPE_CHECKING, Generic

from hookyard.context.logger import Logger

if TYPE_CHECKING:
    # Type checkers know the default of PEP 696 today; at run time it needs Python 3.13.
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", covariant=True, default=object)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", covariant=True)


class HookContext(Generic[C_co]):
    """Handed to a hook: which plugin it is, with its configuration and its logger."""

    __slots__ = ("config", "log", "plugin")

    config: C_co
    """The plugin's configuration."""
    plugin: str
    """The plugin's name."""
    log: Logger
    """A logger whose lines carry the plugin's name."""

    def __init__(self, plugin: str, config: C_co, log: Logger) -> None:
        self.plugin = plugin
        self.config = config
        self.log = log
