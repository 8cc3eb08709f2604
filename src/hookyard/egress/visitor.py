"""Asking what a sender wants to be asked: its certificates, and the URL that confirms a subscription.

The URL is the word of somebody outside, verified or not, so every one passes the guard, and leads to https on its own
port only.
"""

import asyncio
import ssl
from hashlib import sha256
from importlib.metadata import version
from typing import Final

from hookyard.config.model import OutboundSettings
from hookyard.egress.clients import ClientSettings, async_client
from hookyard.egress.fetch import PATIENCE, read
from hookyard.egress.resolver import Resolver
from hookyard.egress.rules import Rules

_MOST_REMEMBERED: Final = 4096
_MOST_AT_ONCE: Final = 16


def visitor_rules(settings: OutboundSettings) -> Rules:
    """What holds for visits: of what webhooks may do the networks, and neither plain http nor other ports."""
    return Rules(allow_networks=settings.allow_networks, resolve_timeout=settings.connect_timeout.seconds)


class Visitor:
    """Asks URLs of senders. A visit is rare, so each has a client of its own and leaves no connection open.

    Args:
        rules: of the guard.
        resolver: from names to addresses; the machine's own if left out.
        trust: whose certificates are taken; those of the usual authorities if left out.
        patience: seconds, for all of a visit.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        resolver: Resolver | None = None,
        trust: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._resolver = resolver
        self._trust = trust
        self._patience = patience
        self._done: dict[bytes, None] = {}
        self._once: set[bytes] = set()
        self._asking: dict[bytes, asyncio.Task[bytes]] = {}
        self.use(rules)

    def use(self, rules: Rules) -> None:
        """Hold to these from now on."""
        self._settings = ClientSettings(rules=rules, timeout=self._patience, agent=f"Hookyard/{version('hookyard')}")

    async def get(self, url: str) -> bytes:
        """What is at a URL: no redirects, no proxies of the environment, and at most a MiB of it.

        Those who ask for the same URL meanwhile share one request, and there are never more than a few at once.

        Raises:
            OSError: it may not be asked for, cannot be had, is too large, or too many others are being asked.
        """
        # A caller that goes away does not take the answer from the others.
        return await asyncio.shield(self._task(url, _key(url)))

    async def visit(self, url: str) -> None:
        """Ask a URL, once: whoever comes with it again, or meanwhile, has what the one visit came to.

        Raises:
            OSError: it may not be asked for, or did not answer 200. Whoever comes with it then makes another visit.
        """
        key = _key(url)
        if key in self._done:
            return
        task = self._task(url, key)
        self._once.add(key)
        await asyncio.shield(task)

    def _task(self, url: str, key: bytes) -> asyncio.Task[bytes]:
        task = self._asking.get(key)
        if task is None:
            if len(self._asking) >= _MOST_AT_ONCE:
                msg = f"{_MOST_AT_ONCE} others are being asked"
                raise OSError(msg)
            task = self._asking[key] = asyncio.create_task(self._read(url), name="hookyard-visit")
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    async def _read(self, url: str) -> bytes:
        async with async_client(self._settings, resolver=self._resolver, trust=self._trust) as client:
            return await read(client, url, patience=self._patience)

    def _ended(self, key: bytes, task: asyncio.Task[bytes]) -> None:
        del self._asking[key]
        once = key in self._once
        self._once.discard(key)
        # The error is looked at in any case: all that asked may have gone away.
        if task.cancelled() or task.exception() is not None or not once:
            return
        if len(self._done) >= _MOST_REMEMBERED:
            del self._done[next(iter(self._done))]
        self._done[key] = None

    async def aclose(self) -> None:
        """End the visits that are under way."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _key(url: str) -> bytes:
    return sha256(url.encode()).digest()
