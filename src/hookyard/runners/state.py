"""All that a plugin keeps, for those whose every call is handed it."""

from typing import Final

from msgspec import Raw

from hookyard.context.messages import ListState
from hookyard.context.port import Port
from hookyard.errors import PluginFailed

STATE: Final = 1 << 20
"""Bytes of all that a plugin keeps, keys and values: no call makes it more."""
GIVEN: Final = 64 << 20
"""Bytes that a call can be given: jobs that run at the same time may each have added to it, and one must tidy up."""
_NAMED: Final = 3
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
        if size > GIVEN:
            largest = sorted(found, key=lambda key: len(bytes(found[key])), reverse=True)[:_NAMED]
            sizes = ", ".join(f"{key!r} of {len(bytes(found[key]))} bytes" for key in largest)
            problem = f"the plugin keeps more state than the {GIVEN >> 20} MiB a call can be given, such as {sizes}"
            raise PluginFailed(command, problem, code="state_too_large", retryable=False)
        if len(page) < _PAGE:
            return found
        after = page[-1].key


def too_much(size: int, before: int) -> str | None:
    """Why state of so many bytes is not kept; one that was too large already may become smaller, or stay."""
    if size <= max(STATE, before):
        return None
    return f"it would keep {size} bytes of state, and {STATE >> 20} MiB are the most"
