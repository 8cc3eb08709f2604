"""All that a plugin keeps, for those whose every call is handed it."""

from typing import Final

from msgspec import Raw

from hookyard.context.messages import ListState
from hookyard.context.port import Port
from hookyard.errors import PluginFailed

STATE: Final = 1 << 20
"""Bytes of all that a plugin keeps, keys and values: what a call can be given."""
_PAGE: Final = 200


async def all_state(port: Port, command: str) -> dict[str, Raw]:
    """What the plugin keeps, by key.

    Raises:
        PluginFailed: that is more than a call can be given.
    """
    found: dict[str, Raw] = {}
    size, after = 0, ""
    while True:
        page = await port.ask(ListState(after=after, limit=_PAGE))
        for entry in page:
            found[entry.key] = Raw(entry.value)
            size += len(entry.key) + len(entry.value)
        if size > STATE:
            problem = f"the plugin keeps more state than the {STATE >> 20} MiB that a call can be given"
            raise PluginFailed(command, problem, code="state_too_large", retryable=False)
        if len(page) < _PAGE:
            return found
        after = page[-1].key


def too_much(size: int) -> str | None:
    """Why state of so many bytes is not kept: no later call could be given it, not even one that deletes some."""
    if size <= STATE:
        return None
    return f"it would keep {size} bytes of state, and a call can be given {STATE >> 20} MiB"
