"""Says that the old secret of a rotation is still in use, so that it is known when nobody needs it any more."""

from datetime import UTC, datetime
from typing import Final

from hookyard import log
from hookyard.inbound.verifier import Key

_log = log.get("gateway")
_WITHIN: Final = 60_000
"""Milliseconds in which one line is written of each secret."""


class OldSecrets:
    """Of one source.

    Args:
        source: its name.
    """

    __slots__ = ("_said", "_source", "_unsaid")

    def __init__(self, source: str) -> None:
        self._source = source
        self._said: dict[int, int] = {}
        self._unsaid: dict[int, int] = {}

    def used(self, key: Key, now: int) -> None:
        """A request was signed with a secret that has an end."""
        number, until = key.number, key.until
        if until is None:
            return
        said = self._said.get(number)
        if said is not None and 0 <= now - said < _WITHIN:
            self._unsaid[number] = self._unsaid.get(number, 0) + 1
            return
        self._said[number] = now
        unsaid = self._unsaid.pop(number, 0)
        facts = {"unsaid": unsaid} if unsaid else {}
        end = datetime.fromtimestamp(until / 1000, UTC).isoformat()
        _log.warning("secret.old_used", source=self._source, number=number, until=end, **facts)
