"""The outbox: which webhooks the end of a job calls for. They are written in the transaction that ends it (I6)."""

from collections.abc import Callable, Collection, Mapping
from random import getrandbits
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from hookyard.ids import IdSource
from hookyard.model import HOUSE, Delivery, Event, Job
from hookyard.outbound.contents import TOO_LARGE, Contents
from hookyard.outbound.endpoints import Endpoints, Told
from hookyard.outbound.message import CALLS, EVENTS

_TOKEN_BITS: Final = 62


class Places(Protocol):
    """Of the courier what is needed here."""

    @property
    def lease(self) -> int:
        """Milliseconds for which a delivery is reserved."""
        ...

    def reserve(self, delivery: Delivery, now: int) -> int | None:
        """Keep a place in memory, and return None; or the time at which it should be due in the store."""
        ...

    def unreserve(self, delivery: Delivery) -> None:
        """Give up a place."""
        ...

    def take(self, delivery: Delivery) -> None:
        """Send a delivery for which a place was kept."""
        ...

    def expect(self, at: int) -> None:
        """Something in the store is due then."""
        ...


class Outbox:
    """What the dispatcher asks when a job ends; a job nobody listens to costs it one look-up.

    Args:
        endpoints: who listens to what.
        courier: sends; asked for a place for each delivery, so that most need not be claimed.
        ids: where the ids of deliveries come from.
        most: the largest body that is sent, in bytes.
    """

    def __init__(self, *, endpoints: Endpoints, courier: Places, ids: IdSource, most: int) -> None:
        self._endpoints = endpoints
        self._courier = courier
        self._ids = ids
        self._contents = Contents(most)
        self.unsendable: Callable[[Delivery], None] | None = None
        """Told of every delivery on disk that failed when it was made, since it was too large; set once."""

    # --- what the dispatcher asks ---

    def plan(self, job: Job, now: int, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
        """The deliveries of a job that is about to be stored as this one, which has ended, and of what it emitted.

        Those that come back as `sending` hold a place in the courier until :meth:`committed` or :meth:`dropped`.
        """
        listeners = self._endpoints.listeners(EVENTS[job.status], job.plugin, job.command, job.tenant)
        url = job.callback_url
        if url is not None and job.options is not None and "finished" not in job.options.callback_events:
            url = None
        if not listeners and url is None and not events:
            return ()
        # In the order in which things happened: what was emitted comes before the end.
        planned = [delivery for each in events for delivery in self._emitted(each, now)]
        if listeners or url is not None:
            planned += self._told(self._contents.of_end(job, now), listeners, url, now)
        return tuple(planned)

    @property
    def listeners(self) -> Collection[str]:
        """What of that which there is much of some endpoint asks for; always the same object."""
        return self._endpoints.quiet

    def notes(self, event: str, job: Job) -> bool:
        """Whether anybody is to be told that a job is queued, has started or goes on."""
        if event in self._endpoints.quiet and self._listeners(event, job):
            return True
        return _calls(event, job)

    def notice(self, job: Job, event: str, now: int) -> tuple[Delivery, ...]:
        """The deliveries of what is told of a job under way."""
        url = job.callback_url if _calls(event, job) else None
        return tuple(self._told(self._contents.of_notice(job, event, now), self._listeners(event, job), url, now))

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, tuple[Delivery, ...]]:
        """An event of Hookyard's own, such as `breaker.opened`, and its deliveries, to be written together.

        To endpoints it is one that the plugin `hookyard` emitted, of the command that its type's first half names.
        One about an endpoint, which `data` then names as `endpoint`, never goes to that one.
        """
        event = Event(
            id=self._ids(),
            type=kind,
            plugin=HOUSE,
            command=kind.partition(".")[0],
            job_id="",
            tenant=tenant,
            payload=msgspec.json.encode(dict(data)),
            created_at=now,
        )
        return event, tuple(self._emitted(event, now, but=data.get("endpoint")))

    def committed(self, deliveries: tuple[Delivery, ...]) -> None:
        """They are on disk: send those that hold a place, and look for the rest when it is due."""
        for delivery in deliveries:
            if delivery.status == "sending":
                self._courier.take(delivery)
            elif delivery.status == "pending":
                self._courier.expect(delivery.created_at if delivery.next_at is None else delivery.next_at)
            elif delivery.status == "failed" and self.unsendable is not None:
                self.unsendable(delivery)

    def dropped(self, deliveries: tuple[Delivery, ...]) -> None:
        """They were not written: free their places."""
        for delivery in deliveries:
            if delivery.status == "sending":
                self._courier.unreserve(delivery)

    # --- what recovering asks ---

    def again(self, endpoint: str, told: Job | Event, now: int) -> Delivery | None:
        """The delivery of a job's end or of an event for this one endpoint, as it is now; None when it is not wanted.

        It is `pending` and holds no place, or failed since it is too large. Its id is new; what its body says is as old
        as what it tells of.
        """
        if isinstance(told, Job):
            event, content = EVENTS.get(told.status), self._contents.of_end
            names = () if event is None else self._endpoints.listeners(event, told.plugin, told.command, told.tenant)
            if endpoint not in names:
                return None
            made = content(told, now)
        else:
            names = self._endpoints.listeners(told.type, told.plugin, told.command, told.tenant)
            if endpoint not in names or (told.plugin == HOUSE and _about(told) == endpoint):
                return None
            made = self._contents.of_event(told)
        entry = self._endpoints.get(endpoint)
        if entry is None or entry.destination is None or not self._endpoints.wanted((endpoint,), made):
            return None
        order = None if entry.order is None else entry.order.key(made)
        return self._row(made, now, endpoint, None, order, entry.destination.policy.first_wait(), entry.row.epoch)

    # --- in all of them ---

    def _listeners(self, event: str, job: Job) -> tuple[str, ...]:
        return self._endpoints.listeners(event, job.plugin, job.command, job.tenant)

    def _emitted(self, event: Event, now: int, *, but: object = None) -> list[Delivery]:
        listeners = self._endpoints.listeners(event.type, event.plugin, event.command, event.tenant)
        if but is not None:
            listeners = tuple(name for name in listeners if name != but)
        return self._told(self._contents.of_event(event), listeners, None, now) if listeners else []

    def _told(self, told: Told, listeners: tuple[str, ...], url: str | None, now: int) -> list[Delivery]:
        planned: list[Delivery] = []
        for name in self._endpoints.wanted(listeners, told):
            entry = self._endpoints.get(name)
            if entry is None or entry.destination is None:
                continue
            order = None if entry.order is None else entry.order.key(told)
            wait = entry.destination.policy.first_wait()
            planned.append(self._plan(told, now, name, None, order, wait, entry.row.epoch))
        if url is not None:
            planned.append(self._plan(told, now, None, url, None, self._endpoints.callback_policy.first_wait()))
        return planned

    def _plan(  # noqa: PLR0917  by place: keywords cost a tenth of it
        self, told: Told, now: int, endpoint: str | None, url: str | None, order: str | None, wait: int, epoch: int = 0
    ) -> Delivery:
        if order is not None or told.too_large:  # the store says when it is the turn of what is in an order
            return self._row(told, now, endpoint, url, order, wait, epoch)
        delivery = Delivery(
            id=self._ids(),
            job_id=told.job_id,
            request_id=told.request_id,
            event=told.event,
            endpoint=endpoint,
            url=url,
            tenant=told.tenant,
            event_id=told.event_id,
            epoch=epoch,
            body=told.body,
            created_at=now,
            status="sending",
            attempt=1,
            next_at=now,
            # It tells leases apart and guards nothing; the operating system's randomness costs ten times as much.
            lease_token=getrandbits(_TOKEN_BITS),
            lease_expires_at=now + self._courier.lease,
        )
        due = now + wait if wait else self._courier.reserve(delivery, now)
        if due is None:
            return delivery
        return replace(
            delivery,
            status="pending",
            attempt=0,
            next_at=due,
            put_off=not wait and due > now,
            lease_token=None,
            lease_expires_at=None,
        )

    def _row(  # noqa: PLR0917  likewise
        self, told: Told, now: int, endpoint: str | None, url: str | None, order: str | None, wait: int, epoch: int
    ) -> Delivery:
        """A delivery for which no place is kept."""
        delivery = Delivery(
            id=self._ids(),
            job_id=told.job_id,
            request_id=told.request_id,
            event=told.event,
            endpoint=endpoint,
            url=url,
            tenant=told.tenant,
            event_id=told.event_id,
            order_key=order,
            epoch=epoch,
            body=told.body,
            created_at=now,
            next_at=now + wait,
        )
        if not told.too_large:
            return delivery
        return replace(delivery, status="failed", order_key=None, next_at=None, last_error=TOO_LARGE, completed_at=now)


def _calls(event: str, job: Job) -> bool:
    """Whether the job's callback URL is to be told of what happens before its end."""
    options = job.options
    return options is not None and job.callback_url is not None and CALLS.get(event) in options.callback_events


def _about(event: Event) -> object:
    """The endpoint that an event of Hookyard's own is about."""
    return msgspec.json.decode(event.payload, type=_Payload).endpoint


class _Payload(msgspec.Struct):
    endpoint: str | None = None
