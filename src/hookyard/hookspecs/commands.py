"""What `register_cli` answers."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct


class CliCommand(Struct, frozen=True, kw_only=True):
    """A command for the command line: `hookyard run PLUGIN NAME ...`."""

    name: str
    """Lower case, `a-z 0-9 _ -`."""
    function: Callable[..., Any]
    """`def` or `async def`. Its annotated parameters are the arguments and, where they have defaults, the options; it
    prints what it has to say, and raising is its way to fail."""
    help: str = ""
    """One line; the function's docstring when left empty."""
