"""What waits for the end of a job in the model: jobs that come after it, and those that want the room of its key."""

from hookyard.model import TERMINAL, Job
from hookyard.store.contract import Done
from hookyard.store.memory.data import Data


def running_of_key(data: Data, job: Job) -> int:
    """How many jobs run under this one's concurrency key."""
    return sum(
        one.status == "running" and one.lane == job.lane and one.concurrency_key == job.concurrency_key
        for one in data.jobs.values()
    )


def freed(data: Data, job: Job) -> tuple[str, ...]:
    """The lane, if other due jobs can run now that this one, changed already, runs no more."""
    if job.concurrency_key is None:
        return ()
    before = running_of_key(data, job) + 1
    wanted = any(
        one.id in data.due
        and one.id != job.id
        and (one.lane, one.concurrency_key, one.concurrency_limit) == (job.lane, job.concurrency_key, before)
        for one in data.jobs.values()
    )
    return (job.lane,) if wanted else ()


def ended(data: Data, job: Job, now: int, *, ran: bool = True) -> Done:
    """What the end of this job, changed already, means for those that wait."""
    lanes = set(freed(data, job) if ran else ())
    waiting = [one for one, others in data.waits.items() if job.id in others]
    if job.status != "succeeded":
        return Done(tuple(lanes), any(data.jobs[one].status == "queued" for one in waiting))
    for one in waiting:
        data.waits[one].discard(job.id)
        if not data.waits[one]:
            del data.waits[one]
            if data.jobs[one].status == "queued":
                lanes.add(data.jobs[one].lane)
                if data.jobs[one].run_at <= now:
                    data.due.add(one)
    return Done(tuple(sorted(lanes)))


def is_doomed(data: Data, job: Job) -> bool:
    """Whether a job waits for one that ended without success, or is gone."""
    return job.status == "queued" and any(
        other not in data.jobs or data.jobs[other].status in TERMINAL for other in data.waits.get(job.id, ())
    )
