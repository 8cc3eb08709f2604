"""The book of tokens: what is on disk and who gets in are never two things."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256

import pytest

from hookyard.auth import Tokens
from hookyard.credentials import TokenBook
from hookyard.credentials.book import WRITTEN_EVERY
from hookyard.errors import Refused, StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, Token
from hookyard.store.contract import Op, PutToken, Result, TouchTokens
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


class Lab:
    """A book over a store in memory, whose writer can be held or fail."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ids = IdSource(self.clock)
        self.store = MemoryStore()
        self.tokens = Tokens([], self.clock)
        self.book = TokenBook(self.tokens, self.store, self.write, self.clock)
        self.failure: StoreUnavailable | None = None
        self.hold: asyncio.Event | None = None
        self.written: list[Op] = []

    async def write(self, op: Op) -> Result:
        """Apply it, once it may be."""
        if self.failure is not None:
            raise self.failure
        if self.hold is not None:
            await self.hold.wait()
        self.written.append(op)
        return self.store.apply([op])[0]

    def token(self, name: str = "ci", **more: object) -> Token:
        """A new one, whose text is its name."""
        return Token(
            id=self.ids(),
            name=name,
            digest=sha256(f"{name}{more.get('salt', '')}".encode()).digest(),
            scopes=("jobs:read",),
            created_at=self.clock.now(),
            created_by="token:root",
        )

    def entry(self, action: str = "token.create") -> AuditEntry:
        """An entry."""
        return AuditEntry(id=self.ids(), at=self.clock.now(), principal="token:root", action=action, target="x")

    async def create(self, token: Token) -> None:
        """Keep it."""
        await self.book.create(token, self.entry(), may_reuse_name=True)


def run(work: Callable[[Lab], Awaitable[None]]) -> None:
    """Run it in time, in a lab."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work(Lab())

    asyncio.run(bounded())


async def turns() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_what_the_store_has_gets_in_from_the_start() -> None:
    async def work(lab: Lab) -> None:
        lab.store.apply([PutToken(now=lab.clock.now(), token=lab.token())])
        assert lab.tokens.authenticate(b"ci") is None
        await lab.book.start()
        assert lab.tokens.authenticate(b"ci") is not None
        await lab.book.stop()

    run(work)


def test_a_token_gets_in_once_it_is_on_disk_and_not_before() -> None:
    async def work(lab: Lab) -> None:
        lab.hold = asyncio.Event()
        making = asyncio.create_task(lab.create(lab.token()))
        await turns()
        assert lab.tokens.authenticate(b"ci") is None
        lab.hold.set()
        await making
        assert lab.tokens.authenticate(b"ci") is not None

    run(work)


def test_a_change_whose_asker_went_away_is_carried_out_in_the_store_and_at_the_door() -> None:
    async def work(lab: Lab) -> None:
        token = lab.token()
        await lab.create(token)
        lab.hold = asyncio.Event()
        revoking = asyncio.create_task(lab.book.revoke(token.id, lab.entry("token.revoke")))
        await turns()
        revoking.cancel()
        await asyncio.wait([revoking])
        assert revoking.cancelled()
        lab.hold.set()
        await turns()
        assert lab.tokens.authenticate(b"ci") is None
        [kept] = await lab.book.all()
        assert kept.revoked_at is not None

    run(work)


def test_a_change_that_the_store_does_not_take_is_none() -> None:
    async def work(lab: Lab) -> None:
        token = lab.token()
        await lab.create(token)
        lab.failure = StoreUnavailable("full")
        with pytest.raises(StoreUnavailable):
            await lab.book.revoke(token.id, lab.entry())
        with pytest.raises(StoreUnavailable):
            await lab.create(lab.token("other"))
        assert lab.tokens.authenticate(b"ci") is not None
        assert lab.tokens.authenticate(b"other") is None

    run(work)


def test_of_two_tokens_of_one_name_at_once_one_is_made() -> None:
    async def work(lab: Lab) -> None:
        both = [lab.create(lab.token(salt=salt)) for salt in ("", "2")]
        ended = await asyncio.gather(*both, return_exceptions=True)
        [refused] = [each for each in ended if each is not None]
        assert isinstance(refused, Refused)
        assert refused.code == "exists"
        assert len(await lab.book.all()) == 1

    run(work)


def test_of_two_rotations_at_once_one_is_carried_out() -> None:
    async def work(lab: Lab) -> None:
        old = lab.token()
        await lab.create(old)
        both = [lab.book.rotate(old, lab.token(salt=salt), 1000, lab.entry()) for salt in ("2", "3")]
        ended = await asyncio.gather(*both, return_exceptions=True)
        assert [type(each) for each in ended] == [Token, Refused]
        assert lab.tokens.authenticate(b"ci2") is not None
        assert lab.tokens.authenticate(b"ci3") is None

    run(work)


def test_uses_are_written_every_few_seconds_in_one_operation_and_at_the_end() -> None:
    async def work(lab: Lab) -> None:
        await lab.create(lab.token())
        await lab.create(lab.token("other"))
        await lab.book.start()
        lab.written.clear()
        for _ in range(100):
            lab.tokens.authenticate(b"ci")
        lab.tokens.authenticate(b"other")
        await turns()
        assert lab.written == []
        lab.clock.advance(WRITTEN_EVERY)
        await turns()
        [op] = lab.written
        assert isinstance(op, TouchTokens)
        assert sorted(use.count for use in op.uses) == [1, 100]
        lab.clock.advance(WRITTEN_EVERY)
        await turns()
        assert lab.written == [op]
        lab.tokens.authenticate(b"ci")
        await lab.book.stop()
        assert [(token.name, token.uses) for token in await lab.book.all()] == [("ci", 101), ("other", 1)]
        assert all(token.last_used_at is not None for token in await lab.book.all())

    run(work)


def test_a_full_store_ends_neither_the_counting_nor_the_shutdown() -> None:
    async def work(lab: Lab) -> None:
        await lab.create(lab.token())
        await lab.book.start()
        await turns()
        lab.failure = StoreUnavailable("full")
        lab.tokens.authenticate(b"ci")
        lab.clock.advance(WRITTEN_EVERY)
        await turns()
        lab.failure = None
        lab.tokens.authenticate(b"ci")
        lab.clock.advance(WRITTEN_EVERY)
        await turns()
        assert [token.uses for token in await lab.book.all()] == [1]
        lab.failure = StoreUnavailable("full")
        lab.tokens.authenticate(b"ci")
        await lab.book.stop()

    run(work)
