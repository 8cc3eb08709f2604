"""The store on SQLite: one file, one process, one writer."""

from hookyard.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
