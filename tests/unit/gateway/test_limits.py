"""How often callers may come, and who they are behind proxies."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateway.lab import CI, JSON, NOBODY, READER, House, Reply, bearer, config_of, house_of, run

from hookyard.config.model import Config, LimitSettings, Server
from hookyard.config.values import Rate
from hookyard.errors import Refused
from hookyard.gateway.limits import MOST, Limiter, Limits, address, kind_of
from hookyard.gateway.proxies import Proxies
from hookyard.store.contract import JobQuery
from hookyard.testing import FakeClock

MINUTE = 60_000


def limiter(count: int = 3, per: int = MINUTE) -> tuple[Limiter, FakeClock]:
    clock = FakeClock()
    return Limiter("reads", Rate(count, per), clock.now), clock


def test_a_whole_count_may_come_at_once_and_the_next_has_to_wait_for_its_turn() -> None:
    limit, clock = limiter()
    assert [limit.take("a")[:2] for _ in range(3)] == [(2, 20), (1, 40), (0, 60)]
    assert limit.take("a") == (0, 60, 20)
    assert limit.take("b").wait == 0
    clock.advance(19_999)
    assert limit.take("a").wait == 1
    clock.advance(1)
    assert limit.take("a") == (0, 60, 0)
    clock.advance(MINUTE)
    assert limit.take("a").remaining == 2


def test_a_clock_that_goes_back_shuts_nobody_out() -> None:
    limit, clock = limiter()
    clock.advance(10 * MINUTE)
    limit.take("a")
    clock.advance(-9 * MINUTE)
    assert limit.take("a").wait <= 20


def test_the_fields_say_how_the_caller_stands() -> None:
    limit, _ = limiter(100)
    fields = dict(limit.fields(limit.take("a")))
    assert fields == {b"ratelimit-policy": b'"reads";q=100;w=60', b"ratelimit": b'"reads";r=99;t=1'}


@given(
    st.integers(1, 20),
    st.integers(1, 5000),
    st.lists(st.integers(0, 3000), max_size=80),
)
def test_in_no_stretch_of_time_more_than_twice_the_count_and_over_long_no_more_than_the_rate(
    count: int, per: int, steps: list[int]
) -> None:
    limit, clock = limiter(count, per)
    begin, taken = clock.now(), list[int]()
    for step in steps:
        clock.advance(step)
        standing = limit.take("a")
        assert 0 <= standing.remaining < count
        if not standing.wait:
            taken.append(clock.now())
    for at in taken:
        assert sum(at <= one < at + per for one in taken) <= 2 * count
    elapsed = clock.now() - begin
    assert len(taken) <= count + elapsed * count / per + 1e-6


def test_callers_that_are_remembered_are_bounded() -> None:
    limit, _ = limiter()
    for number in range(MOST + 10):
        limit.take(str(number))
    assert limit.known <= MOST


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not:an:address", "not:an:address", True),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (address(one) == address(other)) is same


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/api/v1/jobs/1", "reads"),
        ("HEAD", "/job/1", "reads"),
        ("POST", "/trigger/a/b", "triggers"),
        ("POST", "/api/v1/jobs", "triggers"),
        ("POST", "/api/v1/jobs/bulk", "triggers"),
        ("POST", "/api/v1/jobs/1/cancel", "changes"),
        ("DELETE", "/api/v1/jobs/1", "changes"),
        ("POST", "/api/v1/work/claim", "work"),
        ("POST", "/api/v1/work/claim/", "work"),
        ("PUT", "/api/v1/work/1/artifacts/a.txt", "work"),
        ("POST", "/api/v1/work/extend", None),
        ("POST", "/api/v1/work/complete", None),
        ("POST", "/api/v1/work/fail", None),
        ("POST", "/api/v1/work/release", None),
        ("GET", "/api/v1/workers", "reads"),
    ],
)
def test_requests_are_of_four_kinds_and_what_a_worker_says_of_its_job_is_of_none(
    method: str, path: str, kind: str | None
) -> None:
    assert kind_of(method, path) == kind


def test_a_limit_that_has_not_changed_goes_on_counting_over_a_reload() -> None:
    clock = FakeClock()
    limits = Limits(LimitSettings(reads=Rate(1, MINUTE)), clock.now)
    limits.count("a", "reads")
    limits.use(LimitSettings(reads=Rate(1, MINUTE), changes=Rate(1, MINUTE)))
    with pytest.raises(Refused):
        limits.count("a", "reads")
    limits.use(LimitSettings(reads=Rate(2, MINUTE)))
    limits.count("a", "reads")


# --- over HTTP --------------------------------------------------------------------------------------------------


def limited(*, lean: bool = True, server: Server | None = None, **rates: Rate | None) -> House:
    made = config_of()
    config = Config(
        tokens=made.tokens,
        sources=made.sources,
        outbound=made.outbound,
        server=server or made.server,
        limits=LimitSettings(**rates),
    )
    return house_of(config, lean=lean)


@pytest.mark.parametrize("lean", [True, False])
def test_a_principal_that_triggers_too_often_is_told_when_to_come_again(lean: bool) -> None:
    house = limited(lean=lean, triggers=Rate(2, MINUTE))
    replies = [house.trigger(b'{"payload": {"name": "Ada"}}') for _ in range(3)]
    assert [reply.status for reply in replies] == [202, 202, 429]
    assert [reply["ratelimit"] for reply in replies] == [
        f'"triggers";r={left};t={t}' for left, t in ((1, 30), (0, 60), (0, 60))
    ]
    assert {reply["ratelimit-policy"] for reply in replies} == {'"triggers";q=2;w=60'}
    assert (replies[2].code, replies[2]["retry-after"]) == ("rate_limited", "30")
    assert house.get("/api/v1/jobs", READER).status == 200
    house.clock.advance(30_000)
    assert house.trigger(b'{"payload": {"name": "Ada"}}').status == 202


def bulk_of(house: House, jobs: int) -> Reply:
    body = json.dumps({"jobs": [{"plugin": "hello", "command": "greet", "payload": {"name": "Ada"}}] * jobs}).encode()
    return house.call("POST", "/api/v1/jobs/bulk", [JSON, bearer(CI)], body)


def test_a_bulk_counts_once_for_each_of_its_jobs_and_all_of_it_or_nothing_is_made() -> None:
    house = limited(triggers=Rate(5, MINUTE))
    assert (first := bulk_of(house, 3)).status == 200
    assert first["ratelimit"] == '"triggers";r=2;t=36'
    refused = bulk_of(house, 3)
    assert (refused.status, refused.code, refused["retry-after"]) == (429, "rate_limited", "12")
    assert refused["ratelimit"] == '"triggers";r=2;t=36'
    assert len(run(house.store.jobs(JobQuery())).jobs) == 3
    house.clock.advance(12_000)
    assert bulk_of(house, 3).status == 200
    assert house.trigger(b'{"payload": {"name": "Ada"}}').status == 429


def test_a_whole_count_may_come_in_one_bulk_and_more_never_may() -> None:
    house = limited(triggers=Rate(5, MINUTE))
    reply = bulk_of(house, 6)
    assert (reply.status, reply.code, reply.json["path"]) == (400, "invalid_input", "$.jobs")
    assert "limits.triggers allows 5" in reply.json["detail"]
    house.clock.advance(MINUTE)
    assert bulk_of(house, 5)["ratelimit"] == '"triggers";r=0;t=60'


def test_reads_are_counted_once_a_request_and_apart_from_others() -> None:
    house = limited(reads=Rate(2, MINUTE))
    assert [house.get("/api/v1/jobs", READER).status for _ in range(3)] == [200, 200, 429]
    assert house.get("/api/v1/jobs", CI).status in {200, 403}
    assert house.trigger(b'{"payload": {"name": "Ada"}}').status == 202


def test_an_address_without_a_good_credential_is_shut_out_and_with_one_it_is_not() -> None:
    house = limited(failures=Rate(2, MINUTE))
    replies = [house.get("/api/v1/jobs", "wrong") for _ in range(3)]
    assert [reply.status for reply in replies] == [401, 401, 429]
    assert replies[2]["retry-after"] == "30"
    assert (replies[2]["ratelimit-policy"], replies[2]["ratelimit"]) == ('"failures";q=2;w=60', '"failures";r=0;t=60')
    assert house.get("/api/v1/jobs", READER).status == 200
    assert house.get("/api/v1/jobs", NOBODY).status == 403


@pytest.mark.parametrize("lean", [True, False])
def test_an_address_that_comes_too_often_is_turned_away_before_anything_is_looked_at(lean: bool) -> None:
    house = limited(lean=lean, peer=Rate(2, MINUTE))
    assert [house.trigger(b'{"payload": {"name": "Ada"}}').status for _ in range(3)] == [202, 202, 429]
    turned = house.get("/healthz")
    assert (turned.status, turned.code) == (429, "rate_limited")
    assert turned["x-request-id"]
    assert (turned["ratelimit-policy"], turned["ratelimit"]) == ('"peer";q=2;w=60', '"peer";r=0;t=60')
    assert turned["content-type"] == "application/problem+json"


def test_behind_a_trusted_proxy_each_caller_has_a_limit_of_its_own() -> None:
    # The lab's requests come from 192.0.2.1.
    house = limited(peer=Rate(1, MINUTE), server=Server(trusted_proxies=("192.0.2.1/32", "10.0.0.0/8")))

    def come(forwarded: bytes) -> int:
        return house.call("GET", "/healthz", [(b"x-forwarded-for", forwarded)]).status

    assert [come(b"198.51.100.1"), come(b"198.51.100.2"), come(b"198.51.100.1")] == [200, 200, 429]
    assert come(b"198.51.100.77, 198.51.100.1, 10.1.2.3") == 429  # what stands before is the caller's own word
    assert come(b"198.51.100.9:4711") == 200


def test_without_trusted_proxies_the_header_means_nothing() -> None:
    house = limited(peer=Rate(1, MINUTE))
    replies = [house.call("GET", "/healthz", [(b"x-forwarded-for", b"192.0.2.%d" % at)]).status for at in range(2)]
    assert replies == [200, 429]


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [b"192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", [b"192.0.2.1, 192.0.2.2"], "192.0.2.2"),
        ("10.0.0.1", [b"192.0.2.1", b"10.0.0.7"], "192.0.2.1"),
        ("10.0.0.1", [b"10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ("10.0.0.1", [b"nonsense"], "10.0.0.1"),
        ("10.0.0.1", [b"192.0.2.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [b"192.0.2.1,"], "10.0.0.1"),
        ("10.0.0.1", [b"[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", [b"2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", [b"::ffff:192.0.2.1"], "192.0.2.1"),
        ("192.0.2.5", [b"192.0.2.1"], "192.0.2.5"),
        ("::ffff:10.0.0.1", [b"192.0.2.1"], "192.0.2.1"),
    ],
)
def test_only_the_words_of_trusted_proxies_are_taken(client: str, forwarded: list[bytes], expected: str) -> None:
    scope = {"client": (client, 1), "headers": [(b"x-forwarded-for", value) for value in forwarded]}
    Proxies(["10.0.0.0/8"]).reveal(scope)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    found, _ = scope["client"]
    assert found == expected


def test_a_socket_without_a_peer_has_none() -> None:
    scope = {"client": None, "headers": [(b"x-forwarded-for", b"192.0.2.1")]}
    Proxies(["10.0.0.0/8"]).reveal(scope)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert scope["client"] is None


def test_a_caller_without_credentials_has_no_fields() -> None:
    house = limited(reads=Rate(2, MINUTE))
    assert b"ratelimit" not in dict(house.call("GET", "/healthz", [bearer(READER)]).headers)
