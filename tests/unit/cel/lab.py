"""What the tests of expressions share: one variable, `event`."""

import json
from collections.abc import Mapping
from typing import Final

from hookyard.cel import Expression, Kind

EVENT: Final[Mapping[str, Kind]] = {"event": "any"}


def evaluated(expression: Expression, event: object) -> object:
    """The value of an expression for this event."""
    return expression.evaluate({"event": event}, json.dumps(event).encode())


def value(text: str, event: object) -> object:
    """The same, of its text."""
    return evaluated(Expression(text, EVENT), event)
