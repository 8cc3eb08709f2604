"""What `hookyard listen` answers, as it is written on the command line: `500,429:retry-after=5,200`."""

import re
from collections.abc import Sequence
from typing import Final

from hookyard.cli.receiver import Reply

_STATUS: Final = re.compile(r"[2-5][0-9]{2}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection"})


class Answers:
    """The answers in their turn; the last one stays.

    Args:
        replies: at least one.
    """

    def __init__(self, replies: Sequence[Reply]) -> None:
        self._replies = tuple(replies)
        self._turn = 0

    def next(self) -> Reply:
        """The answer whose turn it is."""
        reply = self._replies[min(self._turn, len(self._replies) - 1)]
        self._turn += 1
        return reply


def parse_answers(text: str, wish: str | None = None) -> Answers:
    """Read answers.

    Args:
        text: statuses with commas between them, each perhaps with headers: `429:retry-after=5`.
        wish: what every answer asks of the sender in `webhook-delivery`: `disable` or `abort`.

    Raises:
        ValueError: it is none; the message says what is wrong.
    """
    asked = () if wish is None else (("webhook-delivery", wish),)
    return Answers([_reply(part.strip(), asked) for part in text.split(",")])


def _reply(text: str, asked: tuple[tuple[str, str], ...]) -> Reply:
    status, *headers = text.split(":")
    if not _STATUS.fullmatch(status):
        raise ValueError(f"{status!r} is no status from 200 to 599, such as 503 or 429:retry-after=5")
    return Reply(int(status), (*map(_header, headers), *asked))


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
        raise ValueError(f"{text!r} is no header such as retry-after=5")
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} is the server's own")
    return name.lower(), value.strip()
