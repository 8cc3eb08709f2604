"""The egress guard: nothing is sent before its URL, its port and every address of its host have passed here.

What passes is a :class:`Target`: the URL and the very addresses that were checked. The client connects to one
of those and asks no resolver again, so that a name which changes its answer in between (DNS rebinding) gains
nothing.
"""

import asyncio
from typing import Final

from msgspec import Struct

from hookyard.clock import Clock
from hookyard.egress.resolver import ResolveError, Resolver, system_resolver
from hookyard.egress.rules import EgressError, Judge, Rules
from hookyard.egress.urls import Url
from hookyard.errors import HookyardError

__all__ = ["EgressError", "Guard", "Target"]

TTL: Final = 30_000
"""Milliseconds for which the checked addresses of a URL are used again."""
FAILED_TTL: Final = 1_000
"""... and for which a name without an answer is not asked for again."""
_MOST_CACHED: Final = 4096


class Target(Struct, frozen=True):
    """What may be called: a URL and where its host was found."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    """All of them checked, best first; only these are connected to."""


class Guard:
    """Decides what may be called.

    Args:
        rules: schemes, ports and networks.
        clock: for the age of answers.
        resolver: the machine's own if left out.

    Raises:
        ValueError: `rules.allow_networks` has what is no CIDR.
    """

    def __init__(self, rules: Rules, clock: Clock, resolver: Resolver | None = None) -> None:
        self._judge = Judge(rules)
        self._clock = clock
        self._resolve = resolver or system_resolver(rules.resolve_timeout)
        self._found: dict[str, tuple[int, Target | HookyardError]] = {}
        self._asking: dict[str, asyncio.Task[Target]] = {}

    def check(self, url: str) -> Url:
        """All that can be said of a URL without asking a resolver.

        Raises:
            EgressError: it may not be called.
        """
        return self._judge.check(url)

    def known(self, url: str) -> Target | None:
        """The target of a URL that passed a moment ago; None means ask :meth:`target`."""
        found = self._found.get(url)
        if found is not None and found[0] > self._clock.now() and isinstance(found[1], Target):
            return found[1]
        return None

    async def target(self, url: str) -> Target:
        """Check a URL and every address of its host.

        Raises:
            EgressError: it may not be called.
            ResolveError: its host has no addresses now.
        """
        found = self._found.get(url)
        if found is not None and found[0] > self._clock.now():
            if isinstance(found[1], Target):
                return found[1]
            raise type(found[1])(str(found[1]))  # a fresh one: raising adds to an exception's traceback
        task = self._asking.get(url)
        if task is None:
            task = self._asking[url] = asyncio.ensure_future(self._ask(url))
            task.add_done_callback(lambda _: self._asking.pop(url, None))
        return await asyncio.shield(task)  # one caller's cancellation is not the others'

    async def _ask(self, url: str) -> Target:
        try:
            target = await self._checked(self.check(url))
        except (EgressError, ResolveError) as error:
            self._remember(url, FAILED_TTL, error)
            raise
        self._remember(url, TTL, target)
        return target

    async def _checked(self, url: Url) -> Target:
        found = (url.address,) if url.address is not None else await self._resolve(url.host, url.port)
        addresses = self._judge.addresses(found)
        return Target(url.text, url.scheme, url.host, url.port, addresses)

    def _remember(self, url: str, ttl: int, what: Target | HookyardError) -> None:
        if len(self._found) >= _MOST_CACHED:
            del self._found[next(iter(self._found))]
        self._found.pop(url, None)
        self._found[url] = (self._clock.now() + ttl, what)
