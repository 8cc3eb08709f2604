"""Whether the process lives, and whether it can take work."""

import asyncio
from typing import Literal

from hookyard.errors import Refused, StoreUnavailable
from hookyard.host.hooks import Hooks
from hookyard.store.contract import Store
from hookyard.store.write_probe import WriteProbe

_PATIENCE = 2.0
_RETRY_AFTER = 5


class Readiness:
    """Where the process is in its life; the service moves it on."""

    def __init__(self) -> None:
        self.state: Literal["starting", "ready", "draining"] = "starting"


async def check_ready(readiness: Readiness, store: Store, hooks: Hooks, probe: WriteProbe | None = None) -> None:
    """Return when work can be taken.

    Raises:
        Refused: it cannot; the code says why in one word.
    """
    if readiness.state != "ready":
        raise Refused(readiness.state, retry_after=1)
    await check_store(store, probe)
    if hooks.has_health:
        reports = await hooks.health()
        if any(report.critical and report.status == "failing" for report in reports.values()):
            # Anyone may ask this; which plugin it is stands in `/api/v1/health`.
            raise Refused("plugin_unavailable", "A critical plugin is failing.", retry_after=_RETRY_AFTER)


async def check_store(store: Store, probe: WriteProbe | None = None) -> None:
    """Return when the store can be used: it answers, and it took what was last written.

    Raises:
        StoreUnavailable: it cannot, or it does not answer in time; the detail says what of it.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            await store.ready()
    except TimeoutError as error:
        raise StoreUnavailable("The store does not answer.") from error
    if probe is not None:
        await probe.check()
