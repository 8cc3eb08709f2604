"""What a request to a receiver looks like: its headers, signatures among them, and its body."""

from typing import Protocol

from msgspec import Struct


class Rendered(Struct, frozen=True):
    """A request, ready to be sent."""

    headers: dict[str, str]
    """Names in lower case; without `host`, `content-length` and what else is the client's."""
    body: bytes


class Form(Protocol):
    """The form that one endpoint chose, with its secrets. Made once, used for every attempt."""

    def render(self, identifier: str, event: str, body: bytes, now: int) -> Rendered:
        """Sign one attempt.

        Args:
            identifier: the delivery's id, the same on every attempt.
            event: its type, such as `job.succeeded`.
            body: as it is stored: `{"type": ..., "timestamp": ..., "data": ...}`, compact JSON.
            now: milliseconds; of the attempt. Secrets whose time is over by then do not sign.
        """
        ...
