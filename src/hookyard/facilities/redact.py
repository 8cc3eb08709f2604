"""Keeping secrets out of whatever a plugin's job leaves behind."""

import json
import re
from collections.abc import Iterable
from typing import Final, cast
from urllib.parse import quote, quote_plus

import msgspec

from hookyard.context.logger import CUT_END, CUT_START
from hookyard.model import ErrorInfo

SHORTEST: Final = 4
"""Characters of the shortest value that is looked for: a shorter one would be found everywhere."""
SHORTEST_LINE: Final = 8
"""The same for one line of a value that has several: such a line may be no more than a brace."""
MASK: Final = "***"
CUT: Final = " characters)"
"""What every note of a cut has."""
_NOTE: Final = re.compile(f"(?P<end>{CUT_END.pattern})|(?P<start>{CUT_START.pattern})")
_UNQUOTED: Final = ("", "/", "/!$&'()*+,;=:@?%")
"""What may stand in a URL as it is: as a part of it, in a path, and where whoever wrote it left that to the client."""


class Redactor:
    """Replaces every value of one plugin's secrets by `***`, in texts and in the strings and names of JSON.

    Numbers stay what they are, also where a secret has only digits.

    Args:
        values: the secrets.
    """

    __slots__ = ("_bytes", "_text", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._text: re.Pattern[str] | None = None
        self._bytes: re.Pattern[bytes] | None = None
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        """Look for this one too from now on, and for how tracebacks, JSON within a text and URLs show it.

        Of one with several lines, such as a key in PEM, each line is looked for too: a log may have them one by one.
        """
        forms = {form for form in (value, value.strip(), repr(value)[1:-1]) if len(form) >= SHORTEST}
        if len(value.strip()) >= SHORTEST:
            forms |= {json.dumps(value, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
            plain = value.encode(errors="replace")
            forms |= {quote_plus(plain), *(quote(plain, safe) for safe in _UNQUOTED)}
        if len(lines := value.splitlines()) > 1:
            forms |= {line for each in lines if len(line := each.strip()) >= SHORTEST_LINE}
        if not forms <= self._values:
            self._values |= forms
            # The longest first: of two secrets one may begin with the other.
            ordered = sorted(self._values, key=len, reverse=True)
            self._text = re.compile("|".join(map(re.escape, ordered)))
            self._bytes = re.compile(b"|".join(re.escape(form.encode(errors="replace")) for form in ordered))

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._text is None:
            return text
        # Where a text was cut before it came here, a part of a secret may be left. That comes first: of a secret with
        # several lines the whole ones are found by themselves, and what is left would no longer be its beginning.
        if CUT in text:
            text = self._beside_cuts(text)
        # Again, because the mask may complete another secret; every round makes the text shorter.
        while self._text.search(text):
            text = self._text.sub(MASK, text)
        return text

    def cut(self, text: str, longest: int) -> str:
        """So many characters of the text, without secrets; one that is as long already was cut where it ends."""
        return self.text(self._ending(text) if len(text) == longest else text)[:longest]

    def _beside_cuts(self, text: str) -> str:
        parts: list[str] = []
        at, begins = 0, False
        for note in _NOTE.finditer(text):
            part = text[at : note.start()]
            part = self._beginning(part) if begins else part
            begins = note.lastgroup == "start"
            parts += [part if begins else self._ending(part), note[0]]
            at = note.end()
        return "".join(parts) + (self._beginning(text[at:]) if begins else text[at:])

    def _ending(self, text: str) -> str:
        """Without the head of a secret that the text ends with."""
        begins = len(text)
        for form in self._values:
            at = text.find(form[0], max(0, len(text) - len(form)), begins)
            while at >= 0:
                if form.startswith(text[at:]):
                    begins = at
                    break
                at = text.find(form[0], at + 1, begins)
        return text if begins == len(text) else text[:begins] + MASK

    def _beginning(self, text: str) -> str:
        """Without the tail of a secret that the text begins with."""
        ends = 0
        for form in self._values:
            at = text.rfind(form[-1], ends, len(form))
            while at >= 0:
                if form.endswith(text[: at + 1]):
                    ends = at + 1
                    break
                at = text.rfind(form[-1], ends, at)
        return MASK + text[ends:] if ends else text

    def json(self, body: bytes) -> bytes:
        """The JSON without secrets; the very bytes where there are none."""
        # What JSON escapes has a backslash; everything else stands in it as it is.
        if self._bytes is None or (b"\\" not in body and CUT.encode() not in body and self._bytes.search(body) is None):
            return body
        try:
            found: object = msgspec.json.decode(body)
            cleaned = self.value(found)
            return body if cleaned == found else msgspec.json.encode(cleaned)
        except (msgspec.MsgspecError, RecursionError):
            return self._bytes.sub(MASK.encode(), body)

    def value(self, value: object) -> object:
        """A value of JSON's types without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            members = cast("dict[object, object]", value)
            return {self.value(name): self.value(member) for name, member in members.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(each) for each in cast("list[object]", value)]
        return value

    def error(self, error: ErrorInfo) -> ErrorInfo:
        """An error without secrets."""
        details = None if error.details is None else cast("dict[str, object]", self.value(error.details))
        return ErrorInfo(self.text(error.code), self.text(error.message), error.retryable, details)
