"""Every store passes the one suite."""

from pathlib import Path

from hookyard.store.contract import Store
from hookyard.store.memory import MemoryStore
from hookyard.store.sqlite import SqliteStore
from hookyard.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    keeps = False

    async def open_store(self, folder: Path) -> Store:
        return MemoryStore()


class TestSqliteStore(StoreContract):
    async def open_store(self, folder: Path) -> Store:
        return await SqliteStore.open(folder / "hookyard.db")
