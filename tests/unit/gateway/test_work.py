"""Jobs in the hands of external workers, over HTTP."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gateway.work_lab import ADMIN, CONFIG, DONE, IMAGE, OTHER, TENANT, WORKER, claim_and_leave, run, yard

from hookyard.testing import FakeClock


def problem(answer: Any) -> tuple[int, str]:  # noqa: ANN401  an answer
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def test_a_worker_claims_a_job_and_completes_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger(payload={"prompt": "a cat", "model": "m1"}, tags=["a"], max_attempts=2)
            [job] = await house.claim(lease=20)
            assert job["job_id"] == job_id
            assert (job["plugin"], job["command"], job["lane"]) == ("render", "image", "render/image")
            assert (job["attempt"], job["max_attempts"], job["timeout"]) == (1, 2, 600)
            assert (job["payload"], job["affinity"], job["tags"]) == ({"prompt": "a cat", "model": "m1"}, "m1", ["a"])
            assert job["cancel_requested"] is False
            assert job["lease_expires_at"] == "2023-11-14T22:13:40.000Z"
            assert job["deadline"] == "2023-11-14T22:23:20.000Z"
            running = await house.job(job_id)
            assert (running["status"], running["attempt"]) == ("running", 1)
            answer = await house.call("complete", job, result=DONE)
            assert answer.json() == {"job_id": job_id, "status": "succeeded"}
            ended = await house.job(job_id)
            assert (ended["status"], ended["result"]) == ("succeeded", DONE)
            assert [one["outcome"] for one in ended["attempts"]] == ["succeeded"]

    run(go())


def test_nothing_to_do_is_an_empty_list(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            assert await house.claim() == []

    run(go())


def test_affinity_comes_first_then_priority_then_age(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            named = {}
            for name, model, priority in (("old", "a", 0), ("urgent", "a", 9), ("mine", "b", 0), ("mine too", "b", 1)):
                job_id = await house.trigger(payload={"prompt": name, "model": model}, priority=priority)
                named[job_id] = name
            jobs = await house.claim(count=4, affinity=["b", "c"])
            assert [named[job["job_id"]] for job in jobs] == ["mine too", "mine", "urgent", "old"]

    run(go())


def test_a_waiting_claim_is_answered_when_a_job_comes_in(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            claiming = asyncio.create_task(house.claim(wait=30))
            await house.waiting(1)
            job_id = await house.trigger()
            assert [job["job_id"] for job in await claiming] == [job_id]

    run(go())


def test_a_waiting_claim_is_answered_when_a_job_becomes_due(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger(delay=10)
            assert await house.claim() == []
            claiming = asyncio.create_task(house.claim(wait=30))
            await house.waiting(1)
            house.clock.advance(10_000)
            assert [job["job_id"] for job in await claiming] == [job_id]

    run(go())


def test_a_waiting_claim_comes_back_with_nothing_when_its_time_is_up(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            claiming = asyncio.create_task(house.claim(wait=30))
            await house.waiting(1)
            house.clock.advance(30_000)
            assert await claiming == []
            await house.waiting(0)

    run(go())


def test_jobs_go_to_those_who_wait_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            claims: list[asyncio.Task[list[dict[str, Any]]]] = []
            for number in range(5):
                claims.append(asyncio.create_task(house.claim(worker=f"w{number}", wait=30)))
                await house.waiting(number + 1)
            ids = [await house.trigger() for _ in range(5)]
            got = [await claim for claim in claims]
            assert [[job["job_id"] for job in jobs] for jobs in got] == [[job_id] for job_id in ids]

    run(go())


def test_two_workers_never_hold_one_job_and_every_job_is_held_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            ids = {await house.trigger() for _ in range(60)}
            got = await asyncio.gather(
                *(house.claim(worker=f"w{number}", count=2) for number in range(40)),
            )
            held = [job["job_id"] for jobs in got for job in jobs]
            assert len(held) == len(set(held)) == 60
            assert set(held) == ids
            assert len({job["lease"] for jobs in got for job in jobs}) >= 30

    run(go())


def test_a_lanes_limit_holds_over_all_workers_and_is_freed_by_every_end(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            ids = [await house.trigger("render/video", payload={}) for _ in range(6)]
            got = await asyncio.gather(*(house.claim(worker=f"w{number}", count=5) for number in range(4)))
            first, second = [job for jobs in got for job in jobs]
            assert await house.claim() == []
            claiming = asyncio.create_task(house.claim(worker="next", wait=30))
            await house.waiting(1)
            await house.call("complete", first, result=None)
            [third] = await claiming
            assert (await house.call("release", second)).status_code == 200
            [again] = await house.claim(count=9)
            assert again["job_id"] in ids
            assert (await house.post(f"/api/v1/jobs/{third['job_id']}/kill")).status_code < 300
            house.clock.advance(5_000)
            assert len(await house.claim(count=9, wait=10)) == 1

    run(go())


def test_a_paused_lane_gives_out_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            assert (await house.post("/api/v1/lanes/*/pause")).status_code < 300
            assert await house.claim() == []
            claiming = asyncio.create_task(house.claim(wait=30))
            await house.waiting(1)
            assert (await house.post("/api/v1/lanes/*/resume")).status_code < 300
            assert [job["job_id"] for job in await claiming] == [job_id]

    run(go())


def test_a_lanes_rate_holds_for_workers(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path, {**CONFIG, "lanes": {"render/image": {"rate": "2/10s"}}}) as house:
            for _ in range(4):
                await house.trigger()
            assert len(await house.claim(count=4)) == 2
            claiming = asyncio.create_task(house.claim(count=4, wait=30))
            await house.waiting(1)
            house.clock.advance(5_000)
            assert len(await claiming) == 1

    run(go())


def test_a_claim_whose_caller_has_gone_takes_no_job(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            leave = asyncio.Event()
            claiming = asyncio.create_task(claim_and_leave(house, leave))
            await house.waiting(1)
            leave.set()
            await claiming
            await house.waiting(0)
            job_id = await house.trigger()
            [job] = await house.claim()
            assert (job["job_id"], job["attempt"]) == (job_id, 1)

    run(go())


def test_a_job_that_was_given_to_a_caller_who_has_gone_comes_back_uncounted(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            leave = asyncio.Event()
            job_id = await house.trigger()
            leave.set()  # gone before its claim is answered
            await claim_and_leave(house, leave)
            [job] = await house.claim(wait=30)
            assert (job["job_id"], job["attempt"]) == (job_id, 1)

    run(go())


def test_a_heartbeat_moves_the_lease_and_keeps_what_is_told(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim(lease=30)
            house.clock.advance(10_000)
            items = [
                {"name": "1.png", "status": "done", "data": {"bytes": 7}},
                {"name": "2.png", "status": "failed", "error": {"code": "blurred", "message": "It is blurred."}},
            ]
            answer = await house.call(
                "extend",
                job,
                **{"for": 60},
                progress={"done": 2, "total": 5, "message": "two"},
                items=items,
                lines=[{"event": "rendered", "level": "info", "values": {"n": 2}}],
            )
            assert answer.json() == {
                "job_id": job_id,
                "lease_expires_at": "2023-11-14T22:14:30.000Z",
                "deadline": "2023-11-14T22:23:20.000Z",
                "cancel_requested": False,
                "items": {"done": 1, "failed": 1, "total": 5.0},
            }
            again = await house.call("extend", job, items=[{"name": "2.png", "status": "done"}])
            assert again.json()["items"] == {"done": 2, "failed": 0, "total": 5.0}
            assert (await house.call("complete", job, result=DONE)).status_code == 200
            found = await house.job(job_id)
            assert found["progress"]["done"] == 2
            shown = await house.get(f"/api/v1/jobs/{job_id}/items")
            assert [(item["name"], item["status"]) for item in shown["items"]] == [("1.png", "done"), ("2.png", "done")]
            log = await house.get(f"/api/v1/jobs/{job_id}/log")
            assert [line["event"] for line in log["lines"]] == ["rendered"]

    run(go())


def test_a_result_of_another_type_is_refused_with_its_place_and_the_job_stays_held(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            await house.trigger()
            [job] = await house.claim()
            answer = await house.call("complete", job, result={"url": 7})
            assert problem(answer) == (400, "invalid_output")
            assert answer.json()["path"] == "$.result.url"
            assert (await house.call("complete", job, result=DONE)).json()["status"] == "succeeded"

    run(go())


def test_a_failure_goes_by_the_commands_retry_policy(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            error = {"code": "gpu", "message": "Out of memory.", "details": {"free": 3}}
            [job] = await house.claim()
            answer = await house.call("fail", job, error=error)
            assert answer.json() == {
                "job_id": job_id, "status": "queued", "reason": "plugin_error", "run_at": "2023-11-14T22:13:30.000Z"
            }  # fmt: skip
            house.clock.advance(10_000)
            [job] = await house.claim()
            assert job["attempt"] == 2
            answer = await house.call("fail", job, error=error, retry_after=1)
            assert answer.json()["run_at"] == "2023-11-14T22:13:31.000Z"
            house.clock.advance(1_000)
            [job] = await house.claim()
            answer = await house.call("fail", job, error=error)
            assert answer.json() == {"job_id": job_id, "status": "failed", "reason": "attempts_exhausted"}
            ended = await house.job(job_id)
            assert (ended["error"]["code"], ended["error"]["details"]) == ("gpu", {"free": 3})
            assert len(ended["attempts"]) == 3

    run(go())


def test_a_failure_that_is_not_retryable_ends_the_job(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            await house.trigger()
            [job] = await house.claim()
            answer = await house.call("fail", job, error={"code": "no", "message": "No.", "retryable": False})
            assert (answer.json()["status"], answer.json()["reason"]) == ("failed", "not_retryable")

    run(go())


def test_a_released_job_is_due_again_and_its_attempt_is_not_counted(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            assert (await house.call("release", job)).json()["status"] == "queued"
            [job] = await house.claim()
            assert (job["job_id"], job["attempt"]) == (job_id, 1)
            assert (await house.call("release", job, after=60)).json()["reason"] == "retry_later"
            assert await house.claim() == []
            house.clock.advance(60_000)
            [job] = await house.claim()
            assert job["attempt"] == 1

    run(go())


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("extend", {"progress": {"done": 1}, "items": [{"name": "a", "status": "done"}]}),
        ("complete", {"result": DONE}),
        ("fail", {"error": {"code": "a", "message": "b"}}),
        ("release", {}),
    ],
)
def test_whoever_comes_back_late_is_told_so_and_changes_nothing(
    tmp_path: Path, what: str, body: dict[str, Any]
) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [late] = await house.claim(lease=5)
            house.clock.advance(20_000)  # the janitor comes by
            await house.until(job_id, "queued")
            assert problem(await house.call(what, late, **body)) == (409, "stale_lease")
            [now] = await house.claim()
            assert (now["job_id"], now["attempt"]) == (job_id, 2)
            before = await house.job(job_id)
            assert problem(await house.call(what, late, **body)) == (409, "stale_lease")
            assert await house.job(job_id) == before
            assert (await house.call("complete", now, result=DONE)).status_code == 200
            assert problem(await house.call(what, now, **body)) == (409, "stale_lease")

    run(go())


def test_a_lease_that_ended_while_the_server_was_away_goes_on(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            await house.trigger()
            [job] = await house.claim(lease=5)
        later = FakeClock()
        later.advance(6_000)
        async with yard(tmp_path, clock=later) as house:
            assert (await house.call("extend", job, **{"for": 60})).status_code == 200
            house.clock.advance(20_000)
            assert (await house.call("complete", job, result=DONE)).status_code == 200

    run(go())


def test_no_heartbeat_moves_a_lease_beyond_the_deadline_and_the_attempt_is_timed_out(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger(timeout=60, max_attempts=1)
            [job] = await house.claim(lease=120)
            assert job["lease_expires_at"] == job["deadline"] == "2023-11-14T22:14:20.000Z"
            house.clock.advance(50_000)
            extended = await house.call("extend", job, **{"for": 100})
            assert extended.json()["lease_expires_at"] == job["deadline"]
            house.clock.advance(11_000)
            assert problem(await house.call("complete", job, result=DONE)) == (409, "stale_lease")
            ended = await house.job(job_id)
            assert (ended["status"], ended["reason"]) == ("timed_out", "deadline")

    run(go())


def test_the_janitor_tells_a_time_that_was_up_from_a_worker_that_is_gone(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            gone = await house.trigger(max_attempts=1)
            slow = await house.trigger(max_attempts=1, timeout=5)
            assert len(await house.claim(count=2, lease=5)) == 2
            house.clock.advance(20_000)
            assert (await house.until(gone, "failed"))["reason"] == "worker_lost"
            assert (await house.until(slow, "timed_out"))["reason"] == "deadline"

    run(go())


def test_a_worker_that_is_gone_is_noticed_when_its_own_short_lease_ends(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:  # whose own leases are of 30 s: all are swept every 15
            gone = await house.trigger(max_attempts=1)
            slow = await house.trigger(max_attempts=1, timeout=3)
            [lost, late] = await house.claim(count=2, lease=1)
            assert (lost["job_id"], late["job_id"]) == (gone, slow)
            assert (await house.call("extend", late, **{"for": 20})).status_code == 200
            house.clock.advance(1_000)
            assert (await house.until(gone, "failed"))["reason"] == "worker_lost"
            assert (await house.job(slow))["status"] == "running"
            house.clock.advance(2_000)
            assert (await house.until(slow, "timed_out"))["reason"] == "deadline"

    run(go())


def test_a_short_lease_that_is_older_than_the_process_is_noticed_as_well(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger(max_attempts=1)
            assert await house.claim(lease=8)
        async with yard(tmp_path) as house:
            assert (await house.job(job_id))["status"] == "running"
            for _ in range(8):  # all leases are looked at after 15
                house.clock.advance(1_000)
                await house.job(job_id)
            assert (await house.until(job_id, "failed"))["reason"] == "worker_lost"

    run(go())


def test_a_lease_that_goes_on_is_looked_at_again_at_its_new_end(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger(max_attempts=1)
            [job] = await house.claim(lease=1)
            for _ in range(3):
                house.clock.advance(900)
                assert (await house.call("extend", job, **{"for": 1})).status_code == 200
            assert (await house.job(job_id))["status"] == "running"
            house.clock.advance(1_000)
            assert (await house.until(job_id, "failed"))["reason"] == "worker_lost"

    run(go())


@pytest.mark.parametrize(("what", "body"), [("release", {}), ("fail", {"error": {"code": "a", "message": "b"}})])
def test_cancelling_is_told_with_the_next_heartbeat_and_wins_over_a_retry(
    tmp_path: Path, what: str, body: dict[str, Any]
) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            assert (await house.post(f"/api/v1/jobs/{job_id}/cancel")).status_code < 300
            assert (await house.call("extend", job)).json()["cancel_requested"] is True
            assert (await house.call(what, job, **body)).json()["status"] == "cancelled"

    run(go())


def test_killing_a_job_voids_its_lease_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            assert (await house.post(f"/api/v1/jobs/{job_id}/kill")).status_code < 300
            assert problem(await house.call("extend", job)) == (409, "stale_lease")
            assert (await house.job(job_id))["status"] == "cancelled"

    run(go())


def test_a_worker_may_work_on_the_lanes_of_its_scopes_only(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            await house.trigger()
            await house.trigger("other/thing", payload={})
            [job] = await house.claim(lanes=["*"], count=9)
            assert job["lane"] == "render/image"
            assert problem(await house.ask(lanes=["other/thing"])) == (403, "forbidden")
            assert problem(await house.ask(lanes=["other/*"])) == (403, "forbidden")
            assert problem(await house.ask(ADMIN, lanes=["render/imag"])) == (404, "not_found")
            assert problem(await house.call("complete", job, OTHER, result=DONE)) == (404, "not_found")

    run(go())


def test_a_worker_of_a_tenant_is_given_that_tenants_jobs_only(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            other = await house.trigger()
            own = await house.trigger(token=TENANT)
            assert [job["job_id"] for job in await house.claim(TENANT, count=9)] == [own]
            [job] = await house.claim(count=9)
            assert job["job_id"] == other
            assert problem(await house.call("complete", job, TENANT, result=DONE)) == (404, "not_found")

    run(go())


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"lanes": []}, "$.lanes"),
        ({"worker": "a b"}, "$.worker"),
        ({"count": 0}, "$.count"),
        ({"count": 101}, "$.count"),
        ({"wait": 31}, "$.wait"),
        ({"lease": 0.5}, "$.lease"),
        ({"what": 1}, "$.what"),
    ],
)
def test_a_claim_that_is_not_understood_is_refused_with_its_place(
    tmp_path: Path, body: dict[str, Any], path: str
) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            answer = await house.ask(**body)
            assert problem(answer) == (400, "invalid_input")
            assert answer.json()["path"] == path

    run(go())


def test_a_malformed_id_is_refused_and_an_unknown_job_is_not_found(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            assert problem(await house.call("extend", {"job_id": "x", "lease": "1"})) == (400, "invalid_input")
            unknown = {"job_id": "018bcfe5-6800-7000-8000-000000000000", "lease": "1"}
            assert problem(await house.call("extend", unknown)) == (404, "not_found")

    run(go())


def test_an_artifact_is_streamed_and_fenced_by_the_lease(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            where = f"/api/v1/work/{job_id}/artifacts/cat.png"
            headers = {"authorization": f"Bearer {WORKER}", "content-type": "image/png"}
            fenced = {**headers, "x-hookyard-lease": job["lease"]}
            assert problem(await house.client.put(where, content=b"x", headers=headers)) == (400, "invalid_request")
            answer = await house.client.put(where, content=b"x" * 300_000, headers=fenced)
            assert answer.status_code == 201, answer.text
            assert (answer.json()["size"], answer.json()["media_type"]) == (300_000, "image/png")
            assert (await house.call("complete", job, result=DONE)).status_code == 200
            assert problem(await house.client.put(where, content=b"x", headers=fenced)) == (409, "stale_lease")
            shown = await house.get(f"/api/v1/jobs/{job_id}/artifacts")
            assert [one["name"] for one in shown["artifacts"]] == ["cat.png"]

    run(go())


def test_uploads_of_one_name_at_once_leave_the_content_of_one(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            headers = {"authorization": f"Bearer {WORKER}", "x-hookyard-lease": job["lease"]}
            path = f"/api/v1/work/{job_id}/artifacts/a.txt"
            answers = await asyncio.gather(
                *(house.client.put(path, headers=headers, content=b"x" * number) for number in range(1, 9))
            )
            assert {answer.status_code for answer in answers} == {201}
            [artifact] = (await house.get(f"/api/v1/jobs/{job_id}/artifacts"))["artifacts"]
            kept.append((job_id, artifact["size"]))

    kept: list[tuple[str, int]] = []
    run(go())
    [(job_id, size)] = kept
    assert [found.stat().st_size for found in tmp_path.rglob(f"{job_id}/*") if found.is_file()] == [size]


def test_workers_are_listed_with_what_they_do_and_stale_ones_are_marked(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger()
            [job] = await house.claim(affinity=["m1"])
            [worker] = (await house.get("/api/v1/workers"))["workers"]
            assert (worker["name"], worker["principal"], worker["affinity"]) == ("w1", "token:worker", ["m1"])
            assert (worker["running"], worker["claimed"], worker["stale"]) == ([job_id], 1, False)
            assert (await house.call("complete", job, result=DONE)).status_code == 200
            house.clock.advance(91_000)
            [worker] = (await house.get("/api/v1/workers"))["workers"]
            assert (worker["stale"], worker["running"], worker["completed"]) == (True, [], 1)
            refused = await house.client.get("/api/v1/workers", headers={"authorization": f"Bearer {WORKER}"})
            assert problem(refused) == (403, "forbidden")

    run(go())


def test_a_large_result_is_kept_as_an_artifact_as_that_of_any_job(tmp_path: Path) -> None:
    async def go() -> None:
        config = {**CONFIG, "commands": {"render/image": {"max_result": "64B"}}}
        async with yard(tmp_path, config) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            large = {"url": "https://example.org/" + "x" * 100}
            assert (await house.call("complete", job, result=large)).status_code == 200
            assert await house.get(f"/api/v1/jobs/{job_id}/result") == large
            ended = await house.job(job_id)
            assert (ended["status"], ended["result_artifact"]) == ("succeeded", "result.json")

    run(go())


def test_a_large_result_that_cannot_be_kept_leaves_the_job_with_its_worker(tmp_path: Path) -> None:
    async def go() -> None:
        small = {**CONFIG, "commands": {"render/image": {"max_result": "64B"}}, "artifacts": {"quota": "100B"}}
        async with yard(tmp_path, small) as house:
            job_id = await house.trigger()
            [job] = await house.claim()
            large = {"url": "https://example.org/" + "x" * 100}
            assert problem(await house.call("complete", job, result=large)) == (503, "store_unavailable")
            assert (await house.job(job_id))["status"] == "running"
            assert (await house.call("complete", job, result=DONE)).status_code == 200

    run(go())


def test_what_follows_a_success_follows_that_of_a_worker_too(tmp_path: Path) -> None:
    async def go() -> None:
        taking = {"input": IMAGE["output"]}
        config = {
            "plugins": {**CONFIG["plugins"], "other": {"commands": {"thing": taking}}},
            "commands": {"render/image": {"on_success": ["other/thing"]}},
        }
        async with yard(tmp_path, config) as house:
            await house.trigger()
            [job] = await house.claim()
            assert (await house.call("complete", job, result=DONE)).status_code == 200
            [link] = await house.claim(OTHER, lanes=["other/*"], wait=5)
            assert link["payload"] == DONE

    run(go())


def test_a_command_that_a_reload_took_away_is_unavailable_until_it_is_back(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            await house.trigger()
            [job] = await house.claim()
            file = tmp_path / "hookyard.yaml"
            before = file.read_text()
            file.write_text(before.replace('"image"', '"picture"'))
            await house.service.reload()
            assert problem(await house.call("complete", job, result=DONE)) == (503, "plugin_unavailable")
            file.write_text(before)
            await house.service.reload()
            assert (await house.call("complete", job, result=DONE)).status_code == 200

    run(go())


def test_an_input_that_fits_no_more_after_a_reload_is_given_to_no_worker(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            job_id = await house.trigger(payload={"prompt": "a cat"})
            file = tmp_path / "hookyard.yaml"
            before = file.read_text()
            changed = before.replace('"required":["prompt"]', '"required":["prompt","size"]')
            changed = changed.replace('"required": ["prompt"]', '"required": ["prompt", "size"]')
            assert changed != before
            file.write_text(changed)
            await house.service.reload()
            assert await house.claim() == []
            job = await house.job(job_id)
            assert (job["status"], job["error"]["code"]) == ("failed", "invalid_input")

    run(go())


def test_a_server_that_drains_sends_waiting_workers_home_and_takes_no_new_ones(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            claiming = asyncio.create_task(house.claim(wait=30))
            await house.waiting(1)
            house.service.begin_drain()
            assert await claiming == []
            assert problem(await house.ask(wait=30)) == (503, "draining")

    run(go())


def test_the_schema_of_a_declared_command_is_in_the_openapi_document(tmp_path: Path) -> None:
    async def go() -> None:
        async with yard(tmp_path) as house:
            document = (await house.client.get("/openapi.json")).json()
            assert "/trigger/render/image" in document["paths"]
            assert "/api/v1/work/claim" in document["paths"]
            assert IMAGE["affinity"] == "payload.model"

    run(go())


def test_a_limit_of_changes_or_of_claims_takes_no_lease_from_a_worker(tmp_path: Path) -> None:
    limits = {"changes": "1/1m", "triggers": "100/1m", "work": "2/1m"}

    async def go() -> None:
        async with yard(tmp_path, CONFIG | {"limits": limits}) as house:
            for _ in range(4):
                await house.trigger()
            done, failed, released = await house.claim(count=3)
            for _ in range(5):
                assert (await house.call("extend", done)).status_code == 200
            assert await house.claim()
            refused = await house.ask()
            assert problem(refused) == (429, "rate_limited")
            assert refused.headers["ratelimit-policy"] == '"work";q=2;w=60'
            ends = [
                await house.call("extend", done),
                await house.call("complete", done, result=DONE),
                await house.call("fail", failed, error={"code": "no", "message": "No."}),
                await house.call("release", released),
            ]
            assert [(answer.status_code, "ratelimit" in answer.headers) for answer in ends] == [(200, False)] * 4

    run(go())
