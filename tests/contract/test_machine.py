"""The SQLite store against the model, step by step, with the store's promises checked after each."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from hookyard.store.contract import Store
from hookyard.store.sqlite import SqliteStore
from hookyard.testing.store_machine import StoreMachine


class SqliteMachine(StoreMachine):
    async def open_store(self, folder: Path) -> Store:
        return await SqliteStore.open(folder / "hookyard.db")


def test_sqlite_and_the_model_never_differ_and_keep_the_promises() -> None:
    # Bounded by the number of examples, and without a deadline: a busy machine's disk must not fail it.
    bounds = settings(
        max_examples=80, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(SqliteMachine, settings=bounds)
