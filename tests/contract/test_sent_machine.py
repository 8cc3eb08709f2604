"""Deliveries in orders, and what people do with them: the SQLite store against the model, step by step."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from tests.examples import examples

from hookyard.store.contract import Store
from hookyard.store.sqlite import SqliteStore
from hookyard.testing.store_sent_machine import SentMachine


class SqliteMachine(SentMachine):
    async def open_store(self, folder: Path) -> Store:
        store = await SqliteStore.open(folder / "hookyard.db")
        store.connection.execute("PRAGMA synchronous = OFF")  # it is not about the disk
        return store

    @invariant()
    def every_row_that_names_another_finds_it(self) -> None:
        assert isinstance(self._store, SqliteStore)
        assert self._store.connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.timeout(600)
def test_of_each_order_one_goes_and_nothing_is_lost_whatever_is_done() -> None:
    # Bounded by the number of examples, and without a deadline: a busy machine's disk must not fail it.
    bounds = settings(
        max_examples=examples(60), stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(SqliteMachine, settings=bounds)
