"""`hookyard doctor` of endpoints: who gets nothing, why, since when, what waits, and what to do about it."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.cli.place import DAY, MINUTE, SECRET, Call, Place, subscriber

from hookyard.clock import rfc3339
from hookyard.ids import IdSource
from hookyard.model import Delivery
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.endpoints.private import KeptSecret, Private, with_private
from hookyard.store.contract import AppendEvents, PutEndpoint
from hookyard.testing import FakeClock

HOUR = 60 * MINUTE
USUAL = ("server.stopped", "encryption.none")
"""What is always found of an endpoint that was made over HTTP, while no server runs and there is no key."""


def deliveries(place: Place, *names: str | None, age: int, **how: object) -> AppendEvents:
    """One for each of these, made a while ago and tried again in a minute; None is a callback URL."""
    at = place.now - age
    new_id = IdSource(FakeClock(at))
    made = [
        Delivery(
            id=new_id(),
            job_id=None,
            event="a.b",
            endpoint=name,
            url=None if name else "https://example.com/callback",
            body=b"{}",
            created_at=at,
            next_at=place.now + MINUTE,
        )
        for name in names
    ]
    return AppendEvents(now=at, events=(), deliveries=tuple(replace(one, **how) for one in made))


def dead(place: Place, *names: str | None, age: int) -> AppendEvents:
    """The same of such that failed for good."""
    return deliveries(place, *names, age=age, status="failed", last_error="http_500", completed_at=place.now - age)


@pytest.fixture
def place(tmp_path: Path, hookyard: Call) -> Place:
    return Place(tmp_path, hookyard)


def test_an_endpoint_that_is_disabled_is_told_with_how_to_get_what_it_missed(place: Place) -> None:
    since = place.now - DAY
    gone = subscriber(place, disabled_at=since, disabled_reason="gone", failing_since=since)
    place.store(PutEndpoint(now=place.now, endpoint=gone))
    found = place.found()
    assert found.keys() == {"endpoint.disabled", *USUAL}, "that it fails is no news then"
    assert "audit is disabled since" in found["endpoint.disabled"]["what"]
    assert "410" in found["endpoint.disabled"]["what"]
    assert f"hookyard endpoints replay audit --since {rfc3339(since)}" in found["endpoint.disabled"]["do"]
    assert "hookyard endpoints recover audit --since 7d" in found["endpoint.disabled"]["do"]


def test_an_endpoint_whose_name_another_has_over_http_is_told_since_it_is_not_used(place: Place) -> None:
    place.write(f"endpoints: {{audit: {{url: 'https://example.com/x', secrets: [{SECRET}]}}}}\n")
    place.store(PutEndpoint(now=place.now, endpoint=subscriber(place)))
    finding = place.found()["endpoint.name_taken"]
    assert finding["severity"] == "error"
    assert "audit" in finding["what"]
    assert "hookyard endpoints delete audit" in finding["do"]


def test_an_endpoint_that_nothing_arrives_at_is_told_with_since_when(place: Place) -> None:
    since = place.now - 5 * MINUTE
    place.store(PutEndpoint(now=place.now, endpoint=subscriber(place, failing_since=since)))
    found = place.found()
    assert found.keys() == {"endpoint.failing", *USUAL}
    assert f"nothing arrives at the endpoint audit since {rfc3339(since)}" in found["endpoint.failing"]["what"]


def test_deliveries_that_are_long_due_are_told_unless_their_endpoint_is_disabled(place: Place) -> None:
    due = place.now - 30 * MINUTE
    off = subscriber(place, "off", disabled_at=due, disabled_reason="user")
    place.store(
        PutEndpoint(now=place.now, endpoint=subscriber(place)),
        PutEndpoint(now=place.now, endpoint=off),
        deliveries(place, "audit", "audit", "off", age=30 * MINUTE, next_at=due),
    )
    found = place.found()
    assert found.keys() == {"endpoint.backlog", "endpoint.disabled", *USUAL}
    assert found["endpoint.backlog"]["what"].startswith("2 deliveries to the endpoint audit are due")


def test_secrets_that_are_over_are_told_wherever_they_are_kept(place: Place) -> None:
    over = "{value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, until: '2020-01-01T00:00:00Z'}"
    lasting = f"whsec_{'b' * 32}"
    place.store()
    place.write(f"endpoints: {{ops: {{url: 'https://example.com/x', secrets: [{over}, {lasting}]}}}}\n")
    assert "of the endpoint ops 1 secret is past" in place.found()["endpoint.secret_over"]["what"]
    place.write("")
    secrets = (KeptSecret(value=lasting), KeptSecret(value=lasting, until=place.now - 1))
    row = with_private(subscriber(place), Private(secrets=secrets), Keyring())
    place.store(PutEndpoint(now=place.now, endpoint=row))
    told = place.found()["endpoint.secret_over"]
    assert (told["severity"], lasting in told["what"]) == ("info", False)
    assert "of the endpoint audit 1 secret is past" in told["what"]


def test_what_waits_for_a_disabled_endpoint_is_counted_with_since_when(place: Place) -> None:
    off = subscriber(place, disabled_at=place.now - DAY, disabled_reason="user")
    place.store(PutEndpoint(now=place.now, endpoint=off), deliveries(place, "audit", "audit", age=2 * HOUR))
    what = place.found()["endpoint.disabled"]["what"]
    assert what.endswith(f"somebody disabled it; 2 deliveries wait, the oldest since {rfc3339(place.now - 2 * HOUR)}")


def test_an_endpoint_that_the_settings_forbid_is_an_error_with_its_problem(place: Place) -> None:
    row = subscriber(place, spec=b'{"url":"https://example.com:8443/x"}', failing_since=place.now - HOUR)
    place.store(PutEndpoint(now=place.now, endpoint=row), deliveries(place, "audit", age=2 * HOUR))
    found = place.found()
    assert found.keys() == {"endpoint.faulty", *USUAL}, "that nothing arrives is no news then"
    faulty = found["endpoint.faulty"]
    assert faulty["severity"] == "error"
    assert "audit cannot be used: url: the URL has port 8443" in faulty["what"]
    assert f"; 1 delivery waits, since {rfc3339(place.now - 2 * HOUR)}" in faulty["what"]
    place.write("outbound: {allow_ports: [443, 8443]}\n")
    assert "endpoint.faulty" not in place.found()


def test_an_endpoint_that_this_version_cannot_read_is_an_error(place: Place) -> None:
    place.store(PutEndpoint(now=place.now, endpoint=subscriber(place, spec=b'{"url":7}')))
    assert "audit cannot be used: It cannot be read any more" in place.found()["endpoint.faulty"]["what"]


def test_one_that_is_off_by_its_settings_is_told_only_while_something_waits_for_it(place: Place) -> None:
    off = subscriber(place, spec=b'{"url":"https://example.com:8443/x","enabled":false}')
    place.store(PutEndpoint(now=place.now, endpoint=off))
    assert place.found().keys() == set(USUAL)
    place.store(deliveries(place, "audit", age=2 * HOUR))
    found = place.found()
    assert found.keys() == {"endpoint.off", *USUAL}
    assert found["endpoint.off"]["severity"] == "info"


def test_of_one_that_fails_the_last_error_the_backlog_and_its_end_are_told(place: Place) -> None:
    since = place.now - HOUR
    failing = subscriber(place, spec=b'{"url":"https://example.com/x","disable_after":"3h"}', failing_since=since)
    waiting = deliveries(place, "audit", "audit", age=2 * HOUR, order_key="k", last_error="http_503")
    place.store(PutEndpoint(now=place.now, endpoint=failing), waiting)
    what = place.found()["endpoint.failing"]["what"]
    assert f"since {rfc3339(since)}: http_503; 2 deliveries wait (1 of them for an earlier one of their order)" in what
    assert what.endswith(f"it is disabled at {rfc3339(since + 3 * HOUR)} if that goes on")
    never = replace(failing, spec=b'{"url":"https://example.com/x","disable_after":"0s"}')
    place.store(PutEndpoint(now=place.now, endpoint=never))
    assert place.found()["endpoint.failing"]["what"].endswith("it is never disabled")


def test_the_end_of_one_of_the_configuration_is_that_of_the_file_and_not_that_of_its_row(place: Place) -> None:
    since = place.now - HOUR
    said = f"url: 'https://example.com/x', disable_after: 5h, secrets: [{SECRET}]"
    place.write(f"endpoints: {{audit: {{{said}}}}}\n")
    row = subscriber(place, origin="config", private=b"{}", failing_since=since)
    place.store(PutEndpoint(now=place.now, endpoint=row))
    assert rfc3339(since + 5 * HOUR) in place.found()["endpoint.failing"]["what"]


def test_what_waits_for_more_than_an_hour_for_one_that_is_well_is_told(place: Place) -> None:
    well = PutEndpoint(now=place.now, endpoint=subscriber(place))
    place.store(well, deliveries(place, "audit", None, age=HOUR - MINUTE))
    assert place.found().keys() == set(USUAL)
    place.store(deliveries(place, "audit", age=HOUR + MINUTE))
    backlog = place.found()["endpoint.backlog"]
    assert backlog["what"].startswith("the endpoint audit is behind; 2 deliveries wait, the oldest since")
    assert "hookyard endpoints stats audit" in backlog["do"]


def test_callback_urls_that_are_behind_are_told(place: Place) -> None:
    place.store(deliveries(place, None, age=2 * HOUR))
    backlog = place.found()["endpoint.backlog"]
    assert backlog["what"].startswith("callback URLs are behind; 1 delivery waits, since")
    assert "hookyard deliveries list --status open" in backlog["do"]


def test_dead_letters_of_the_last_week_are_counted_with_the_command_that_sends_them_again(place: Place) -> None:
    well = PutEndpoint(now=place.now, endpoint=subscriber(place))
    place.store(well, dead(place, "audit", age=8 * DAY))
    assert place.found().keys() == set(USUAL)
    place.store(dead(place, "audit", "audit", age=DAY))
    found = place.found()["endpoint.dead"]
    assert found["what"].startswith(
        "2 deliveries to the endpoint audit that were made in the last week failed for good"
    )
    assert found["what"].endswith("the last error: http_500")
    assert found["do"].endswith("hookyard endpoints recover audit --since 7d")
    place.store(dead(place, None, age=2 * DAY))
    assert "hookyard deliveries recover --callback '*' --since 7d" in place.found()["endpoint.dead"]["do"], (
        "of callback URLs, told last"
    )


def test_the_deliveries_of_an_earlier_endpoint_of_the_same_name_are_not_counted(place: Place) -> None:
    well = PutEndpoint(now=place.now, endpoint=subscriber(place, epoch=2))
    place.store(well, dead(place, "audit", age=DAY), deliveries(place, "audit", age=2 * HOUR))
    assert place.found().keys() == set(USUAL)


def test_what_waits_for_an_endpoint_that_is_gone_is_told_once_and_what_failed_for_good_is_not(place: Place) -> None:
    due = place.now - 30 * MINUTE
    place.store(deliveries(place, "former", age=2 * HOUR, next_at=due), dead(place, "older", age=HOUR))
    found = place.found()
    assert found.keys() == {"endpoint.gone", "server.stopped"}
    since = rfc3339(place.now - 2 * HOUR)
    assert found["endpoint.gone"]["what"] == f"there is no endpoint former any more; 1 delivery waits, since {since}"


def test_one_delivery_is_told_of_as_one(place: Place) -> None:
    due = place.now - 30 * MINUTE
    place.store(
        PutEndpoint(now=place.now, endpoint=subscriber(place)),
        deliveries(place, "audit", age=HOUR, next_at=due, attempt=3, last_error="http_503"),
    )
    found = place.found()
    assert found["endpoint.backlog"]["what"] == f"1 delivery to the endpoint audit is due, since {rfc3339(due)}"
    failing = "1 delivery to the endpoint audit has failed several times: http_503"
    assert found["endpoint.failing"]["what"] == failing
