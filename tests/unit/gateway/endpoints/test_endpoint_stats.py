"""How an endpoint has been lately, and is now."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from tests.unit.gateway.endpoints.hall import READER, Hall, in_hall, refused

from hookyard.gateway.endpoints.stats import latency_of
from hookyard.model import EndpointAttempt
from hookyard.testing.receiver import answering, ok


def tried(duration: int, status: int | None = 200, error: str | None = None) -> EndpointAttempt:
    return EndpointAttempt(
        delivery_id="d", event="e", number=1, started_at=0, duration=duration, status=status, error=error
    )


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=300))
def test_a_percentile_is_the_least_time_in_which_so_many_attempts_were_done(durations: list[int]) -> None:
    found = latency_of([tried(each) for each in durations])
    assert found is not UNSET
    for percent, value in ((50, found.p50), (90, found.p90), (99, found.p99), (100, found.max)):
        assert value in durations
        assert sum(each <= value for each in durations) * 100 >= percent * len(durations)
        assert sum(each < value for each in durations) * 100 < percent * len(durations)


def test_what_never_reached_the_receiver_says_nothing_of_how_fast_it_is() -> None:
    assert latency_of([]) is UNSET
    assert latency_of([tried(1, None, "dns"), tried(2, None, "connect")]) is UNSET
    found = latency_of([tried(1, None, "dns"), tried(15_000, None, "timeout"), tried(20)])
    assert found is not UNSET
    assert (found.p50, found.max) == (20, 15_000)


def test_an_endpoint_that_was_never_sent_to_has_nothing_to_show(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit")
        assert (await call("GET", "/endpoints/audit/stats", None, READER)).json() == {
            "name": "audit",
            "state": "live",
            "attempts": 0,
            "delivered": 0,
            "failed": 0,
            "backlog": {"pending": 0, "held": 0, "sending": 0, "failed": 0, "oldest_at": None},
            "line": {"active": 0, "waiting": 0, "breaker": "closed"},
        }
        assert refused(await call("GET", "/endpoints/nope/stats"))[:2] == (404, "not_found")
        assert refused(await call("GET", "/endpoints/audit/stats?more=1"))[:2] == (400, "invalid_request")

    in_hall(tmp_path, work)


def test_what_arrived_and_what_did_not_is_counted_and_the_last_error_says_where_to_look(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"])
        for _ in range(3):
            await call.run()
        await call.settled("endpoint=audit", 3)
        call.receiver.handler = answering(503, b"later")
        call.clock.advance(1000)
        await call.run()

        async def failed() -> bool:
            return bool(await call.deliveries("endpoint=audit&error=http_503"))

        await call.until(failed)
        [late] = await call.deliveries("endpoint=audit&error=http_503")
        stats = (await call("GET", "/endpoints/audit/stats")).json()
        assert (stats["attempts"], stats["delivered"], stats["failed"]) == (4, 3, 1)
        assert stats["success_rate"] == 0.75
        assert stats["last_success_at"] == stats["since"] == "2026-05-01T00:00:00.000Z"
        assert stats["last_error"] == {
            "at": "2026-05-01T00:00:01.000Z",
            "status": 503,
            "error": "http_503",
            "event": "job.succeeded",
            "delivery_id": late["id"],
        }
        assert stats["backlog"] == {
            "pending": 1,
            "held": 0,
            "sending": 0,
            "failed": 0,
            "oldest_at": "2026-05-01T00:00:01.000Z",
        }
        assert stats["failing_since"] == "2026-05-01T00:00:01.000Z"
        assert set(stats["latency"]) == {"p50", "p90", "p99", "max"}
        failing = (await call("GET", "/endpoints?failing=true")).json()["endpoints"]
        assert [one["name"] for one in failing] == ["audit"]

    in_hall(tmp_path, work, ok)


def test_the_last_error_is_the_last_by_time_and_of_an_attempt_that_was_really_made(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["job.succeeded"], schedule=["0s", "1h"], breaker="off")

        async def lost(count: int, error: str) -> dict[str, Any]:
            found: list[dict[str, Any]] = []

            async def there() -> bool:
                found[:] = await call.deliveries(f"endpoint=audit&error={error}")
                return len(found) == count

            await call.until(there)
            return found[0]

        async def told() -> tuple[int, str, str, str]:
            stats = (await call("GET", "/endpoints/audit/stats")).json()
            last = stats["last_error"]
            return stats["attempts"], last["error"], last["delivery_id"], last["at"]

        call.receiver.handler = answering(503)
        await call.run()
        await call.run()
        old = (await call.deliveries("endpoint=audit"))[1]
        await lost(2, "http_503")
        call.clock.advance(1000)
        call.receiver.handler = answering(410)
        await call("POST", f"/deliveries/{old['id']}/resend")
        await lost(1, "gone")
        assert await told() == (3, "gone", old["id"], "2026-05-01T00:00:01.000Z")
        call.clock.advance(2 * 3_600_000)
        await lost(1, "endpoint_disabled")
        assert await told() == (3, "gone", old["id"], "2026-05-01T00:00:01.000Z")

    in_hall(tmp_path, work)


def test_a_filter_that_fails_is_told_of_every_endpoint_that_has_it_with_how_often(tmp_path: Path) -> None:
    """Nothing was sent to them, and nothing else would say why: the rest of what is shown is that of one at rest."""

    async def work(call: Hall) -> None:
        for name in ("audit", "backup"):
            await call.make(name, events=["job.succeeded"], **{"if": "data.result.amount > 5"})
        await call.make("plain", events=["job.succeeded"], **{"if": "has(data.result.amount)"})
        await call.run()
        await call.run()
        for name in ("audit", "backup"):
            stats = (await call("GET", f"/endpoints/{name}/stats")).json()
            assert stats["state"] == "live"
            assert stats["warning"].startswith("its `if` failed for 2 events, which it was not told of; the last time:")
            assert "use has(...)" in stats["warning"]
            assert (await call("GET", f"/endpoints/{name}")).json()["warning"] == stats["warning"]
        assert "warning" not in (await call("GET", "/endpoints/plain/stats")).json(), "its filter says no"

    in_hall(tmp_path, work)


def test_the_statistics_of_a_faulty_endpoint_say_what_its_problem_is(tmp_path: Path) -> None:
    async def make(call: Hall) -> None:
        await call.make("audit")

    async def look(call: Hall) -> None:
        stats = (await call("GET", "/endpoints/audit/stats")).json()
        assert (stats["state"], "http" in stats["problem"]) == ("faulty", True)
        assert stats["problem"] == (await call("GET", "/endpoints/audit")).json()["problem"]

    in_hall(tmp_path, make)
    in_hall(tmp_path, look, outbound={"allow_http": False}, endpoints={})
