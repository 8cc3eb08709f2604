"""Keys that an issuer publishes: fetched at the start, now and then, and when a token names one that is not known."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from hookyard import log
from hookyard.auth.jwt.issuer import Issuer
from hookyard.auth.jwt.keys import BadKey, from_set
from hookyard.auth.jwt.scheme import JwtScheme
from hookyard.clock import Clock

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets what is at a URL. Raises OSError when that cannot be had."""

SOONEST: Final = 30_000
"""Milliseconds between two fetches that unknown keys ask for: made-up keys must not make us a flood."""
STALE: Final = 24 * 3_600_000
"""Milliseconds for which keys stay good while their issuer cannot be reached."""
_AFTER_FAILURE: Final = 30_000

_log = log.get("auth")


class Refresher:
    """Keeps the keys of all issuers with a `jwks_url` up to date.

    Args:
        clock: what the waits go by.
        fetch: gets a key set.
    """

    def __init__(self, clock: Clock, fetch: Fetch) -> None:
        self._clock = clock
        self._fetch = fetch
        self.scheme = JwtScheme(clock, self.want)
        self._due: dict[str, int] = {}
        self._tried: dict[str, int] = {}
        self._got: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._first = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def want(self, issuer: Issuer) -> None:
        """A token may be signed with a key of this issuer that is not known: look for it, but not too often."""
        url = issuer.settings.jwks_url
        if url is not None:
            soonest = self._tried.get(url, -SOONEST) + SOONEST
            if soonest < self._due.get(url, soonest + 1):
                self._due[url] = soonest
                self._wake.set()

    async def start(self, patience: float = 5.0) -> None:
        """Fetch what is there to be fetched, which is waited for a few seconds, and go on with it from time to time."""
        self._task = asyncio.create_task(self._for_ever(), name="hookyard-jwks")
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._first.wait()

    async def stop(self) -> None:
        """Fetch nothing more."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def changed(self) -> None:
        """The issuers are others now."""
        self._wake.set()

    def _urls(self) -> dict[str, int]:
        """What is fetched, and how long it is good."""
        issuers = self.scheme.issuers
        return {each.settings.jwks_url: int(each.settings.refresh) for each in issuers if each.settings.jwks_url}

    async def _for_ever(self) -> None:
        while not self._stopping:
            self._wake.clear()
            await self._refresh()
            self._first.set()
            due = [self._due[url] for url in self._urls() if url in self._due]
            await self._clock.wait(self._wake, min(due, default=self._clock.now() + STALE))

    async def _refresh(self) -> None:
        """Fetch what is due, all at once: an issuer that does not answer holds up no other one's keys."""
        now = self._clock.now()
        due = {url: good for url, good in self._urls().items() if self._due.get(url, now) <= now}
        await asyncio.gather(*(self._renew(url, good, now) for url, good in due.items()))

    async def _renew(self, url: str, good: int, now: int) -> None:
        self._tried[url] = now
        # Set before the fetch, so that nobody else begins it too.
        self._due[url] = now + good
        if not await self._take(url):
            self._due[url] = self._clock.now() + min(good, _AFTER_FAILURE)

    async def _take(self, url: str) -> bool:
        try:
            keys = from_set(await self._fetch(url))
        except (BadKey, OSError) as error:
            _log.warning("jwks.not_fetched", url=url, why=str(error))
            keys = ()
        now = self._clock.now()
        if keys:
            self._got[url] = now
        elif now - self._got.get(url, now - STALE) < STALE:
            return False  # those known before are still good
        for issuer in self.scheme.issuers:
            if issuer.settings.jwks_url == url:
                issuer.keys = keys
        self.scheme.forget()
        return bool(keys)
