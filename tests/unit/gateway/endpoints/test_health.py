"""How all endpoints are together: in `GET /api/v1/health`, and in the log when a server starts."""

from pathlib import Path
from typing import Any

from structlog.testing import capture_logs
from tests.unit.gateway.endpoints.hall import Hall, in_hall

from hookyard.testing.receiver import answering

NONE = {
    "live": 1,
    "off": 0,
    "disabled": 0,
    "faulty": 0,
    "failing": 0,
    "failing_since": None,
    "breakers_open": 0,
    "dead_letters": 0,
    "to_mend": 0,
}
"""Only that of the configuration."""


async def counts(call: Hall) -> dict[str, Any]:
    whole = (await call("GET", "/health")).json()
    assert whole["status"] == "ok", "the receivers of others are no fault of the server"
    found: dict[str, Any] = whole["endpoints"]
    return found


def test_endpoints_are_counted_by_how_they_are(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        assert await counts(call) == NONE
        await call.make("off", enabled=False)
        await call.make("stopped")
        await call("POST", "/endpoints/stopped/disable")
        await call.make("filtered", events=["job.succeeded"], **{"if": "data.result.nothing > 1"})
        breaker = {"failures": 1, "cooldown": "1m", "longest": "1m"}
        await call.make("away", events=["job.succeeded"], breaker=breaker)
        await call.run()

        async def failed() -> bool:
            return bool((await counts(call))["breakers_open"] == 1)

        await call.until(failed)
        found = await counts(call)
        assert found.pop("failing_since") == (await call("GET", "/endpoints/away")).json()["failing_since"]
        wanted = {**NONE, "live": 3, "off": 1, "disabled": 1, "failing": 1, "breakers_open": 1, "to_mend": 1}
        del wanted["failing_since"]
        assert found == wanted

    in_hall(tmp_path, work, answering(503))


def test_the_log_says_at_the_start_how_endpoints_are_and_what_waits_for_them(tmp_path: Path) -> None:
    async def leave(call: Hall) -> None:
        await call.make("stopped", events=["job.succeeded"])
        await call.make("faulty", events=["job.succeeded"], url=f"http://localhost:{call.receiver.port}/")
        await call.run()
        await call.settled("status=pending", 2, "pending")
        await call("POST", "/endpoints/stopped/disable")

    async def said(call: Hall) -> None:
        async def there() -> bool:
            return any(line["event"] == "endpoints.listed" for line in lines)

        await call.until(there)
        assert (await counts(call))["faulty"] == 1

    in_hall(tmp_path, leave, answering(503))
    with capture_logs() as lines:
        in_hall(tmp_path, said, outbound={"allow_http": False}, endpoints={})
    (line,) = [line for line in lines if line["event"] == "endpoints.listed"]
    members = ("log_level", "live", "off", "disabled", "faulty", "failing", "waiting")
    assert [line[member] for member in members] == ["warning", 0, 0, 1, 1, 0, 2]
    assert line["oldest"] == "2026-05-01T00:00:00.000Z"


def test_a_server_that_stops_as_soon_as_it_has_started_counts_no_further_and_says_nothing_of_it(
    tmp_path: Path,
) -> None:
    async def fill(call: Hall) -> None:
        for number in range(100):
            await call.make(f"e{number}")

    async def nothing(call: Hall) -> None:
        del call

    in_hall(tmp_path, fill)
    with capture_logs() as lines:
        in_hall(tmp_path, nothing)
    unwanted = {"endpoints.listed", "store.unavailable", "store.unreadable"}
    assert not [line for line in lines if line["event"] in unwanted]


def test_a_server_without_endpoints_says_nothing_of_them(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        assert (await counts(call))["live"] == 0

    with capture_logs() as lines:
        in_hall(tmp_path, work, endpoints={})
    assert not [line for line in lines if line["event"] == "endpoints.listed"]
