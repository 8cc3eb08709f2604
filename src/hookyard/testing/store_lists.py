"""The part of the store contract about lists of jobs: every filter, alone and with others, in pages."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hookyard import ids
from hookyard.model import ErrorInfo, Job, JobStatus, Reason, TerminalStatus
from hookyard.store.contract import Cancel, Done, Enqueue, Finish, JobQuery, Lease, Op, Store
from hookyard.store.memory import MemoryStore
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase

NOW = 1_700_000_000_000
TAGS = ("nightly", "é", "")
ERRORS = (ErrorInfo("boom", "The STRASSE broke"), ErrorInfo("late_answer", "100%_sure"), None)
REASONS: tuple[Reason | None, ...] = ("attempts_exhausted", "not_retryable", "worker_lost", "deadline", None)
ENDS: tuple[TerminalStatus, ...] = ("succeeded", "failed", "timed_out", "cancelled")


def history(count: int) -> list[Op]:
    """Jobs of all kinds in all states, in a scattered order, some of them with a clock that went back."""
    ops: list[Op] = []
    first: str | None = None
    for at in range(count):
        draw = (at * 7919) % 10_007
        job_id = ids.join(NOW + at // 3 << 12 | at % 3, draw)
        first = first or job_id
        plugin, command = ("a", "b")[draw % 2], ("x", "y")[draw // 2 % 2]
        job = Job(
            id=job_id,
            plugin=plugin,
            command=command,
            lane=f"{plugin}/{command}" if draw % 5 else "shared",
            args=b"{}",
            submitted_at=NOW - draw % 100,
            run_at=NOW,
            principal=("token:ci", "source:git")[draw // 4 % 2],
            source=(None, "git", "pay")[draw % 3],
            tags=tuple(tag for bit, tag in enumerate(TAGS) if draw >> bit & 1),
            tenant=("", "acme", "other")[draw // 3 % 3],
            parent=first if draw % 4 == 0 and at else None,
            max_attempts=1 + draw // 11 % 2,
        )
        state = draw // 7 % 6
        lease = Lease(at + 1, "w", NOW + 9999) if state != 1 else None
        ops.append(Enqueue(now=NOW, job=job, lease=lease))
        if state > 1:
            status, error = ENDS[state - 2], ERRORS[draw % 3]
            reason = REASONS[draw // 5 % len(REASONS)]
            ops.append(
                Finish(
                    now=NOW + draw % 50,
                    job_id=job_id,
                    token=at + 1,
                    status=status,
                    outcome=status,
                    reason=reason,
                    error=error,
                )
            )
        elif state == 1 and draw % 8 == 0:
            ops.append(Cancel(now=NOW + draw % 50, job_id=job_id))
    return ops


def queries() -> st.SearchStrategy[JobQuery]:
    """Any filters together."""

    def any_of(*choices: object) -> st.SearchStrategy[object]:
        return st.sampled_from((None, None, None, *choices))

    statuses: tuple[JobStatus, ...] = ("queued", "running", *ENDS)
    return st.builds(
        JobQuery,
        status=any_of(*statuses),
        reason=any_of("attempts_exhausted", "cancelled_by_user"),
        dead=st.booleans(),
        plugin=any_of("a", "none"),
        command=any_of("x"),
        lane=any_of("a/x", "shared"),
        principal=any_of("token:ci"),
        source=any_of("git", "none"),
        tag=any_of(*TAGS, "none"),
        tenant=any_of("acme", ""),
        parent=any_of(ids.join(NOW << 12, 0), ids.join(1, 1)),
        created_since=any_of(NOW + 5, NOW + 30),
        created_until=any_of(NOW + 20, NOW + 6),
        finished_since=any_of(NOW + 10),
        finished_until=any_of(NOW + 40),
        error=any_of("strasse", "STRAßE", "%_", "BOOM", "nothing"),
        before=any_of(ids.join(NOW + 25 << 12, 5)),
        limit=st.integers(1, 30),
    )


class ListContract(StoreCase):
    """What lists promise."""

    def test_every_filter_shows_what_the_model_shows_page_by_page(self, store: Probe) -> None:
        model, ops = MemoryStore(), history(150)
        model.apply(ops)
        store.all(*ops)

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(query=queries())
        def compare(query: JobQuery) -> None:
            expected = store.runner.run(_walk(model, query))
            assert store.runner.run(_walk(store.store, query)) == expected

        compare()

    def test_a_page_that_is_the_last_says_so(self, store: Probe) -> None:
        jobs = [store.enqueue() for _ in range(4)]
        page = store.page(JobQuery(limit=2))
        assert ([job.id for job in page.jobs], page.next) == ([jobs[3].id, jobs[2].id], jobs[2].id)
        page = store.page(JobQuery(limit=2, before=page.next))
        assert ([job.id for job in page.jobs], page.next) == ([jobs[1].id, jobs[0].id], None)
        assert store.page(JobQuery(status="failed")).next is None

    def test_dead_letters_are_what_failed_with_its_attempts_used_up_or_its_input_not_fitting(
        self, store: Probe
    ) -> None:
        def ended(status: TerminalStatus, reason: Reason | None, attempts: int = 1) -> Job:
            job = store.running(replace(store.job(), max_attempts=attempts))
            op = Finish(now=store.now, job_id=job.id, token=TOKEN, status=status, outcome=status, reason=reason)
            store.do(op, Done)
            return job

        dead = [
            ended("failed", "attempts_exhausted"),
            ended("timed_out", "deadline"),
            ended("failed", "worker_lost"),
            ended("failed", "invalid_input", 3),
        ]
        ended("failed", "not_retryable")
        ended("failed", "invalid_output")
        ended("failed", "worker_lost", 2)
        ended("timed_out", "not_retryable", 2)
        ended("cancelled", "cancelled_by_user")
        ended("succeeded", None)
        store.enqueue()
        found = [job.id for job in reversed(dead)]
        assert [job.id for job in store.jobs(JobQuery(dead=True))] == found
        assert [job.id for job in store.jobs(JobQuery(dead=True, status="timed_out"))] == [dead[1].id]
        first = store.page(JobQuery(dead=True, limit=2))
        assert ([job.id for job in first.jobs], first.next) == (found[:2], found[1])
        assert [job.id for job in store.jobs(JobQuery(dead=True, before=first.next))] == found[2:]

    def test_a_job_is_found_by_when_it_was_made_whatever_the_clock_did_since(self, store: Probe) -> None:
        first = store.enqueue()
        noon = store.now
        store.clock.advance(1000)
        second = store.enqueue()
        later = store.now
        back = store.enqueue(replace(store.job(), submitted_at=noon - 5000))
        assert [job.id for job in store.jobs(JobQuery(created_since=later))] == [back.id, second.id]
        assert [job.id for job in store.jobs(JobQuery(created_until=later))] == [first.id]
        assert [job.id for job in store.jobs(JobQuery(created_since=noon, created_until=noon + 1))] == [first.id]


async def _walk(store: Store, query: JobQuery) -> Sequence[Job]:
    """All pages; each but the last may be short."""
    found: list[Job] = []
    for _ in range(1000):
        page = await store.jobs(query)
        assert len(page.jobs) <= query.limit
        found += page.jobs
        if page.next is None:
            return found
        query = replace(query, before=page.next)
    msg = "the pages never end"
    raise AssertionError(msg)
