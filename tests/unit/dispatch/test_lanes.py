"""Lanes: slots are never given out twice, and nothing that comes in overtakes what waits."""

from hypothesis import given
from hypothesis import strategies as st

from hookyard.dispatch.lanes import Lanes


def fresh(limit: int = 2) -> Lanes:
    """A lane that the first claim found empty."""
    lanes = Lanes({"a": limit})
    lanes.answered(lanes.asks(), {})
    return lanes


def test_a_job_that_comes_in_takes_a_slot_while_there_is_room() -> None:
    lane = fresh(2)["a"]
    assert [lane.take(), lane.take(), lane.take()] == [True, True, False]


def test_before_the_first_claim_nothing_starts_at_once_because_older_jobs_may_wait() -> None:
    assert not Lanes({"a": 2})["a"].take()


def test_a_job_does_not_overtake_one_that_waits_or_is_about_to() -> None:
    lane = fresh()["a"]
    lane.arriving += 1
    assert not lane.take()
    lane.arriving -= 1
    lane.waiting = True
    assert not lane.take()


def test_a_claim_reserves_every_free_slot_until_it_is_answered() -> None:
    lanes = Lanes({"a": 3})
    asks = lanes.asks()
    assert [(ask.lane, ask.limit) for ask in asks] == [("a", 3)]
    assert lanes.asks() == ()
    lanes.answered(asks, {"a": 1})
    assert lanes["a"].running == 1
    assert lanes["a"].take()


def test_a_lane_that_filled_its_claim_is_asked_again_once_a_slot_is_free() -> None:
    lanes = Lanes({"a": 1})
    lanes.answered(lanes.asks(), {"a": 1})
    assert lanes.asks() == ()
    lanes["a"].running -= 1
    assert len(lanes.asks()) == 1


def test_what_arrives_during_a_claim_is_not_forgotten() -> None:
    lanes = Lanes({"a": 1})
    asks = lanes.asks()
    lanes["a"].waiting = True
    lanes.answered(asks, {})
    assert len(lanes.asks()) == 1


def test_a_claim_asks_for_a_bounded_number_of_lanes_and_the_next_for_the_others() -> None:
    lanes = Lanes({f"lane{n}": 1 for n in range(150)})
    asked: list[str] = []
    while asks := lanes.asks():
        assert len(asks) <= 64
        lanes.answered(asks, {})
        asked += [ask.lane for ask in asks]
    assert sorted(asked) == sorted(f"lane{n}" for n in range(150))


def test_a_claim_that_left_jobs_out_for_their_size_is_asked_again() -> None:
    lanes = Lanes({"a": 4})
    lanes.answered(lanes.asks(), {"a": 1}, more=True)
    assert [ask.limit for ask in lanes.asks()] == [3]


def test_a_refused_claim_is_as_if_it_had_never_been_asked() -> None:
    lanes = Lanes({"a": 2})
    lanes.refused(lanes.asks())
    assert lanes["a"].running == 0
    assert len(lanes.asks()) == 1


@given(
    st.integers(1, 4),
    st.lists(st.sampled_from(["take", "claim", "answer", "refuse", "free", "arrive"]), max_size=60),
)
def test_the_limit_is_never_exceeded_and_no_slot_is_lost(limit: int, steps: list[str]) -> None:
    lanes = Lanes({"a": limit})
    lane = lanes["a"]
    held = 0
    asks = lanes.asks()
    for step in steps:
        if step == "take":
            held += lane.take()
        elif step == "claim" and not asks:
            asks = lanes.asks()
        elif step == "answer" and asks:
            taken = asks[0].limit // 2
            held += taken
            lanes.answered(asks, {"a": taken})
            asks = ()
        elif step == "refuse" and asks:
            lanes.refused(asks)
            asks = ()
        elif step == "free" and held:
            held -= 1
            lane.running -= 1
        elif step == "arrive":
            lane.waiting = True
        reserved = asks[0].limit if asks else 0
        assert lane.running == held + reserved <= limit
