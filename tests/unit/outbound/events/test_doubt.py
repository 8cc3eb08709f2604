"""A filter that is nearly a declared event is doubted; what may well be meant is not."""

import pytest

from hookyard.outbound.events import doubt

DECLARED = ("order.placed", "order.paid", "till.opened")


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("order.plcaed", "order.placed"),
        ("oder.placed", "order.placed"),
        ("order_placed", "order.placed"),
        ("odrer.*", "order.*"),
        ("tll.*", "till.*"),
        ("order.payd", "order.paid"),
    ],
)
def test_what_is_nearly_declared_is_doubted_with_what_may_be_meant(pattern: str, near: str) -> None:
    said = doubt(pattern, DECLARED)
    assert said is not None
    assert said.startswith("no plugin declares such an event; did you mean ")
    assert near in said


@pytest.mark.parametrize(
    "pattern", ["order.placed", "order.*", "*", "*.p*d", "job.*", "job.failed", "parcel.sent", "p.*"]
)
def test_what_is_declared_ours_or_of_another_kind_is_not(pattern: str) -> None:
    assert doubt(pattern, DECLARED) is None


def test_where_nothing_is_declared_nothing_is_doubted() -> None:
    assert doubt("order.plcaed", ()) is None
