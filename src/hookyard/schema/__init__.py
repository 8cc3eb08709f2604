"""Types and JSON Schema: from the one to the other and back, and what a change of them breaks."""

from hookyard.schema.change import Change, Side
from hookyard.schema.diff import compare, diff
from hookyard.schema.lock import Lock, LockedCommand, LockedEvent, lock_of, read_lock
from hookyard.schema.types import DRAFT, CommandSchema, Schema, apart, components, of_command, of_type

__all__ = [
    "DRAFT",
    "Change",
    "CommandSchema",
    "Lock",
    "LockedCommand",
    "LockedEvent",
    "Schema",
    "Side",
    "apart",
    "compare",
    "components",
    "diff",
    "lock_of",
    "of_command",
    "of_type",
    "read_lock",
]
