"""What is looked at: a captured request before its source's verifier, as it came and at other times."""

from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.explain.exemplar import exemplar_of
from hookyard.inbound.explain.judge import Judge
from hookyard.inbound.explain.subject import Subject
from hookyard.inbound.explain.times import bounds, said, times
from hookyard.inbound.secrets import keys_of
from hookyard.inbound.verifier import BadSignature, Fetching, Key


class Case:
    """One request.

    Args:
        capture: what was captured.
        subject: the source that it is sent to.
        at: when it came, milliseconds UTC; None: when it says that it was sent.
        now: milliseconds UTC, for a request that says nothing about its time.
    """

    def __init__(self, capture: Capture, subject: Subject, at: int | None, now: int) -> None:
        self.capture, self.subject = capture, subject
        self.verifier = subject.scheme.verifier
        self.judge = Judge(self.verifier)
        stated = at if at is not None else said(capture)
        self.stated = stated is not None
        """Whether anybody said when it came."""
        self.request = capture.request(url=subject.url, now=now if stated is None else stated)
        self.exemplar = exemplar_of(self.verifier, self.request.now)
        self.useless: list[tuple[int, str]] = []
        """The secrets that can be none of this sender: the number, from 0, and why."""
        self.keys: Sequence[Key] = keys_of(subject.secrets, self.verifier, self.useless)

    @property
    def masked(self) -> bytes | None:
        """A header that gives another sender away."""
        return next((name for name in self.subject.scheme.never_with if name in self.request.headers), None)

    def verdict(self, at: int) -> Key | BadSignature:
        """What becomes of it at a time, with the keys that are good then."""
        return self.judge.judge(self.request, [key for key in self.keys if key.good_at(at)], at)

    def settled(self) -> tuple[int, Key | BadSignature]:
        """When it came: as it was said, or else when it is in time; and what becomes of it then."""
        now = self.request.now
        found = self.verdict(now)
        at = None if self.stated or not _out_of_time(found) else self.in_time()
        return (now, found) if at is None else (at, self.verdict(at))

    def in_time(self) -> int | None:
        """A time at which it is in time; None when there is none."""
        return next((at for at in times(self.request) if self._is_in_time(at)), None)

    def bounds(self, at: int) -> tuple[int, int]:
        """The first and the last time at which it is in time, around one at which it is."""
        return bounds(self._is_in_time, at)

    def needs(self, verifier: Fetching) -> str | None:
        """The URL of what its verifier needs, at a time at which the request is in time if there is one.

        Raises:
            BadSignature: as of :meth:`Fetching.needs`.
        """
        try:
            return verifier.needs(self.request)
        except BadSignature as error:
            if self.stated or not _out_of_time(error):
                raise
            for at in times(self.request):
                with suppress(BadSignature):
                    url = verifier.needs(replace(self.request, now=at))
                    self.request = replace(self.request, now=at)
                    return url
            raise

    def _is_in_time(self, at: int) -> bool:
        return not _out_of_time(self.judge.judge(self.request, self.keys, at))


def _out_of_time(found: Key | BadSignature) -> bool:
    return isinstance(found, BadSignature) and found.step == "timestamp_range"
