"""The model: a store in memory that is plain enough to be seen to be right.

Operations are applied one after the other, as the contract says; every other store is held against this one. It keeps
nothing, so it serves tests and trials.
"""

from hookyard.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
