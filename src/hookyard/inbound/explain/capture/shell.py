"""The words of one shell command, as POSIX shells and bash read them; nothing is expanded and nothing is run."""

import re
import sys
import unicodedata
from typing import Final

from hookyard.inbound.explain.capture.made import CaptureError

_ESCAPES: Final = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_CODE: Final = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_VARIABLE: Final = re.compile(r"\$(?:[A-Za-z_]\w*|[{(])|`")
_ENDS: Final = ";&|\n)"
_BLANKS: Final = " \t\r"


def words(text: str) -> list[str]:
    """Split the first command of a text into its words.

    Args:
        text: bytes that are no UTF-8 stand in it as `surrogateescape` has them, as they do in the words.

    Raises:
        CaptureError: a quote is not closed, or a word has a variable, whose value nobody knows here.
    """
    return _Reader(text).words()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def words(self) -> list[str]:
        """All up to the end of the command."""
        found: list[str] = []
        word: list[str] | None = None  # None between words: '' is a word too
        while self._at < len(self._text):
            char = self._text[self._at]
            if self._text.startswith(("\\\n", "\\\r\n"), self._at):
                self._at = self._text.index("\n", self._at) + 1
            elif char in _BLANKS or char in _ENDS:
                self._at += 1
                found += [] if word is None else ["".join(word)]
                word = None
                if char in _ENDS and found:
                    return found
            elif word is None and char == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                word = [] if word is None else word
                word.append(self._piece(char))
        return found if word is None else [*found, "".join(word)]

    def _piece(self, char: str) -> str:
        """A quoted part of a word, or one character of it."""
        if char == "'":
            return self._until("'")
        if char == '"':
            return self._double()
        if self._text.startswith("$'", self._at):
            self._at += 1
            return self._ansi()
        if char == "\\":
            self._at += 2
            return self._text[self._at - 1 : self._at]
        if char in "<>":
            raise self._wrong("a redirection, which is not followed; give the file by --data-binary @file")
        if char == "^" and self._text.startswith(('^"', "^\n", "^\r"), self._at):
            raise self._wrong("the quoting of Windows' cmd; copy it as cURL for bash")
        self._refuse_variable()
        self._at += 1
        return char

    def _until(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise self._wrong(f"a {quote} that is not closed")
        part = self._text[self._at + 1 : end]
        self._at = end + 1
        return part

    def _double(self) -> str:
        start, found = self._at, list[str]()
        self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return "".join(found)
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in {"$", "`", '"', "\\", "\n"}:
                following = self._text[self._at + 1 : self._at + 2]
                found.append("" if following == "\n" else following)
                self._at += 2
                continue
            self._refuse_variable()
            found.append(char)
            self._at += 1
        self._at = start
        raise self._wrong('a " that is not closed')

    def _ansi(self) -> str:
        start, found = self._at, list[str]()
        self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == "'":
                return "".join(found)
            found.append(self._escape() if char == "\\" else char)
        self._at = start
        raise self._wrong("a $' that is not closed")

    def _escape(self) -> str:
        code = _CODE.match(self._text, self._at)
        if code is None:
            char = self._text[self._at : self._at + 1]
            self._at += 1
            return _ESCAPES.get(char, "\\" + char)
        self._at = code.end()
        if code[1] or code[4]:
            return bytes([int(code[1] or "0", 16) or int(code[4] or "0", 8) & 0xFF]).decode("utf-8", "surrogateescape")
        number = int(code[2] or code[3], 16)
        if number > sys.maxunicode or unicodedata.category(chr(number)) == "Cs":
            raise self._wrong(f"the escape \\{code[0]}, which is no character")
        return chr(number)

    def _refuse_variable(self) -> None:
        found = _VARIABLE.match(self._text, self._at)
        if found is not None:
            raise self._wrong(f"{found[0]!r}, whose value is not known here; put it in, or quote it by '")

    def _wrong(self, what: str) -> CaptureError:
        line = self._text.count("\n", 0, self._at) + 1
        return CaptureError(f"line {line} of the curl command has {what}")
