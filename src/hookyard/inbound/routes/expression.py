"""Expressions of routes: of `event`, which is the body, `headers` and `source`."""

from collections.abc import Mapping
from typing import Final

from hookyard.cel import CelError, Expression, Failed, Kind, has_nul
from hookyard.inbound.received import Received

_VARIABLES: Final[Mapping[str, Kind]] = {"event": "any", "headers": "texts", "source": "texts"}
_SOURCE: Final = ("name", "event", "delivery")


class EventExpression:
    """A compiled expression of a received event.

    Raises:
        CelError: the text is none.
    """

    def __init__(self, text: str) -> None:
        self._expression = Expression(text, _VARIABLES)
        self.kind = self._expression.kind
        """The static type of its value; see :class:`hookyard.cel.Expression`."""
        unknown = [name for name in self._expression.members.get("source", ()) if name not in _SOURCE]
        if unknown:
            msg = f"source has no {unknown[0]!r}; it has {', '.join(_SOURCE)}"
            raise CelError(msg)
        names = self._expression.names
        self._event, self._source = "event" in names, "source" in names
        self.looks_at_headers = "headers" in names

    def evaluate(self, received: Received) -> object:
        """Return the value for this event, as JSON has it; times stay what Python has for them.

        Raises:
            Failed: it has none, or one that is much larger than the event.
            Refused: the event is no JSON (`invalid_json`).
        """
        values: dict[str, object] = {}
        if self._event:
            values["event"] = received.tree
        if self.looks_at_headers:
            values["headers"] = dict(received.headers)
        if self._source:
            source = {"name": received.source, "event": received.event, "delivery": received.delivery}
            if has_nul(source):
                why = "the event's name has the character U+0000"
                raise Failed(why)
            values["source"] = source
        return self._expression.evaluate(values, received.body)
