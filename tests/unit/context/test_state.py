"""Typed values under keys, with compare-and-set, in both forms."""

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest
from msgspec import Struct

from hookyard import ContextError, Entry, StateConflict
from hookyard.context import state
from hookyard.context.messages import PutState
from hookyard.context.state import LARGEST_VALUE
from hookyard.testing import FakeContext, FakePort, FakeSyncContext


class Cursor(Struct):
    at: int = 0


def advanced(cursor: Cursor) -> Cursor:
    return Cursor(cursor.at + 1)


def test_an_async_command_keeps_typed_values() -> None:
    async def story() -> None:
        state = FakeContext().state
        assert await state.get("cursor", Cursor) is None
        assert await state.get("cursor", Cursor, Cursor(9)) == Cursor(9)
        assert await state.put("cursor", Cursor(1)) == 1
        assert await state.get("cursor", Cursor) == Cursor(1)
        assert await state.entry("cursor", Cursor) == Entry("cursor", Cursor(1), 1)
        assert await state.put("cursor", Cursor(2), expected=1) == 2
        with pytest.raises(StateConflict) as caught:
            await state.put("cursor", Cursor(3), expected=1)
        assert caught.value.version == 2
        await state.delete("cursor", expected=2)
        assert await state.get("cursor", Cursor) is None
        assert await state.update("cursor", Cursor, advanced, Cursor()) == Cursor(1)
        assert await state.update("cursor", Cursor, advanced, Cursor()) == Cursor(2)

    asyncio.run(story())


def test_a_sync_command_keeps_typed_values() -> None:
    state = FakeSyncContext().state
    assert state.get("cursor", Cursor) is None
    assert state.get("cursor", Cursor, Cursor(9)) == Cursor(9)
    assert state.put("cursor", Cursor(1)) == 1
    assert state.get("cursor", Cursor) == Cursor(1)
    assert state.entry("cursor", Cursor) == Entry("cursor", Cursor(1), 1)
    with pytest.raises(StateConflict):
        state.put("cursor", Cursor(3), expected=0)
    state.delete("cursor", expected=1)
    assert state.entry("cursor", Cursor) is None
    assert state.update("cursor", Cursor, advanced, Cursor()) == Cursor(1)


def test_an_update_tries_again_when_somebody_was_faster_and_gives_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "LONGEST_PAUSE", 0.0)
    ctx = FakeSyncContext()
    rivals = 3

    def contested(cursor: Cursor) -> Cursor:
        nonlocal rivals
        if rivals:
            rivals -= 1
            ctx.host.ask_blocking(PutState("cursor", b'{"at":10}'))
        return advanced(cursor)

    assert ctx.state.update("cursor", Cursor, contested, Cursor()) == Cursor(11)
    rivals = 1000
    with pytest.raises(StateConflict):
        ctx.state.update("cursor", Cursor, contested, Cursor())


def test_an_update_outlasts_others_that_are_faster_for_a_while() -> None:
    sync, ctx = FakeSyncContext(), FakeContext()

    def contested(host: FakePort) -> Callable[[Cursor], Cursor]:
        until: float | None = None

        def change(cursor: Cursor) -> Cursor:
            nonlocal until
            now = monotonic()
            if until is None:
                until = now + 0.2  # from its first try, however long that took to come
            if now < until:
                host.ask_blocking(PutState("cursor", b'{"at":10}'))
            return advanced(cursor)

        return change

    assert sync.state.update("cursor", Cursor, contested(sync.host), Cursor()) == Cursor(11)
    assert asyncio.run(ctx.state.update("cursor", Cursor, contested(ctx.host), Cursor())) == Cursor(11)


def test_all_keys_and_entries_of_a_prefix_are_found_page_by_page() -> None:
    async def story() -> None:
        ctx = FakeContext()
        for number in range(450):
            await ctx.state.put(f"n/{number:03}", number)
        await ctx.state.put("other", 1)
        expected = [f"n/{number:03}" for number in range(450)]
        assert await ctx.state.keys("n/") == expected
        assert [entry.key async for entry in ctx.state.items(int, "n/")] == expected
        assert len(await ctx.state.keys()) == 451

    asyncio.run(story())
    ctx = FakeSyncContext()
    for number in range(205):
        ctx.state.put(f"n/{number:03}", number)
    assert [entry.value for entry in ctx.state.items(int)] == list(range(205))
    assert len(ctx.state.keys("n/2")) == 5


@pytest.mark.parametrize("key", ["", "x" * 201, "line\nbreak", "\ud800"])
def test_a_key_that_cannot_be_is_refused(key: str) -> None:
    with pytest.raises(ContextError, match="1 to 200 printable characters"):
        FakeSyncContext().state.put(key, 1)


def test_a_value_that_is_too_large_is_refused_and_one_of_another_type_said_so() -> None:
    state = FakeSyncContext().state
    with pytest.raises(ContextError, match=f"may have {LARGEST_VALUE}"):
        state.put("big", "x" * LARGEST_VALUE)
    state.put("cursor", {"at": "here"})
    with pytest.raises(ContextError, match=r"the state 'cursor' is no Cursor: .* at \$\.at"):
        state.get("cursor", Cursor)
