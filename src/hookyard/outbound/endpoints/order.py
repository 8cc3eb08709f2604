"""By what the deliveries of an endpoint are put in an order."""

from hashlib import sha256
from typing import Final

from hookyard.config.model import OrderSettings
from hookyard.jsonpath import Missing, look_up, parse_path
from hookyard.outbound.endpoints.told import Told

LONGEST: Final = 200
"""Characters of a key that is stored as it is; of a longer one the digest stands for it."""
_ATTEMPTS: Final = 3
_MEMBERS: Final = ("type", "timestamp", "data")


def path_problem(by: str) -> str | None:
    """Why a path can lead nowhere in a body; None when it can."""
    if not by.startswith("$"):
        return None
    steps = parse_path(by)
    if not steps:
        return f"{by!r} is not a path such as $.data.payload.customer"
    if steps[0] not in _MEMBERS:
        return f"a body has {', '.join(_MEMBERS)}, and no {steps[0]!r}"
    return None


class Order:
    """Finds the key of an event.

    Args:
        settings: checked before by :func:`path_problem`.
    """

    __slots__ = ("_by", "_steps", "pass_after")

    def __init__(self, settings: OrderSettings) -> None:
        self._by = settings.by
        self._steps = parse_path(settings.by) or ()
        self.pass_after: Final = (settings.attempts or _ATTEMPTS) if settings.head == "pass" else None
        """After how many failures of the first of an order the others go ahead."""

    def key(self, told: Told) -> str | None:
        """The key; None when the event has none, and so is in no order.

        At a path that is the text or the number there, in JSON's own kinds: `7` and `"7"` are one key.
        """
        if self._by == "endpoint":
            return ""
        if self._by == "job":
            return told.job_id
        if self._by == "command":
            return f"{told.plugin}/{told.command}"
        try:
            found = look_up(told.tree, self._steps, self._by)
        except Missing:
            return None
        if isinstance(found, bool) or not isinstance(found, str | int):
            return None
        text = str(found)
        return text if len(text) <= LONGEST else "sha256:" + sha256(text.encode()).hexdigest()
