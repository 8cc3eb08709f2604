"""Whether the process lives, and whether it can take work."""

import asyncio
from typing import Literal

from hookyard.errors import Refused, StoreUnavailable
from hookyard.store.contract import Store

_PATIENCE = 2.0


class Health:
    """Where the process is in its life; the service moves it on."""

    def __init__(self) -> None:
        self.state: Literal["starting", "ready", "draining"] = "starting"


async def check_ready(health: Health, store: Store) -> None:
    """Return when work can be taken.

    Raises:
        Refused: it cannot; the code says why in one word.
    """
    if health.state != "ready":
        raise Refused(health.state, retry_after=1)
    try:
        async with asyncio.timeout(_PATIENCE):
            await store.ready()
    except TimeoutError as error:
        raise StoreUnavailable("The store does not answer.") from error
