"""Recovery: everything that people do about deliveries, each of it written with its entry of the audit log."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final, Literal

from hookyard.clock import Clock
from hookyard.context.events import EventSpec
from hookyard.errors import Refused
from hookyard.ids import IdSource, last_before
from hookyard.model import AuditEntry, Delivery, Event
from hookyard.outbound.contents import TOO_LARGE
from hookyard.outbound.endpoints import Entry
from hookyard.outbound.events import BY_NAME, EventType, KnownType, known_types, sample, sample_of
from hookyard.outbound.message import EVENTS
from hookyard.outbound.recovery.ports import Finds, Plans
from hookyard.outbound.recovery.replay import READS, Page, Replayed, read_page
from hookyard.outbound.recovery.stretch import Stretch
from hookyard.store.audited import Write, audited
from hookyard.store.contract import (
    ANY_DELIVERY,
    AbandonDelivery,
    AddMissed,
    AppendAudit,
    AppendEvents,
    DeliveriesMoved,
    DeliveryFilter,
    NotFound,
    PurgeDeliveries,
    RecoverDeliveries,
    ResendDelivery,
    Stale,
    Store,
)

Purgeable = Literal["pending", "held", "delivered", "failed"]
_MOST_BYTES: Final = 4 << 20
"""Of bodies in one transaction."""


class Recovery:
    """Sends again, and sends what was missed.

    Every method raises Refused for what cannot be, and StoreUnavailable when nothing was done.

    Args:
        store: has the deliveries, the jobs and the events.
        write: has an operation applied; the result is there once it is on disk.
        endpoints: who there is to be told.
        plans: what one of them would be told.
        expect: tells the courier that something is due at a time.
        probe: tells it that somebody thinks the receiver of an endpoint is well: an open breaker sends its probe now,
            which is whatever is due first. Told before anything is written, so that nothing is put off to a later time
            once more.
        ids: where the ids of deliveries come from.
        clock: where time comes from.
    """

    def __init__(
        self,
        *,
        store: Store,
        write: Write,
        endpoints: Finds,
        plans: Plans,
        expect: Callable[[int], None],
        probe: Callable[[str], None],
        ids: IdSource,
        clock: Clock,
    ) -> None:
        self._store = store
        self._write = write
        self._endpoints = endpoints
        self._plans = plans
        self._expect = expect
        self._probe = probe
        self._ids = ids
        self._clock = clock

    async def resend(self, delivery_id: str, *, tenant: str, audit: AuditEntry) -> Delivery:
        """Send one again, under its id, whatever became of it; its schedule begins anew.

        The breaker of its endpoint, when it is open, tries the receiver now.
        """
        delivery = await self._visible(delivery_id, tenant)
        if delivery.status == "failed" and delivery.last_error == TOO_LARGE:
            raise Refused("already_terminal", "The delivery was too large, and what it would say was not kept.")
        if delivery.endpoint is not None:
            self._require_live(delivery.endpoint)
            self._probe(delivery.endpoint)
        now = self._clock.now()
        return await self._moved(ResendDelivery(now=now, delivery_id=delivery.id), audit)

    async def abandon(self, delivery_id: str, *, tenant: str, audit: AuditEntry) -> Delivery:
        """Give one up that waits: it fails as `abandoned`."""
        delivery = await self._visible(delivery_id, tenant)
        if delivery.status in {"delivered", "failed"}:
            raise Refused("already_terminal", "The delivery has ended.")
        return await self._moved(AbandonDelivery(now=self._clock.now(), delivery_id=delivery.id), audit)

    async def recover(
        self,
        endpoint: str | None,
        stretch: Stretch,
        *,
        audit: AuditEntry,
        only: DeliveryFilter = ANY_DELIVERY,
        waiting: bool = False,
        tenant: str = "",
        origin: str | None = None,
    ) -> DeliveriesMoved:
        """Send again what failed for good of what was made then.

        But for what was given up, and what was too large. With `waiting` what waits for its time is sent now as well.
        Without an endpoint it is about deliveries to callback URLs: to those of an origin, or to all of them. With a
        tenant it is about what is of that one: the name may have been another's before. An open breaker tries the
        receiver now, once: the calls that go on where an earlier one ended are no reason to try again.
        """
        if endpoint is not None:
            self._require_live(endpoint)
            if stretch.after is None and not stretch.dry_run:
                self._probe(endpoint)
        op = RecoverDeliveries(
            now=self._clock.now(),
            endpoint=endpoint,
            since=stretch.since,
            waiting=waiting,
            only=only,
            until=stretch.until,
            after=stretch.after,
            limit=stretch.bounded,
            dry_run=stretch.dry_run,
            tenant=tenant or None,
            origin=origin,
        )
        return await self._many(op, audit)

    async def purge(
        self,
        endpoint: str | None,
        stretch: Stretch,
        *,
        statuses: tuple[Purgeable, ...],
        audit: AuditEntry,
        only: DeliveryFilter = ANY_DELIVERY,
        tenant: str = "",
        origin: str | None = None,
    ) -> DeliveriesMoved:
        """Delete deliveries of these statuses that were made then; the endpoint may be gone.

        Without an endpoint those to callback URLs: to those of an origin, or to all of them. With a tenant only what is
        of that one is deleted.
        """
        op = PurgeDeliveries(
            now=self._clock.now(),
            endpoint=endpoint,
            statuses=statuses,
            only=only,
            until=stretch.until,
            after=stretch.after or last_before(stretch.since),
            limit=stretch.bounded,
            dry_run=stretch.dry_run,
            tenant=tenant or None,
            origin=origin,
        )
        return await self._many(op, audit)

    async def replay(
        self, endpoint: str, stretch: Stretch, *, audit: AuditEntry, only: DeliveryFilter = ANY_DELIVERY
    ) -> Replayed:
        """Send what the endpoint was not told of what happened then and is of interest to it now.

        It may be repeated, broken off and begun again anywhere: what the endpoint has a delivery of is not made again.
        The audit log has an entry of each call that made deliveries, and of the first.
        """
        tenant = self._require_live(endpoint).tenant
        end = self._clock.now() + 1 if stretch.until is None else stretch.until
        entry = None if stretch.dry_run else audit
        planned = looked_at = passed = 0
        place = stretch.after
        for _ in range(READS):
            page = await read_page(self._store, since=stretch.since, until=end, after=place)
            self._require_live(endpoint)  # it may have been changed since the page before
            for batch in _batches(await self._missed(endpoint, page, only)):
                missed = AddMissed(now=self._clock.now(), deliveries=batch, dry_run=stretch.dry_run)
                result = await audited(self._write, entry, missed)
                entry = None
                planned += result.count if isinstance(result, DeliveriesMoved) else 0
                if not stretch.dry_run:
                    self._expect(missed.now)
            looked_at += sum(not tenant or told.tenant == tenant for told in page.told)
            passed, place = passed + len(page.told), page.next
            if place is None or passed >= stretch.bounded:
                break
        if entry is not None and stretch.after is None:
            await self._write(AppendAudit(now=entry.at, entry=entry))
        return Replayed(planned, looked_at, place)

    async def test(
        self,
        endpoint: str,
        *,
        event: str | None,
        tenant: str,
        audit: AuditEntry,
        declared: Iterable[tuple[str, EventSpec]] = (),
    ) -> Delivery:
        """Send a sample, outside of any order: of this type, or of one that the endpoint listens to.

        An open breaker tries the receiver now, with what is due first. That may be another delivery: when it arrives
        the sample goes too, and when it does not the sample waits with all others.

        Args:
            endpoint: to whom.
            event: of which type.
            tenant: that of the caller.
            audit: who does it.
            declared: the types that plugins declare, with their names, besides Hookyard's own.
        """
        known = self._require_live(endpoint, tenant)
        now = self._clock.now()
        kind, body = _sampled(known, event, known_types(declared), now)
        delivery = Delivery(
            id=self._ids(),
            job_id=None,
            request_id=audit.request_id,
            event=kind,
            endpoint=endpoint,
            epoch=known.row.epoch,
            url=None,
            tenant=known.row.tenant,
            body=body,
            created_at=now,
            next_at=now,
        )
        self._probe(endpoint)
        await audited(self._write, audit, AppendEvents(now=now, events=(), deliveries=(delivery,)))
        self._expect(now)
        return delivery

    async def _missed(self, endpoint: str, page: Page, only: DeliveryFilter) -> list[Delivery]:
        """What the endpoint would be told of this page."""
        now = self._clock.now()
        there: dict[str, bool] = {}
        found: list[Delivery] = []
        for told in page.told:
            if not only.matches(told.type if isinstance(told, Event) else EVENTS.get(told.status, ""), None):
                continue
            delivery = self._plans.again(endpoint, told, now)
            if delivery is None:
                continue
            if isinstance(told, Event) and told.job_id:
                # What was told of a job is forgotten with it: nobody knows any more whether it was told.
                if told.job_id not in there:
                    there[told.job_id] = await self._store.job(told.job_id) is not None
                if not there[told.job_id]:
                    continue
            found.append(delivery)
        return found

    def _require_live(self, endpoint: str, tenant: str = "") -> Entry:
        known = self._endpoints.find(endpoint, tenant)
        if known.problem is not None:
            raise Refused("endpoint_disabled", f"The endpoint cannot be sent to: {known.problem}")
        if not known.live:
            raise Refused("endpoint_disabled", "The endpoint is disabled: enable it first.")
        return known

    async def _visible(self, delivery_id: str, tenant: str) -> Delivery:
        found = await self._store.delivery(delivery_id)
        if found is None or (tenant and found.tenant != tenant):
            raise Refused("not_found", "There is no such delivery.")
        return found

    async def _moved(self, op: ResendDelivery | AbandonDelivery, audit: AuditEntry) -> Delivery:
        result = await audited(self._write, audit, op)
        if isinstance(result, Stale):
            raise Refused("delivery_active", "The delivery is being sent at this moment: try again when that is over.")
        found = None if isinstance(result, NotFound) else await self._store.delivery(op.delivery_id)
        if found is None:
            raise Refused("not_found", "There is no such delivery.")
        self._expect(op.now)
        return found

    async def _many(self, op: RecoverDeliveries | PurgeDeliveries, audit: AuditEntry) -> DeliveriesMoved:
        result = await audited(self._write, None if op.dry_run else audit, op)
        if not isinstance(result, DeliveriesMoved):
            raise Refused("internal", "The deliveries were not changed.")
        if not op.dry_run:
            self._expect(op.now)
        return result


def _batches(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, ...]]:
    """All of them, in transactions that stay short."""
    batch: list[Delivery] = []
    size = 0
    for each in deliveries:
        if batch and size + len(each.body) > _MOST_BYTES:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(each)
        size += len(each.body)
    if batch:
        yield tuple(batch)


def _sampled(known: Entry, event: str | None, kinds: Iterable[KnownType], now: int) -> tuple[str, bytes]:
    """Of which type a sample is, and its body.

    Raises:
        Refused: there is no sample of that.
    """
    patterns = () if known.settings is None else known.settings.events
    for kind in sorted(kinds, key=_common):
        name = kind.event_type.type
        if event is None and not any(_finds(each, kind.event_type) for each in patterns):
            continue
        if event in {None, name} and (body := sample_of(kind, now)) is not None:
            return name, body
    if event is not None:
        raise Refused(
            "invalid_input",
            f"There is no sample of {event!r}, only of Hookyard's own events and of what plugins declare.",
            path="$.event",
        )
    return _USUAL, sample(BY_NAME[_USUAL], now)


_USUAL: Final = "job.succeeded"


def _common(kind: KnownType) -> bool:
    """What most endpoints are for comes first."""
    return kind.event_type.type != _USUAL


def _finds(pattern: str, kind: EventType) -> bool:
    return kind.type == pattern if kind.quiet else fnmatchcase(kind.type, pattern)
