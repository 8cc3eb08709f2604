"""Operations with their entry of the audit log."""

import asyncio
from collections.abc import Callable

import pytest

from hookyard.errors import StoreError
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, Token
from hookyard.store.audited import audited
from hookyard.store.contract import AuditQuery, Done, NotEmpty, Op, PutToken, Result
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

CLOCK = FakeClock()
IDS = IdSource(CLOCK)


def put(name: str, *, only_first: bool = False, token_id: str | None = None) -> PutToken:
    token = Token(
        id=token_id or IDS(), name=name, digest=name.encode(), scopes=(), created_at=CLOCK.now(), created_by="token:a"
    )
    return PutToken(now=CLOCK.now(), token=token, only_first=only_first)


def an_entry() -> AuditEntry:
    return AuditEntry(id=IDS(), at=CLOCK.now(), principal="token:a", action="token.create", target="x")


def writing(store: MemoryStore, applied: list[Op]) -> Callable[[Op], "asyncio.Future[Result]"]:
    def write(op: Op) -> "asyncio.Future[Result]":
        applied.append(op)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        future.set_result(store.apply([op])[0])
        return future

    return write


def test_operations_and_their_entry_are_one_operation_and_the_firsts_result_is_returned() -> None:
    async def work() -> None:
        store, applied, noted = MemoryStore(), list[Op](), an_entry()
        write = writing(store, applied)
        assert await audited(write, noted, put("a"), put("b")) == Done()
        assert await audited(write, an_entry(), put("c", only_first=True)) == NotEmpty()
        assert len(applied) == 2
        assert [token.name for token in await store.tokens()] == ["a", "b"]
        assert noted in (await store.audit(AuditQuery())).entries

    asyncio.run(work())


def test_without_an_entry_the_operation_goes_alone() -> None:
    async def work() -> None:
        store, applied, op = MemoryStore(), list[Op](), put("a")
        assert await audited(writing(store, applied), None, op) == Done()
        assert applied == [op]

    asyncio.run(work())


def test_one_that_contradicts_what_is_stored_is_an_error() -> None:
    async def work() -> None:
        store, noted = MemoryStore(), an_entry()
        write = writing(store, [])
        await audited(write, noted, put("a"))
        with pytest.raises(StoreError):
            await audited(write, noted, put("b"))

    asyncio.run(work())
