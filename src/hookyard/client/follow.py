"""Follows a job by its server-sent events, through broken connections and restarts of the server."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

import msgspec
from msgspec import Struct

from hookyard.client.http import Api
from hookyard.errors import Refused

_PATIENCE: Final = 60.0
"""Seconds for which a server that cannot be reached is tried again."""
_PAUSE: Final = 1.0
_LATER: Final = frozenset({"draining", "starting", "store_unavailable", "rate_limited"})
"""What a server says that is there again soon."""


class JobEvent(Struct, frozen=True):
    """One event of a job's life."""

    id: str
    event: str
    """`queued`, `started`, `progress`, `log`, `retry` or `finished`."""
    data: dict[str, Any]


def follow(
    api: Api, job_id: str, *, log: bool = False, after: str | None = None, sleep: Callable[[float], None] = time.sleep
) -> Iterator[JobEvent]:
    """Yield the events of a job until it has ended; each comes once, whatever happens to the connection.

    Args:
        api: the gateway.
        job_id: the job.
        log: whether the lines of its log are events too.
        after: the id of the last event that was read, to go on behind it.
        sleep: waits between two connections.

    Raises:
        Refused: there is no such job for this caller.
        ConnectionError: the server could not be reached for a minute.
    """
    since = time.monotonic()
    while True:
        headers = {} if after is None else {"last-event-id": after}
        try:
            with api.lines(f"/api/v1/jobs/{job_id}/events", query={"log": log or None}, headers=headers) as lines:
                first = next(lines, None)
                if first is None:  # 204: the end was told before
                    return
                for event in events_of(chain([first], lines)):
                    yield event
                    after, since = event.id, time.monotonic()
                    if event.event == "finished":
                        return
        except ConnectionError:
            if time.monotonic() - since > _PATIENCE:
                raise
        except Refused as error:
            if error.code not in _LATER or time.monotonic() - since > _PATIENCE:
                raise
        sleep(_PAUSE)


def events_of(lines: Iterable[str]) -> Iterator[JobEvent]:
    """Take a stream apart, as the HTML standard says (section 9.2.6): a blank line ends an event."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name:  # else it is a comment
                fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield JobEvent(
                fields.get("id", ""),
                fields.get("event", "message"),
                msgspec.json.decode(fields["data"], type=dict[str, Any]),
            )
            fields = {}
        else:
            fields = {}
