"""What the job of a Ductile command has as its result."""

from msgspec import Struct


class DuctileResult(Struct):
    """What a plugin answers, beside what it does: its events and its state are kept apart."""

    result: str
    """Its `result`, as it is: a sentence for people, or, from some plugins, JSON."""
    events: int = 0
    """How many events it emitted."""
