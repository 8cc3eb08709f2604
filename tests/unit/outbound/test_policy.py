from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.config.model import OutboundSettings
from hookyard.outbound.policy import Policy, Verdict
from hookyard.outbound.retry_after import wait_asked
from hookyard.outbound.sender import Answer

NOW = 1_700_000_000_000
SECOND, HOUR = 1_000, 3_600_000


def policy(draw: float = 0.5, *, bound: int = 24 * HOUR) -> Policy:
    settings = OutboundSettings()
    return Policy(settings.schedule, settings.jitter, bound, lambda: draw)


def judged(
    status: int, retry_after: str | None = None, attempt: int = 1, *, wish: str | None = None, by: Policy | None = None
) -> Verdict:
    answer = Answer(status=status, retry_after=retry_after, wish=wish)
    return (by or policy()).answered(answer, attempt, NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_delivered(status: int) -> None:
    verdict = judged(status)
    assert (verdict.status, verdict.error, verdict.next_at, verdict.pause_until) == ("delivered", None, None, None)


@pytest.mark.parametrize("status", [199, 300, 301, 304, 307, 400, 401, 403, 404, 409, 418, 500, 501, 503, 599])
def test_any_other_answer_is_tried_again_by_the_schedule(status: int) -> None:
    verdict = judged(status)
    assert (verdict.status, verdict.error) == ("pending", f"http_{status}")
    assert verdict.next_at == NOW + 5 * SECOND
    assert verdict.pause_until is None
    assert verdict.disable is None


def test_410_fails_for_good_and_disables_the_endpoint() -> None:
    verdict = judged(410, "5")
    assert (verdict.status, verdict.error, verdict.next_at, verdict.disable) == ("failed", "gone", None, "gone")


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_receiver_that_is_overrun_pauses_its_endpoint_too(status: int) -> None:
    verdict = judged(status)
    assert verdict.next_at == verdict.pause_until == NOW + 5 * SECOND


def test_a_late_attempt_does_not_hold_up_the_endpoint_for_hours() -> None:
    verdict = judged(502, attempt=8)
    assert verdict.next_at == NOW + 20 * HOUR
    assert verdict.pause_until == NOW + 60 * SECOND
    last = judged(502, attempt=10)
    assert (last.status, last.pause_until) == ("failed", NOW + 60 * SECOND)


def test_the_default_schedule_is_walked_to_its_end() -> None:
    waits = [policy().unanswered("connect", attempt, NOW).next_at for attempt in range(1, 10)]
    hours = [2, 5, 10, 14, 20, 24]
    assert waits == [NOW + w for w in [5_000, 300_000, 1_800_000, *(hour * HOUR for hour in hours)]]
    last = policy().unanswered("connect", 10, NOW)
    assert (last.status, last.error, last.next_at) == ("failed", "connect", None)
    assert policy().first_wait() == 0


@given(draw=st.floats(0, 1, exclude_max=True), attempt=st.integers(1, 9))
def test_jitter_moves_a_wait_by_at_most_its_share(draw: float, attempt: int) -> None:
    schedule = OutboundSettings().schedule
    found = policy(draw).unanswered("timeout", attempt, NOW).next_at
    assert found is not None
    assert 0.8 * schedule[attempt] - 1 <= found - NOW <= 1.2 * schedule[attempt] + 1


def test_jitter_reaches_both_ends() -> None:
    assert policy(0.0).unanswered("timeout", 1, NOW).next_at == NOW + 4 * SECOND
    assert policy(0.999).unanswered("timeout", 1, NOW).next_at == NOW + 5_998


def test_retry_after_makes_a_wait_longer_but_never_shorter() -> None:
    assert judged(503, "60").next_at == NOW + 60 * SECOND
    assert judged(503, "1").next_at == NOW + 5 * SECOND
    assert judged(429, "60").pause_until == NOW + 60 * SECOND


def test_retry_after_is_honoured_up_to_the_bound() -> None:
    for asked in ("999999999", "1" + "0" * 30, "9" * 20_000):
        verdict = judged(503, asked, by=policy(bound=10 * SECOND))
        assert verdict.next_at == verdict.pause_until == NOW + 10 * SECOND
    assert judged(503, "0" * 20 + "60").next_at == NOW + 60 * SECOND


def test_retry_after_may_be_a_date() -> None:
    date = format_datetime(datetime.fromtimestamp(NOW / 1000 + 90, UTC), usegmt=True)
    assert wait_asked(date, NOW) == 90 * SECOND
    assert wait_asked("Sun, 06 Nov 1994 08:49:37 GMT", NOW) == 0
    assert wait_asked("Sun, 06 Nov 2094 08:49:37 -0000", NOW) > 0


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [A-Z+0-9-]*", fullmatch=True))
def test_a_nonsense_retry_after_is_no_error(header: str) -> None:
    assert wait_asked(header, NOW) >= 0
    assert judged(503, header).status == "pending"


@pytest.mark.parametrize("header", ["-5", "1.5", "soon", "", "5, 6", "\N{ARABIC-INDIC DIGIT FIVE}"])
def test_what_is_no_retry_after_asks_for_nothing(header: str) -> None:
    assert wait_asked(header, NOW) == 0


def test_what_can_never_be_sent_fails_for_good() -> None:
    verdict = policy().refused("egress_refused")
    assert (verdict.status, verdict.error, verdict.next_at) == ("failed", "egress_refused", None)


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
@pytest.mark.parametrize("wish", [" Abort ", "abort-message"])
def test_a_receiver_may_ask_for_a_delivery_not_to_come_again(status: int, wish: str) -> None:
    verdict = judged(status, "60", wish=wish)
    assert (verdict.status, verdict.error, verdict.next_at) == ("failed", "aborted", None)
    assert (verdict.disable, verdict.pause_until) == (None, None)


def test_a_receiver_that_asks_for_nothing_more_ends_the_delivery_and_disables_its_endpoint() -> None:
    verdict = judged(500, wish="disable")
    assert (verdict.status, verdict.error, verdict.disable) == ("failed", "aborted", "receiver")
    arrived = judged(200, wish="disable")
    assert (arrived.status, arrived.error, arrived.disable) == ("delivered", None, "receiver")


@pytest.mark.parametrize("wish", ["abort", "abort-message", "", "please", "disabled", "abort, disable", "x" * 100_000])
def test_what_arrived_is_delivered_and_a_wish_nobody_knows_is_none(wish: str) -> None:
    verdict = judged(204, wish=wish)
    assert (verdict.status, verdict.disable) == ("delivered", None)
    if wish not in {"abort", "abort-message"}:
        assert judged(500, wish=wish) == judged(500)


@pytest.mark.parametrize("status", [400, 408, 429, 500, 503])
def test_a_retry_after_pauses_the_endpoint_too(status: int) -> None:
    assert judged(status, "60").pause_until == NOW + 60 * SECOND


def test_a_redirect_that_says_when_makes_its_own_wait_longer_only() -> None:
    verdict = judged(307, "60")
    assert (verdict.next_at, verdict.pause_until) == (NOW + 60 * SECOND, None)


def test_the_breaker_counts_whether_somebody_is_there() -> None:
    assert [status for status in (200, 301, 400, 404, 410, 429, 500, 502, 503) if not judged(status).alive] == [
        301, 500, 502, 503,
    ]  # fmt: skip
    found = [policy().unanswered(error, 1, NOW).alive for error in ("timeout", "dns", "internal")]
    assert found == [False, False, None]
    assert policy().refused("egress_refused").alive is False
