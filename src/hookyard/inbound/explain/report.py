"""What is said of a case: what it is, whether it is signed, and what of it is wrong."""

from typing import Final

from msgspec.structs import replace

from hookyard.clock import rfc3339
from hookyard.errors import Refused
from hookyard.inbound.explain.case import Case
from hookyard.inbound.explain.explanation import Explanation
from hookyard.inbound.explain.sentences import sentence, shown
from hookyard.inbound.explain.times import apart
from hookyard.inbound.verifier import BadSignature, Key

_PRESENCE: Final = frozenset({"missing", "repeated"})


class Report:
    """Writes an explanation."""

    def __init__(self, case: Case) -> None:
        self.said = Explanation()
        self._case = case

    def begin(self) -> None:
        """Say what was captured, and what can be told before anything is verified."""
        capture, case = self._case.capture, self._case
        self.said.good(
            f"the capture is {capture.kind}: {capture.method}, {len(capture.headers)} headers, "
            f"a body of {len(capture.body)} bytes"
        )
        for note in capture.notes:
            self.said.note(note)
        if capture.method != "POST":
            self.said.note(f"its method is {capture.method}; events come by POST, the others only ask")
        if not case.request.body:
            self.said.note("its body is empty")
        for number, why in case.useless:
            self.said.bad(f"secret {number + 1} of {len(case.subject.secrets)} is of no use: {why}")
        if case.masked:
            self.said.bad(f"{shown(case.masked)} is there: another sender, who uses this one's headers too")

    def lacks(self, url: str) -> None:
        """Say that the sender's certificate is needed, which stands at this URL."""
        self.said.good("all that can be told without the sender's certificate is as it must be")
        self.said.bad(f"the certificate is needed, and nobody is asked here: give it by --document; it is at {url}")

    def signed(self, key: Key, at: int) -> None:
        """Say who signed it, and what event it is, or why it is refused although it is genuine."""
        case = self._case
        self._passed()
        self.said.good(f"it is signed{self.which(key, at)}")
        self.said.verified = case.masked is None
        try:
            found = case.subject.scheme.reader.read(
                replace(case.request, now=at), source=case.subject.name, keep_headers=False
            )
        except Refused as error:
            self.said.note(f"it is refused all the same, for what it holds: {error}")
            return
        ping = ", which only asks if anybody is there" if found.ping else ""
        self.said.good(f"it is the event {found.event!r}{ping}, with the delivery id {found.delivery}")

    def refused(self, error: BadSignature) -> None:
        """Say what is wrong, and what is not."""
        if error.step not in _PRESENCE:
            self._passed()
        if error.step == "mismatch":
            self.said.good("the signature is written as it must be")
        self.bad(error)

    def bad(self, error: BadSignature) -> None:
        """Say what is wrong."""
        self.said.bad(sentence(error, self._case.request, self._case.exemplar))

    def skewed(self, now: int, at: int, when: str) -> None:
        """Say how far the time of sending is off.

        Args:
            now: when it came.
            at: a time at which it would be in time.
            when: words for `now`.
        """
        early, late = self._case.bounds(at)
        sent = at if at in {early, late} else (early + late) // 2
        which = "before" if sent < now else "after"
        self._passed()
        self.said.bad(
            f"the time of sending, {rfc3339(sent)}, is {apart(now - sent)} {which} {when}, {rfc3339(now)}"
            + (f", and may be {apart(late - sent)} off" if late > at else "")
        )

    def which(self, key: Key, at: int) -> str:
        """Which of the secrets it was."""
        total = len(self._case.subject.secrets)
        if not total:
            return ""
        until = "" if key.until is None else f", which is good until {rfc3339(key.until)}"
        if key.until is not None and not key.good_at(at):
            until = f", which was good until {rfc3339(key.until)} only"
        return f" with secret {key.number + 1} of {total}{until}"

    def _passed(self) -> None:
        there = [name for name in self._case.exemplar.headers if name in self._case.request.headers]
        if there:
            self.said.good(f"what carries the signature is there: {', '.join(map(shown, there))}")
