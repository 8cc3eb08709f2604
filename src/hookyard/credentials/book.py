"""The tokens of the store: kept there, and known to who asks for every request without asking the store."""

import asyncio
from typing import Final, Protocol

from msgspec.structs import replace

from hookyard import log
from hookyard.auth import Tokens
from hookyard.clock import Clock
from hookyard.credentials.facts import is_live
from hookyard.errors import HookyardError, Refused
from hookyard.model import AuditEntry, Token
from hookyard.store.audited import Write, audited
from hookyard.store.contract import PutToken, TouchTokens

WRITTEN_EVERY: Final = 5_000
"""Milliseconds between two times that what was used is written."""

_log = log.get("tokens")


class Reads(Protocol):
    """What it asks of a store."""

    async def tokens(self) -> tuple[Token, ...]:
        """All tokens, oldest first."""
        ...


class TokenBook:
    """Makes, changes and lists the tokens of the store; for one event loop.

    Args:
        tokens: those who get in; kept in step with the store.
        store: where they are read.
        write: applies an operation, and returns once it is on disk.
        clock: by which they expire.
    """

    def __init__(self, tokens: Tokens, store: Reads, write: Write, clock: Clock) -> None:
        self._tokens = tokens
        self._store = store
        self._write = write
        self._clock = clock
        self._changing = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Let in whom the store knows, and begin to write who was here."""
        self._tokens.hold(await self._store.tokens())
        self._writing = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Write what was used last."""
        self._stopping.set()
        if self._writing is not None:
            await self._writing
        await self._write_uses_or_say()

    async def all(self) -> tuple[Token, ...]:
        """Every token of the store, oldest first."""
        return await self._store.tokens()

    async def create(self, token: Token, audit: AuditEntry, *, may_reuse_name: bool) -> None:
        """Keep a new token, and let it in.

        Args:
            token: the new one.
            audit: the entry that says so.
            may_reuse_name: whether it may have the name of one that is over. What that one made is then its own.

        Raises:
            Refused: its name is taken.
        """
        async with self._changing:
            now = self._clock.now()
            named = [one for one in await self._store.tokens() if one.name == token.name]
            if token.name in self._tokens.configured_names or any(is_live(one, now) for one in named):
                raise Refused("exists", f"There is a token named {token.name!r}.", path="$.name")
            if named and not may_reuse_name:
                detail = f"There was a token named {token.name!r}; who has jobs:read may use its name again."
                raise Refused("exists", detail, path="$.name")
            await self._keep((token,), audit)

    async def revoke(self, token_id: str, audit: AuditEntry) -> None:
        """Let a token in no longer; nothing happens to one that is over.

        Raises:
            Refused: there is none.
        """
        async with self._changing:
            found = await self._find(token_id)
            now = self._clock.now()
            if is_live(found, now):
                await self._keep((replace(found, revoked_at=now),), audit)

    async def rotate(self, old: Token, new: Token, overlap: int, audit: AuditEntry) -> Token:
        """Keep a new token instead of an old one, which still gets in for `overlap` milliseconds.

        Returns:
            The old one as it is now.

        Raises:
            Refused: the old one is over, or was replaced before.
        """
        async with self._changing:
            found = await self._find(old.id)
            now = self._clock.now()
            if not is_live(found, now) or found.replaced_by is not None:
                raise Refused("token_ended")
            until = now + overlap if found.expires_at is None else min(now + overlap, found.expires_at)
            changed = replace(found, expires_at=until, replaced_by=new.id)
            await self._keep((new, changed), audit)
            return changed

    async def write_uses(self) -> None:
        """Write what was used since the last time."""
        self._tokens.forget_expired()
        uses = self._tokens.take_uses()
        if uses:
            await self._write(TouchTokens(now=self._clock.now(), uses=uses))

    async def _find(self, token_id: str) -> Token:
        found = next((one for one in await self._store.tokens() if one.id == token_id), None)
        if found is None:
            raise Refused("not_found", "There is no such token.")
        return found

    async def _keep(self, tokens: tuple[Token, ...], audit: AuditEntry) -> None:
        # A task of its own: who asked may go away, and what is on disk and who gets in are never two things.
        task = asyncio.create_task(self._carry_out(tokens, audit))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.shield(task)

    async def _carry_out(self, tokens: tuple[Token, ...], audit: AuditEntry) -> None:
        now = self._clock.now()
        puts = (PutToken(now=now, token=token) for token in tokens)
        await audited(self._write, audit, *puts)
        for token in tokens:
            self._tokens.put(token)

    async def _keep_writing(self) -> None:
        while not await self._clock.wait(self._stopping, self._clock.now() + WRITTEN_EVERY):
            await self._write_uses_or_say()

    async def _write_uses_or_say(self) -> None:
        try:
            await self.write_uses()
        except HookyardError as error:
            # What could not be written is not counted: a number for people, not a promise.
            _log.warning("tokens.uses_lost", reason=str(error))
