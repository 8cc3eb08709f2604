"""What the model holds, and what all its operations look at."""

from collections.abc import Iterable, Sequence
from typing import cast

from msgspec.structs import replace

from hookyard import ids
from hookyard.model import Attempt, AttemptOutcome, Delivery, DeliveryAttempt, Endpoint, ErrorInfo, Inbound, Item, Job
from hookyard.store.contract import Dedupe
from hookyard.store.memory.kept import Kept
from hookyard.store.memory.rows import stored
from hookyard.store.memory.told import Told
from hookyard.store.rules import held_back, is_open, let_go


class Data:
    """The rows of the model."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.places: set[tuple[str, int]] = set()
        """The table and key of every row that has an id: two ids with one key would be one row."""
        self.due: set[str] = set()
        """Queued jobs whose time has come."""
        self.waits: dict[str, set[str]] = {}
        """Job -> the jobs that it waits for, while it does."""
        self.attempts: dict[str, list[Attempt]] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.tries: dict[str, list[DeliveryAttempt]] = {}
        self.keys: dict[tuple[str, str], tuple[Dedupe, str]] = {}
        self.inbound: dict[str, Inbound] = {}
        """What jobs came of."""
        self.told = Told()
        self.items: dict[str, dict[str, Item]] = {}
        self.items_told: dict[str, int] = {}
        """Job -> the last number of an item."""
        """Partial results, by job and name."""
        self.kept = Kept()

    def is_awaited(self, job_id: str) -> bool:
        """Whether a queued job waits for this one."""
        return any(job_id in others and self.jobs[one].status == "queued" for one, others in self.waits.items())

    def keys_of(self, scope: str, key: str) -> list[tuple[str, str]]:
        """The names of this idempotency key and of those that begin with it and a line break, in their order."""
        return sorted(name for name in self.keys if name[0] == scope and f"{name[1]}\n".startswith(f"{key}\n"))

    def held(self, job_id: str, token: int, ended_by: int | None = None) -> Job | None:
        """The job if this lease holds it; with `ended_by` only if the lease has ended by then."""
        job = self.jobs.get(job_id)
        if job is None or job.status != "running" or job.lease_token != token:
            return None
        expires_at = cast("int", job.lease_expires_at)
        return None if ended_by is not None and expires_at > ended_by else job

    def end_attempt(self, job: Job, outcome: AttemptOutcome, now: int, error: ErrorInfo | None) -> None:
        """Note how the attempt of a running job ended."""
        self.attempts[job.id].append(
            Attempt(
                job_id=job.id,
                number=job.attempt,
                outcome=outcome,
                worker=cast("str", job.worker),
                started_at=cast("int", job.started_at),
                ended_at=now,
                error=stored(error),
            )
        )

    def unusable(self, table: str, identifier: str) -> str | None:
        """Why a row cannot have this id, or None."""
        if ids.parse(identifier) is None:
            return "not an id"
        return "the id is in use" if (table, ids.key(identifier)) in self.places else None

    def unusable_deliveries(self, deliveries: Sequence[Delivery]) -> str | None:
        """Why these deliveries cannot be added, or None."""
        for delivery in deliveries:
            if problem := self.unusable("delivery", delivery.id):
                return problem
            if delivery.status == "sending" and (delivery.lease_token is None or delivery.lease_expires_at is None):
                return "a delivery is being sent without a lease"
            if delivery.event_id is not None and ids.parse(delivery.event_id) is None:
                return "not the id of an event"
            if delivery.job_id is not None and ("job", ids.key(delivery.job_id)) not in self.places:
                return "a delivery of a job that is not there"
        keys = {ids.key(delivery.id) for delivery in deliveries}
        return None if len(keys) == len(deliveries) else "an id is used twice"

    def add_deliveries(self, deliveries: Iterable[Delivery]) -> None:
        """Keep new deliveries."""
        for delivery in deliveries:
            self.places.add(("delivery", ids.key(delivery.id)))
            kept = held_back(delivery) if self.open_of(delivery) else let_go(delivery)
            at_once = kept.status == "pending" and kept.next_at is None
            self.deliveries[delivery.id] = replace(kept, next_at=kept.created_at) if at_once else kept
            self.tries[delivery.id] = []

    def open_of(self, delivery: Delivery) -> list[Delivery]:
        """What is open of the order of a delivery, in that order; nothing when it is in none."""
        if delivery.order_key is None:
            return []
        order = (delivery.endpoint, delivery.order_key)
        same = [one for one in self.deliveries.values() if (one.endpoint, one.order_key) == order and is_open(one)]
        return sorted(same, key=lambda one: one.id)

    def gone(self, delivery: Delivery, now: int) -> None:
        """It is the next one's turn, since this one, changed or forgotten already, was pending or being sent."""
        behind = self.open_of(delivery)
        if behind and behind[0].status == "held":
            self.deliveries[behind[0].id] = replace(behind[0], status="pending", next_at=now)

    def forget_delivery(self, delivery_id: str) -> None:
        """Forget a delivery and its attempts."""
        del self.deliveries[delivery_id], self.tries[delivery_id]
        self.places.discard(("delivery", ids.key(delivery_id)))
