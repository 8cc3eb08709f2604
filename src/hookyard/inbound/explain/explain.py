"""Says why a captured request is refused, by asking its verifier about the request and about variations of it."""

from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from hookyard.clock import rfc3339
from hookyard.config.model import TemplateScheme
from hookyard.errors import Refused
from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.explain.exemplar import Exemplar, exemplar_of
from hookyard.inbound.explain.explanation import Explanation
from hookyard.inbound.explain.judge import Judge
from hookyard.inbound.explain.looks import looks_like, others
from hookyard.inbound.explain.secrets import variants
from hookyard.inbound.explain.sentences import sentence, shown
from hookyard.inbound.explain.styles import LARGEST
from hookyard.inbound.explain.subject import Subject, current
from hookyard.inbound.explain.templates import templates
from hookyard.inbound.explain.times import apart, bounds, said, times
from hookyard.inbound.explain.variations import Variations
from hookyard.inbound.verifier import BadSignature, Fetching, Key
from hookyard.webhook_secret import SecretError

_SMALL: Final = 64 << 10
"""Bytes of a body whose every variation is tried with every variation of the secrets; of a larger one only itself."""
_PRESENCE: Final = frozenset({"missing", "repeated"})
_LATE: Final = frozenset({"mismatch", "no_secret", "certificate", "content_digest", "coverage"})


def explain(
    capture: Capture, subject: Subject, *, at: int | None, now: int, document: bytes | None = None
) -> Explanation:
    """Explain what becomes of a captured request.

    Args:
        capture: the request.
        subject: the source that it is sent to.
        at: when it came, milliseconds UTC; None: when it says that it was sent.
        now: milliseconds UTC, for a request that says nothing about its time.
        document: what stands at the URL that the verifier needs, such as a certificate.
    """
    return _Inquiry(capture, subject, at, now).run(document)


