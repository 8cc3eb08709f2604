"""What endpoints have that is never shown is brought under the first key, wherever it stands under another or none.

So an old key can be taken out of the configuration some time after a new one was put before it. It goes on in the
background, a hundred endpoints to a transaction. Each is written only where it still stands as it was read; what
changes endpoints waits for the transaction under way. What an end of the process leaves undone, the next start does.

What is written while a reload goes on is under the keys that come already, or under none where none come: the next
start has no others, however this process ends.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Final

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.outbound.courier import Writer
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.outbound.endpoints.entry import Entry
from hookyard.outbound.endpoints.keyring import Keyring, LockedError, key_of
from hookyard.outbound.endpoints.making import Maker
from hookyard.outbound.endpoints.private import encrypted_anew, with_private
from hookyard.store.contract import Done, Op, ReplacePrivate, Several, Together

_log = log.get("outbound")
AT_ONCE: Final = 100
"""Endpoints in one transaction."""
_FIRST_WAIT: Final = 1_000
_LONGEST_WAIT: Final = 60_000
NOT_ENCRYPTED: Final = "none"
"""What the log says instead of the id of a key, of what is not encrypted."""


class Encryption:
    """Does so, once at a time.

    Args:
        endpoints: whose rows are written.
        maker: has the keys.
        lock: held while they are.
        writer: takes them.
        clock: for the wait until a store that is unavailable is asked again.
    """

    def __init__(self, *, endpoints: Endpoints, maker: Maker, lock: asyncio.Lock, writer: Writer, clock: Clock) -> None:
        self._endpoints = endpoints
        self._maker = maker
        self._lock = lock
        self._writer = writer
        self._clock = clock
        self._again = False
        self._task: asyncio.Task[None] | None = None
        self._ends = asyncio.Event()

    def begin(self) -> None:
        """Look for what is to be encrypted anew, now or, when that is under way, again after it."""
        if self._ends.is_set():
            return
        self._again = True
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def drain(self) -> None:
        """Begin with nothing more, and wait for the transaction under way."""
        self._ends.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._again and not self._ends.is_set():
                self._again = False
                await self._all()
        except StoreError as error:
            _log.error("endpoint.secrets_not_encrypted", detail=str(error))
        finally:
            self._task = None

    async def _all(self) -> None:
        names = [entry.row.name for entry in self._endpoints if self._outdated(entry)]
        if not names:
            return
        rows = [entry.row for entry in map(self._endpoints.get, names) if entry is not None]
        under = Counter(key_of(row.private) or NOT_ENCRYPTED for row in rows)
        key = self._maker.keyring.first or NOT_ENCRYPTED
        _log.info("endpoint.secrets_outdated", key=key, under=dict(under))
        count, at, wait = 0, 0, _FIRST_WAIT
        while at < len(names) and not self._ends.is_set():
            try:
                count += await self._some(names[at : at + AT_ONCE])
            except StoreUnavailable as error:
                _log.warning("endpoint.encrypting_failed", detail=str(error))
                await self._clock.wait(self._ends, self._clock.now() + wait)
                wait = min(2 * wait, _LONGEST_WAIT)
                continue
            at, wait = at + AT_ONCE, _FIRST_WAIT
            await asyncio.sleep(0)  # what waits to change an endpoint has its turn
        _log.info("endpoint.secrets_encrypted", key=key, endpoints=count)

    async def _some(self, names: list[str]) -> int:
        """Encrypt those of them that still need it anew; how many did."""
        async with self._lock:
            found = (self._endpoints.get(name) for name in names)
            entries = [entry for entry in found if entry is not None and self._outdated(entry)]
            if not entries:
                return 0
            now, keyring = self._clock.now(), self._maker.keyring
            ops = [
                ReplacePrivate(
                    now=now, name=entry.row.name, epoch=entry.row.epoch, before=entry.row.private, after=renewed
                )
                for entry in entries
                if (renewed := _renewed(entry, keyring)) is not None
            ]
            written = await self._writer.submit(Together(now=now, ops=tuple[Op, ...](ops)))
            results = written.results if isinstance(written, Several) else ()
            done = [op for op, result in zip(ops, results, strict=False) if isinstance(result, Done)]
            for op in done:
                self._endpoints.put_private(op.name, op.before, op.after)
            return len(done)

    def _outdated(self, entry: Entry) -> bool:
        return entry.row.origin == "http" and not entry.locked and self._maker.keyring.outdated(entry.row.private)


def _renewed(entry: Entry, keyring: Keyring) -> bytes | None:
    """What is never shown of one, under the first key; None where it cannot be read."""
    with suppress(LockedError):
        return encrypted_anew(entry.row, keyring)
    # Its key was taken out when it had been read: what was read is as good.
    return None if entry.settings is None else with_private(entry.row, entry.private, keyring).private
