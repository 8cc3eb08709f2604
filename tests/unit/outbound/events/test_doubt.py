"""A filter that is nearly a declared event, or finds no command, is doubted; what may well be meant is not."""

import pytest

from hookyard.outbound.events import command_doubt, doubt

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


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("shp/*", "matches no command; did you mean shop/*?"),
        ("shop/buj", "matches no command; did you mean shop/buy?"),
        ("hookyard/endpoints", "matches no command; did you mean hookyard/endpoint?"),
        ("invoices/*", "matches no command that there is"),
    ],
)
def test_a_filter_that_finds_no_command_is_doubted(pattern: str, said: str) -> None:
    assert command_doubt(pattern, ("shop/buy", "till/ring")) == said


@pytest.mark.parametrize("pattern", ["shop/buy", "shop/*", "*/ring", "*", "*/*", "hookyard/endpoint", "hookyard/*"])
def test_a_filter_that_finds_a_command_is_not(pattern: str) -> None:
    assert command_doubt(pattern, ("shop/buy", "till/ring")) is None
