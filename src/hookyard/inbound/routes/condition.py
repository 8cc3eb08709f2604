"""The `if` of a route: a CEL expression that must be true of an event."""

from hookyard import log
from hookyard.cel import CelError, Failed
from hookyard.inbound.problem import Found
from hookyard.inbound.received import Received
from hookyard.inbound.routes.expression import EventExpression

_log = log.get("inbound")


class Condition:
    """A condition. Where it fails it does not hold, and that is logged: the 1st time, the 10th, the 100th, ...

    Args:
        expression: whose value is true or false.
        where: its key path in the configuration.
    """

    def __init__(self, expression: EventExpression, where: str) -> None:
        self._expression = expression
        self._where = where
        self._failures = 0
        self._next_line = 1
        self.looks_at_headers = expression.looks_at_headers

    def holds(self, received: Received) -> bool:
        """Whether the event meets it.

        Raises:
            Refused: the event is no JSON (`invalid_json`).
        """
        try:
            value = self._expression.evaluate(received)
        except Failed as error:
            advice = "; use has(...) for what an event may lack" if error.absent else ""
            self._fail(received, error.why + advice)
            return False
        if not isinstance(value, bool):
            self._fail(received, "it is neither true nor false")
            return False
        return value

    def _fail(self, received: Received, why: str) -> None:
        self._failures += 1
        if self._failures < self._next_line:
            return
        self._next_line *= 10
        _log.warning(
            "route.condition_failed",
            place=self._where,
            source=received.source,
            webhook_event=received.event,
            delivery=received.delivery,
            problem=why,
            failures=self._failures,
        )


def compile_condition(text: str, where: str, problems: list[Found]) -> Condition | None:
    """Compile an `if`, and add what is wrong with it to `problems`.

    Args:
        text: as the configuration has it.
        where: its key path.
        problems: where to report.

    """
    try:
        expression = EventExpression(text)
    except CelError as error:
        problems.append((where, str(error)))
        return None
    if expression.kind not in ("BOOL", "DYN"):
        problems.append((where, f"it is {expression.kind}, but must be true or false"))
        return None
    return Condition(expression, where)
