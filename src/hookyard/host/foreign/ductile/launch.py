"""How a Ductile plugin is started."""

from msgspec import Struct

from hookyard.process.spec import ProcessSpec


class DuctileLaunch(Struct, frozen=True, kw_only=True):
    """What the runner has to know of a plugin; the same for all of its commands."""

    process: ProcessSpec
    secrets: tuple[str, ...] = ()
    """The names of its secrets, which it gets as members of its configuration."""
    mirrored: frozenset[str] = frozenset()
    """The commands whose `state_updates` replace the state; all others merge into it."""
