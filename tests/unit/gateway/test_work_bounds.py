"""How much a worker may say of a job, and what becomes of more."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.gateway.work_lab import ADMIN, CONFIG, OTHER, run, yard

from hookyard.dispatch.bounds import LARGEST_DETAILS, LONGEST_MESSAGE
from hookyard.gateway.work.bodies import LARGEST_ITEM

HUGE = "x" * (1 << 20)


def test_data_of_an_item_that_is_too_large_is_refused_with_its_place_and_nothing_of_it_kept(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            fits, too_much = "x" * (LARGEST_ITEM - 2), "x" * (LARGEST_ITEM - 1)
            items = [{"name": "a", "status": "done", "data": fits}, {"name": "b", "status": "done", "data": too_much}]
            refused = await house.call("extend", job, items=items)
            assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
            assert (refused.json()["path"], refused.json()["limit"]) == ("$.items[1].data", LARGEST_ITEM)
            assert (await house.get(f"/api/v1/jobs/{job_id}/items"))["items"] == []
            assert (await house.call("extend", job, items=items[:1])).status_code == 200
            assert [one["name"] for one in (await house.get(f"/api/v1/jobs/{job_id}/items"))["items"]] == ["a"]

    run(go())


def test_what_is_too_large_of_an_items_error_is_left_out(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            error = {"code": "bad", "message": HUGE, "details": {"all": HUGE}}
            told = await house.call("extend", job, items=[{"name": "a", "status": "failed", "error": error}])
            assert told.status_code == 200
            [item] = (await house.get(f"/api/v1/jobs/{job_id}/items"))["items"]
            assert (item["error"]["code"], item["error"]["details"]) == ("bad", {"dropped": "too large"})
            assert len(item["error"]["message"]) == LONGEST_MESSAGE

    run(go())


def test_details_of_a_failure_that_are_too_large_leave_a_note_in_their_place(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            found: dict[str, Any] = {}
            for length in (100, LARGEST_DETAILS):
                job_id = await house.trigger()
                [job] = await house.claim()
                error = {"code": "bad", "message": "It is.", "retryable": False, "details": {"all": "x" * length}}
                assert (await house.call("fail", job, error=error)).status_code == 200
                found[str(length)] = (await house.job(job_id))["error"]["details"]
            assert found == {"100": {"all": "x" * 100}, str(LARGEST_DETAILS): {"dropped": "too large"}}
            page = await house.client.get("/api/v1/jobs?limit=50", headers={"authorization": f"Bearer {ADMIN}"})
            assert len(page.content) < LARGEST_DETAILS

    run(go())


@pytest.mark.parametrize("name", ["w\n", "w\r", "w\n\n", ""])
def test_the_name_of_a_worker_has_no_line_ends(tmp_path: Path, name: str) -> None:
    async def go() -> None:
        async with yard(tmp_path, CONFIG) as house:
            refused = await house.ask(worker=name)
            assert (refused.status_code, refused.json()["path"]) == (400, "$.worker")
            await house.trigger("other/thing")
            [job] = await house.claim(OTHER, lanes=["other/*"])
            late = await house.call("extend", {**job, "lease": job["lease"] + "\n"}, OTHER)
            assert (late.status_code, late.json()["path"]) == (400, "$.lease")
            token = {"name": "t\n", "scopes": ["jobs:read"]}
            refused = await house.post("/api/v1/tokens", token)
            assert (refused.status_code, refused.json()["path"]) == (400, "$.name")

    run(go())
