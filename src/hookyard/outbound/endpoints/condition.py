"""The `if` of an endpoint: a CEL expression that must be true of an event."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from hookyard import log
from hookyard.cel import CelError, Expression, Failed, Kind
from hookyard.outbound.endpoints.told import Told

_log = log.get("outbound")
_VARIABLES: Final[Mapping[str, Kind]] = {"type": "text", "data": "any"}


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Expression:
    # What checks an endpoint and what makes it ask for the same.
    expression = Expression(text, _VARIABLES)
    if expression.kind not in ("BOOL", "DYN"):
        msg = f"it is {expression.kind}, but must be true or false"
        raise CelError(msg)
    return expression


class Condition:
    """A condition. Where it fails the event is not wanted, and that is logged: the 1st time, the 10th, the 100th, ...

    Args:
        text: the expression, of `type` and `data`.

    Raises:
        CelError: it is none, or neither true nor false.
    """

    __slots__ = ("_expression", "_failures", "_last", "_next_line", "text")

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self._expression = _compiled(text)
        self._failures = 0
        self._last = ""
        self._next_line = 1

    @property
    def trouble(self) -> str | None:
        """That it has failed since it was made, how often and how the last time; None when it never has."""
        if not self._failures:
            return None
        events = "1 event" if self._failures == 1 else f"{self._failures} events"
        return f"its `if` failed for {events}, which it was not told of; the last time: {self._last}"

    def ask(self, told: Told) -> bool | str:
        """Whether the event is wanted; or why it cannot be said, which :meth:`fail` is to be told."""
        try:
            value = self._expression.evaluate({"type": told.event, "data": told.data}, told.looked_at)
        except Failed as error:
            return error.why + ("; use has(...) for what an event may lack" if error.absent else "")
        return value if isinstance(value, bool) else "it is neither true nor false"

    def fail(self, told: Told, endpoint: str, why: str) -> None:
        """Note that it could not be said whether an endpoint wants an event."""
        self._failures += 1
        self._last = why
        if self._failures < self._next_line:
            return
        self._next_line *= 10
        _log.warning(
            "endpoint.condition_failed",
            endpoint=endpoint,
            webhook_event=told.event,
            job_id=told.job_id,
            event_id=told.event_id,
            problem=why,
            failures=self._failures,
        )
