"""The SQLite store against the model, step by step, with the store's promises checked after each."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from tests.examples import examples

from hookyard.store.contract import Store
from hookyard.store.sqlite import SqliteStore
from hookyard.testing.store_machine import StoreMachine

HELD = """
SELECT lane, concurrency_key, concurrency_limit, tenant, affinity, priority, key FROM job_log
WHERE status = 'queued' AND ready = 2
"""
BEFORE = """
SELECT
  (SELECT count(*) FROM job_log WHERE status = 'running' AND lane = ?1 AND concurrency_key = ?2)
  + (SELECT count(*) FROM job_log
     WHERE status = 'queued' AND ready = 1 AND lane = ?1 AND concurrency_key = ?2 AND concurrency_limit = ?3
       AND tenant = ?4 AND affinity IS ?5 AND (priority > ?6 OR (priority = ?6 AND key < ?7)))
"""


class SqliteMachine(StoreMachine):
    async def open_store(self, folder: Path) -> Store:
        return await SqliteStore.open(folder / "hookyard.db")

    @invariant()
    def no_job_is_held_while_its_key_has_room(self) -> None:
        """In particular none of a key of which nothing runs and nothing is in the queue."""
        assert isinstance(self._store, SqliteStore)
        connection = self._store.connection
        for row in connection.execute(HELD).fetchall():
            (before,) = connection.execute(BEFORE, row).fetchone() or (0,)
            assert isinstance(before, int)
            assert isinstance(row[2], int)
            assert before >= row[2], row

    @invariant()
    def every_row_that_names_another_finds_it(self) -> None:
        assert isinstance(self._store, SqliteStore)
        assert self._store.connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.timeout(600)
def test_sqlite_and_the_model_never_differ_and_keep_the_promises() -> None:
    # Bounded by the number of examples, and without a deadline: a busy machine's disk must not fail it.
    bounds = settings(
        max_examples=examples(80), stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(SqliteMachine, settings=bounds)
