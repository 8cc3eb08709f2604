"""Whoever waits for an answer while its token is revoked or expires gets nothing more."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.unit.gateway.lab import ADMIN, JSON, Headers, bearer, house_of
from tests.unit.gateway.test_job_life import Reader, finish, names, told
from tests.unit.gateway.test_jobs import claim, made
from tests.unit.gateway.work_lab import WORKER, run, yard


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_waiting_worker_whose_token_is_over_gets_no_job_and_the_job_waits_for_another(
    tmp_path: Path, end: str
) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            wanted = {"name": "late", "scopes": ["work:*"]} | ({"expires_in": 5} if end == "expired" else {})
            token = (await house.post("/api/v1/tokens", wanted)).json()
            claiming = asyncio.create_task(house.ask(token["token"], wait=30))
            await house.waiting(1)
            if end == "expired":
                house.clock.advance(5_000)
            else:
                path = f"/api/v1/tokens/{token['id']}"
                admin = {"authorization": f"Bearer {ADMIN}"}
                assert (await house.client.delete(path, headers=admin)).status_code == 204
            job_id = await house.trigger()
            refused = await claiming
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
            await house.until(job_id, "queued")
            [job] = await house.claim(WORKER, wait=30)
            assert (job["job_id"], job["attempt"]) == (job_id, 1)

    run(go())


def test_a_stream_whose_token_is_revoked_tells_nothing_more() -> None:
    house = house_of()
    made(house)
    job = claim(house)

    async def go() -> None:
        headers: Headers = [JSON, bearer(ADMIN)]
        wanted = json.dumps({"name": "late", "scopes": ["jobs:read"]}).encode()
        token = (await house.acall("POST", "/api/v1/tokens", headers, wanted)).json
        reader = Reader(house, job.id, token=token["token"])
        await reader.until(2)
        assert (await house.acall("DELETE", f"/api/v1/tokens/{token['id']}", headers)).status == 204
        finish(house, job)
        house.dispatcher.tell(job.id)
        await asyncio.wait_for(reader.task, 20)
        assert names(told(reader.body)) == ["queued", "started"]

    asyncio.run(go())
