"""What the runner of an exec plugin has to know."""

from msgspec import Struct

from hookyard.process.spec import ProcessSpec


class ExecLaunch(Struct, frozen=True, kw_only=True):
    """What the runner has to know of a plugin; the same for all of its commands."""

    process: ProcessSpec
    """Without the arguments of a call."""
    secrets: tuple[str, ...] = ()
    state: bool = False
    scratch: frozenset[str] = frozenset()
    """The commands that get a folder of their own for every call."""