class _Inquiry:
    def __init__(self, capture: Capture, subject: Subject, at: int | None, now: int) -> None:
        self._capture, self._subject, self._at = capture, subject, at
        self._said = Explanation()
        self._judge = Judge(subject.verifier)
        stated = at if at is not None else said(capture)
        self._request = capture.request(url=subject.url, now=now if stated is None else stated)
        self._stated = stated is not None
        self._exemplar: Exemplar = exemplar_of(subject.verifier, self._request.now)
        self._variations = Variations(self._judge, capture, self._exemplar)

    def run(self, document: bytes | None) -> Explanation:
        """All of it."""
        self._begin()
        keys = self._keys()
        masked = [name for name in self._subject.never_with if name in self._request.headers]
        if masked:
            self._said.bad(f"{shown(masked[0])} is there: another sender, who uses this one's headers too")
        if not self._fetched(document):
            return self._said
        now, found = self._settle(keys)
        if isinstance(found, Key):
            self._signed_by(found, now, fine=not masked)
        elif found.step == "timestamp_range" and self._skewed(keys, now):
            pass
        else:
            self._report(found)
            self._search(keys, now, found)
        if not self._said.verified:
            self._resembles(keys, now)
        return self._said

    # --- what is looked at -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        capture, request = self._capture, self._request
        self._said.good(
            f"the capture is {capture.kind}: {capture.method}, {len(capture.headers)} headers, "
            f"a body of {len(capture.body)} bytes"
        )
        for note in capture.notes:
            self._said.note(note)
        if capture.method != "POST":
            self._said.note(f"its method is {capture.method}; events come by POST, the others only ask")
        if not request.body:
            self._said.note("its body is empty")

    def _keys(self) -> list[Key]:
        problems: list[tuple[int, str]] = []
        keys = self._subject.keys(problems)
        for number, why in problems:
            self._said.bad(f"secret {number + 1} of {len(self._subject.secrets)} is of no use: {why}")
        return keys

    def _fetched(self, document: bytes | None) -> bool:
        """Whether the verifier has all that it needs of its sender."""
        verifier = self._subject.verifier
        if not isinstance(verifier, Fetching):
            return True
        try:
            url = self._needed(verifier)
            if url is not None and document is not None:
                verifier.take(url, document)
        except BadSignature as error:
            self._said.bad(sentence(error, self._request, self._exemplar))
            return False
        if url is None or document is not None:
            return True
        self._said.good("all that can be told without the sender's certificate is as it must be")
        self._said.bad(f"the certificate is needed, and nobody is asked here: give it by --document; it is at {url}")
        return False

    def _needed(self, verifier: Fetching) -> str | None:
        """What is needed, at a time at which the request is in time if there is one."""
        try:
            return verifier.needs(self._request)
        except BadSignature as error:
            if self._stated or error.step != "timestamp_range":
                raise
            for at in times(self._request):
                with suppress(BadSignature):
                    url = verifier.needs(replace(self._request, now=at))
                    self._request = replace(self._request, now=at)
                    return url
            raise

    def _settle(self, keys: list[Key]) -> tuple[int, Key | BadSignature]:
        """When it came: as it was said, or else when it is in time; and what becomes of it then."""
        now = self._request.now
        found = self._judge.judge(self._request, current(keys, now), now)
        if self._stated or not _out_of_time(found):
            return now, found
        at = self._in_time(keys)
        return (now, found) if at is None else (at, self._judge.judge(self._request, current(keys, at), at))

    def _in_time(self, keys: list[Key]) -> int | None:
        for at in times(self._request):
            if not _out_of_time(self._judge.judge(self._request, keys, at)):
                return at
        return None

    # --- what is said ----------------------------------------------------------------------------------------------

    def _signed_by(self, key: Key, now: int, *, fine: bool) -> None:
        self._passed()
        self._said.good(f"it is signed{self._which(key, now)}")
        self._read(now)
        self._said.verified = fine

    def _read(self, now: int) -> None:
        """Say what event it is, or why it is refused although it is genuine."""
        if self._subject.made is None:
            return
        try:
            found = self._subject.made.reader.read(
                replace(self._request, now=now), source=self._subject.name, keep_headers=False
            )
        except Refused as error:
            self._said.note(f"it is refused all the same, for what it holds: {error}")
            return
        ping = ", which only asks if anybody is there" if found.ping else ""
        self._said.good(f"it is the event {found.event!r}{ping}, with the delivery id {found.delivery}")

    def _passed(self) -> None:
        there = [name for name in self._exemplar.headers if name in self._request.headers]
        if there:
            self._said.good(f"what carries the signature is there: {', '.join(map(shown, there))}")

    def _which(self, key: Key, now: int) -> str:
        """Which of the secrets it was."""
        total = len(self._subject.secrets)
        if not total:
            return ""
        until = "" if key.until is None else f", which is good until {rfc3339(key.until)}"
        if key.until is not None and key.until <= now:
            until = f", which was good until {rfc3339(key.until)} only"
        return f" with secret {key.number + 1} of {total}{until}"

    def _report(self, error: BadSignature) -> None:
        if error.step not in _PRESENCE:
            self._passed()
        if error.step == "mismatch":
            self._said.good("the signature is written as it must be")
        self._said.bad(sentence(error, self._request, self._exemplar))

    def _skewed(self, keys: list[Key], now: int) -> bool:
        """Say how far the time of sending is off; False when it cannot be told."""
        at = self._in_time(keys)
        if at is None:
            return False
        early, late = bounds(lambda when: not _out_of_time(self._judge.judge(self._request, keys, when)), at)
        sent = at if at in {early, late} else (early + late) // 2
        which = "before" if sent < now else "after"
        when = "--at" if self._at is not None else "the time that the capture says it came"
        self._passed()
        self._said.bad(
            f"the time of sending, {rfc3339(sent)}, is {apart(now - sent)} {which} {when}, {rfc3339(now)}"
            + (f", and may be {apart(late - sent)} off" if late > at else "")
        )
        found = self._judge.judge(self._request, current(keys, at), at)
        if isinstance(found, Key):
            self._said.good(f"the signature is good{self._which(found, at)}: only the clocks differ, or it came late")
        else:
            self._said.bad(sentence(found, self._request, self._exemplar))
            self._search(keys, at, found)
        return True

    # --- what would have been good ---------------------------------------------------------------------------------

    def _search(self, keys: list[Key], now: int, error: BadSignature) -> None:
        made = variants(self._subject.verifier, self._subject.secrets, keys, self._exemplar.material)
        words = {id(variant.key): variant.says for variant in made}
        every = [*keys, *(variant.key for variant in made)]
        for says, request in self._variations.of(replace(self._request, now=now), every, error):
            all_keys = len(request.body) <= _SMALL or request.body is self._request.body
            found = self._judge.judge(request, every if all_keys else keys, now)
            if isinstance(found, Key):
                self._found(says, words.get(id(found)), found, now)
                return
            if self._judge.tired:
                self._said.note("the body is so large that not all was tried")
                return
        if len(self._request.body) > LARGEST:
            self._said.note(f"a body of more than {LARGEST >> 20} MiB is not tried as JSON that is written otherwise")
        if error.step in _LATE or error.step == "malformed":
            self._said.note(
                f"none of {self._judge.asked} variations of the request and the secrets verifies: "
                "another secret signed it, or the body is another one"
            )

    def _found(self, says: str, secret: str | None, key: Key, now: int) -> None:
        total = len(self._subject.secrets)
        what = [says] if says else []
        if secret is not None:
            what.append(f"the sender's key is secret {key.number + 1} of {total} {secret}")
        if key.until is not None and key.until <= now:
            what.append(f"it is signed{self._which(key, now)}")
        elif secret is None and total:
            what.append(f"it was signed with secret {key.number + 1} of {total}")
        self._said.note(f"found: {'; '.join(what)}")

    def _resembles(self, keys: list[Key], now: int) -> None:
        """Say whose request it looks like, and whose it is for sure."""
        look = looks_like(self._request, self._subject.scheme)
        if look is not None:
            has = ", ".join(sorted(map(shown, look.proof)))
            self._said.note(f"this looks like {look.title}: it has {has} (`scheme: {look.name}`)")
        if not keys and not self._subject.secrets:
            return
        if self._subject.template is not None and self._other_template(self._subject.template, keys, now):
            return
        for title, verifier in others(self._subject.scheme):
            made: list[Key] = []
            for given in self._subject.secrets:
                try:
                    made.append(Key(material=verifier.load(given.text), number=given.number))
                except SecretError:
                    continue
            if made and isinstance(Judge(verifier).judge(self._request, made, now), Key):
                self._said.note(f"with these secrets it is good for {title}")
                return

    def _other_template(self, template: TemplateScheme, keys: list[Key], now: int) -> bool:
        """Say by which template that is almost the source's own it would be good."""
        for says, verifier in templates(template, self._request):
            found = Judge(verifier).judge(self._request, keys, now)
            if isinstance(found, Key):
                self._said.note(f"it is good {says}{self._which(found, now)}")
                return True
        return False


def _out_of_time(found: Key | BadSignature) -> bool:
    return isinstance(found, BadSignature) and found.step == "timestamp_range"
