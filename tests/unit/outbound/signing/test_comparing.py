"""What two receivers of one event can compare, as the page about signatures says."""

import json
from pathlib import Path
from typing import Any

from tests.unit.gateway.endpoints.hall import Hall, in_hall


def test_two_receivers_of_one_event_get_ids_of_their_own_and_something_that_is_the_same(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for name in ("one", "two"):
            await call.make(name, envelope="cloudevents", events=["job.succeeded", "job.started", "greeting.said"])
        job = await call.run("hello/emit")
        await call.settled("", 6)
        got: dict[str, list[dict[str, Any]]] = {}
        for request in call.receiver.requests:
            event = json.loads(request.body)
            got.setdefault(event["type"], []).append(event)
            assert request.headers["webhook-id"] == event["id"]
        assert {kind: len(events) for kind, events in got.items()} == {
            "job.started": 2,
            "job.succeeded": 2,
            "greeting.said": 2,
        }
        for first, second in got.values():
            assert first["id"] != second["id"]
            assert (first["subject"], second["subject"]) == (job, job)
            assert first["time"] == second["time"]
        first, second = got["greeting.said"]
        assert first["data"]["event_id"] == second["data"]["event_id"]
        assert "event_id" not in got["job.succeeded"][0]["data"]

    in_hall(tmp_path, work)
