"""What is kept beside the life of jobs, and forgetting: the SQLite store against the model, step by step."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.examples import examples

from hookyard.store.contract import Store
from hookyard.store.sqlite import SqliteStore
from hookyard.testing.store_kept_machine import KeptMachine


class SqliteMachine(KeptMachine):
    async def open_store(self, folder: Path) -> Store:
        return await SqliteStore.open(folder / "hookyard.db")


@pytest.mark.timeout(600)
def test_what_is_kept_and_forgotten_never_differs_and_nothing_live_is_forgotten() -> None:
    # Bounded by the number of examples, and without a deadline: a busy machine's disk must not fail it.
    bounds = settings(
        max_examples=examples(25), stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(SqliteMachine, settings=bounds)
