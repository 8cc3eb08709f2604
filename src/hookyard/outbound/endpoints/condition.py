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

    __slots__ = ("_expression", "_failures", "_next_line", "text")

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self._expression = _compiled(text)
        self._failures = 0
        self._next_line = 1

    def holds(self, told: Told, endpoint: str) -> bool:
        """Whether an endpoint wants the event."""
        try:
            value = self._expression.evaluate({"type": told.event, "data": told.data}, told.body)
        except Failed as error:
            advice = "; use has(...) for what an event may lack" if error.absent else ""
            self._fail(told, endpoint, error.why + advice)
            return False
        if not isinstance(value, bool):
            self._fail(told, endpoint, "it is neither true nor false")
            return False
        return value

    def _fail(self, told: Told, endpoint: str, why: str) -> None:
        self._failures += 1
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
