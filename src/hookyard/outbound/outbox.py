"""The outbox: which webhooks the end of a job calls for. They are written in the transaction that ends it (I6)."""

from collections.abc import Collection, Mapping
from random import getrandbits
from typing import Final

import msgspec
from msgspec.structs import replace

from hookyard.ids import IdSource
from hookyard.model import Delivery, Event, Job
from hookyard.outbound.courier import Courier
from hookyard.outbound.endpoints import Endpoints
from hookyard.outbound.message import CALLS, EVENTS, body, event_body, notice_body
from hookyard.outbound.policy import Policy

_TOKEN_BITS: Final = 62
HOUSE: Final = "hookyard"
"""The plugin of Hookyard's own events."""


class Outbox:
    """What the dispatcher asks when a job ends; a job nobody listens to costs it one look-up.

    Args:
        endpoints: who listens to what.
        courier: sends; asked for a place for each delivery, so that most need not be claimed.
        policy: for the wait before a first attempt.
    """

    def __init__(self, *, endpoints: Endpoints, courier: Courier, policy: Policy, ids: IdSource) -> None:
        self._endpoints = endpoints
        self._courier = courier
        self._policy = policy
        self._ids = ids

    def plan(self, job: Job, now: int, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
        """The deliveries of a job that is about to be stored as this one, which has ended, and of what it emitted.

        Those that come back as `sending` hold a place in the courier until :meth:`committed` or :meth:`dropped`.
        """
        event = EVENTS[job.status]
        listeners = self._endpoints.listeners(event, job.plugin, job.command)
        url = job.callback_url
        if url is not None and job.options is not None and "finished" not in job.options.callback_events:
            url = None
        if not listeners and url is None and not events:
            return ()
        # In the order in which things happened: what was emitted comes before the end.
        planned = [delivery for each in events for delivery in self._emitted(job, each, now)]
        if not listeners and url is None:
            return tuple(planned)
        content = body(job, now)
        planned += [self._plan(job, event, content, now, endpoint=name) for name in listeners]
        if url is not None:
            planned.append(self._plan(job, event, content, now, url=url))
        return tuple(planned)

    @property
    def listeners(self) -> Collection[str]:
        """What of jobs under way some endpoint asks for; always the same object."""
        return self._endpoints.quiet

    def notes(self, event: str, job: Job) -> bool:
        """Whether anybody is to be told that a job is queued, has started or goes on."""
        if event in self._endpoints.quiet and self._endpoints.listeners(event, job.plugin, job.command):
            return True
        return (
            job.options is not None and job.callback_url is not None and CALLS.get(event) in job.options.callback_events
        )

    def notice(self, job: Job, event: str, now: int) -> tuple[Delivery, ...]:
        """The deliveries of what is told of a job under way."""
        listeners = self._endpoints.listeners(event, job.plugin, job.command)
        content = notice_body(job, event, now)
        planned = [self._plan(job, event, content, now, endpoint=name) for name in listeners]
        if _calls(event, job):
            planned.append(self._plan(job, event, content, now, url=job.callback_url))
        return tuple(planned)

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, tuple[Delivery, ...]]:
        """An event of Hookyard's own, such as `breaker.opened`, and its deliveries, to be written together.

        To endpoints it is one that the plugin `hookyard` emitted, of the command that its type's first half names.
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
        return event, tuple(self._emitted(None, event, now))

    def committed(self, deliveries: tuple[Delivery, ...]) -> None:
        """They are on disk: send those that hold a place, and look for the rest when it is due."""
        for delivery in deliveries:
            if delivery.status == "sending":
                self._courier.take(delivery)
            else:
                self._courier.expect(delivery.created_at if delivery.next_at is None else delivery.next_at)

    def dropped(self, deliveries: tuple[Delivery, ...]) -> None:
        """They were not written: free their places."""
        for delivery in deliveries:
            if delivery.status == "sending":
                self._courier.unreserve(delivery)

    def _emitted(self, job: Job | None, event: Event, now: int) -> list[Delivery]:
        listeners = self._endpoints.listeners(event.type, event.plugin, event.command)
        if not listeners:
            return []
        content = event_body(event)
        return [self._plan(job, event.type, content, now, endpoint=name) for name in listeners]

    def _plan(
        self,
        job: Job | None,
        event: str,
        content: bytes,
        now: int,
        *,
        endpoint: str | None = None,
        url: str | None = None,
    ) -> Delivery:
        wait = self._policy.first_wait()
        delivery = Delivery(
            id=self._ids(),
            job_id=None if job is None else job.id,
            request_id="" if job is None else job.request_id,
            event=event,
            endpoint=endpoint,
            url=url,
            body=content,
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
        return replace(delivery, status="pending", attempt=0, next_at=due, lease_token=None, lease_expires_at=None)


def _calls(event: str, job: Job) -> bool:
    """Whether the job's callback URL is to be told of what happens before its end."""
    options = job.options
    return options is not None and job.callback_url is not None and CALLS.get(event) in options.callback_events
