"""When Python looks for circles."""

import gc

import pytest

from hookyard.garbage import seldom


def test_what_was_there_before_a_server_began_is_not_looked_at_while_it_serves() -> None:
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    with seldom():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


def test_a_server_that_ends_in_an_error_leaves_the_collector_as_it_was() -> None:
    usual = gc.get_threshold()
    with pytest.raises(OSError, match="gone"), seldom():
        raise OSError("gone")
    assert gc.get_threshold() == usual
