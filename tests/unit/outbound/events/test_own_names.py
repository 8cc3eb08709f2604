"""What Hookyard tells by itself is told by nobody else: a plugin's event under such a name would be believed."""

import pytest

from hookyard.context.events import declared_type_problem, note_type_problem, type_problem
from hookyard.outbound.events import EVENT_TYPES


@pytest.mark.parametrize("name", [each.type for each in EVENT_TYPES])
def test_a_type_of_the_catalogue_is_neither_declared_nor_emitted_by_any_plugin(
    name: str,
) -> None:
    said = note_type_problem(name)
    assert said is not None
    assert "Hookyard's own" in said
    assert [type_problem(name), declared_type_problem(name), declared_type_problem(name, noted=True)] == [said] * 3


@pytest.mark.parametrize("name", ["endpoints.disabled", "delivery.sent", "jobs.done", "my.endpoint.disabled"])
def test_a_type_that_only_looks_alike_is_anybodys(name: str) -> None:
    assert [note_type_problem(name), type_problem(name), declared_type_problem(name, noted=True)] == [None] * 3
