"""Bodies are read up to a size, within a time, and with the memory that there is for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from litestar.types import HTTPDisconnectEvent, HTTPRequestEvent
from tests.unit.gateway.lab import run

from hookyard.errors import Refused
from hookyard.gateway.bodies import Bodies
from hookyard.gateway.memory import LARGE, UNCOUNTED, Memory

Receive = Callable[[], Awaitable[HTTPRequestEvent | HTTPDisconnectEvent]]
MIB = 1 << 20


def pieces(*chunks: bytes, waits: bool = False) -> Receive:
    """A body in pieces; each comes at once, or after a turn of the loop."""
    left = list(chunks)

    async def receive() -> HTTPRequestEvent:
        if waits:
            await asyncio.sleep(0)
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    return receive


async def nothing() -> HTTPRequestEvent:
    """A caller that sends its head and no body."""
    await asyncio.Event().wait()
    raise AssertionError


def refusal(work: Awaitable[object]) -> Callable[[], Awaitable[Refused]]:
    async def caught() -> Refused:
        with pytest.raises(Refused) as found:
            await work
        return found.value

    return caught


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("sizes", [[0], [5], [5, 0], [0, 0, 5], [UNCOUNTED, 1], [MIB, MIB, 7], [3 * MIB]])
def test_a_body_is_what_its_pieces_are(sizes: Sequence[int], waits: bool) -> None:
    bodies, chunks = Bodies(), [bytes([65 + at]) * size for at, size in enumerate(sizes)]

    async def main() -> None:
        hold = bodies.hold("192.0.2.1")
        assert await bodies.read(pieces(*chunks, waits=waits), 8 * MIB, hold) == b"".join(chunks)
        hold.free()
        assert bodies.held == 0

    run(main())


def test_a_body_that_came_with_its_head_is_neither_copied_nor_counted() -> None:
    bodies, body = Bodies(), b"x" * 1000

    async def main() -> None:
        assert await bodies.read(pieces(body), MIB, None, 1000) is body
        assert bodies.held == 0

    run(main())


@pytest.mark.parametrize("sizes", [[11], [10, 1], [5, 5, 5]])
def test_a_body_over_the_cap_is_too_large(sizes: Sequence[int]) -> None:
    async def main() -> Refused:
        bodies = Bodies()
        return await refusal(bodies.read(pieces(*(b"x" * size for size in sizes)), 10, bodies.hold(None)))()

    error = run(main())
    assert (error.code, error.extra) == ("too_large", {"limit": 10})


def test_a_body_that_is_longer_than_it_said_is_refused() -> None:
    async def main() -> Refused:
        return await refusal(Bodies().read(pieces(b"x" * UNCOUNTED, b"x"), MIB, None, 5))()

    assert run(main()).code == "invalid_request"


@pytest.mark.parametrize("first", [b"", b"x" * 100])
def test_a_body_that_comes_too_slowly_is_given_up(first: bytes) -> None:
    async def slow() -> HTTPRequestEvent:
        if started:
            return await nothing()
        started.append(True)
        return {"type": "http.request", "body": first, "more_body": True}

    started: list[bool] = [] if first else [True]

    async def main() -> Refused:
        bodies = Bodies(timeout=20)
        return await refusal(bodies.read(slow, MIB, bodies.hold(None)))()

    error = run(main())
    assert (error.code, error.extra) == ("request_timeout", {"limit_ms": 20})


@pytest.mark.parametrize("before", [0, 1])
def test_a_caller_that_goes_away_is_refused(before: int) -> None:
    left = [b"x"] * before

    async def receive() -> HTTPRequestEvent | HTTPDisconnectEvent:
        await asyncio.sleep(0)
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": True}
        return {"type": "http.disconnect"}

    async def main() -> Refused:
        bodies = Bodies()
        return await refusal(bodies.read(receive, MIB, bodies.hold(None)))()

    assert run(main()).code == "invalid_request"


def test_a_reader_that_is_cancelled_leaves_nobody_waiting() -> None:
    ended: list[str] = []

    async def receive() -> HTTPRequestEvent:
        try:
            return await nothing()
        finally:
            ended.append("receive")

    async def main() -> None:
        bodies = Bodies()
        task = asyncio.create_task(bodies.read(receive, MIB, None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["receive"]

    run(main())


# --- memory -----------------------------------------------------------------------------------------------------


def test_a_large_body_takes_its_whole_length_once_a_mib_of_it_has_come_and_frees_it() -> None:
    async def main() -> None:
        bodies, held = Bodies(64 * MIB), list[int]()
        receive = pieces(*[b"x" * (UNCOUNTED // 2)] * 60)

        async def watched() -> HTTPRequestEvent | HTTPDisconnectEvent:
            held.append(bodies.held)
            return await receive()

        hold = bodies.hold("192.0.2.1")
        await bodies.read(watched, 8 * MIB, hold, 60 * UNCOUNTED // 2)
        assert sorted(set(held)) == [0, LARGE, 60 * UNCOUNTED // 2]
        assert held.index(LARGE) * (UNCOUNTED // 2) > UNCOUNTED
        assert bodies.held == 60 * UNCOUNTED // 2
        hold.free()
        hold.free()
        assert bodies.held == 0

    run(main())


def test_a_body_without_a_length_takes_as_much_as_one_may_have() -> None:
    async def main() -> None:
        bodies = Bodies(64 * MIB)
        hold = bodies.hold(None)
        await bodies.read(pieces(*[b"x" * MIB] * 2), 8 * MIB, hold)
        assert bodies.held == 8 * MIB
        hold.free()

    run(main())


def test_who_finds_no_room_waits_for_it_in_turn() -> None:
    async def main() -> None:
        memory, order = Memory(100), list[str]()

        async def take(who: str, size: int) -> None:
            await memory.take(who, size)
            order.append(who)

        await take("a", 50)
        await take("b", 50)
        tasks = [asyncio.create_task(take(who, size)) for who, size in (("c", 40), ("d", 10), ("e", 50))]
        await asyncio.sleep(0)
        assert order == ["a", "b"]
        memory.free("a", 50)
        await asyncio.gather(*tasks[:2])
        assert order == ["a", "b", "c", "d"]
        memory.free("b", 50)
        await asyncio.gather(*tasks)
        assert memory.held == 100

    run(main())


def test_one_address_has_at_most_half_and_holds_up_nobody_else() -> None:
    async def main() -> None:
        memory = Memory(100)
        await memory.take("a", 40)
        more = asyncio.create_task(memory.take("a", 20))
        await asyncio.sleep(0)
        await memory.take("b", 50)
        assert not more.done()
        memory.free("a", 40)
        await more
        assert memory.held == 70

    run(main())


def test_a_body_larger_than_the_memory_is_let_in_alone() -> None:
    async def main() -> None:
        memory = Memory(100, patience=0.01)
        await memory.take("a", 1000)
        with pytest.raises(Refused):
            await memory.take("b", 1)
        memory.free("a", 1000)
        await memory.take("b", 1)

    run(main())


def test_who_waits_in_vain_is_refused_and_those_behind_go_on() -> None:
    async def main() -> None:
        memory = Memory(100, patience=0.02)
        await memory.take("a", 60)
        vain = asyncio.create_task(memory.take("b", 50))
        await asyncio.sleep(0)
        behind = asyncio.create_task(memory.take("c", 30))
        error = await refusal(vain)()
        assert (error.code, error.retry_after) == ("busy", 5)
        await behind
        assert memory.held == 90

    run(main())


def test_a_waiter_that_is_cancelled_gives_its_turn_away_and_keeps_nothing() -> None:
    async def main() -> None:
        memory = Memory(100)
        await memory.take("a", 100)
        first, second = (asyncio.create_task(memory.take(who, 50)) for who in "bc")
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        memory.free("a", 100)
        second.cancel()  # when its turn has come already
        await asyncio.gather(second, return_exceptions=True)
        assert memory.held == 0
        await memory.take("d", 100)

    run(main())


def test_addresses_of_one_ipv6_network_are_one() -> None:
    async def main() -> None:
        bodies = Bodies(16 * MIB)
        holds = [bodies.hold(f"2001:db8::{at}") for at in range(3)]
        await holds[0].grow(2 * MIB, 7 * MIB)
        assert bodies.held == 7 * MIB
        waiting = asyncio.create_task(holds[1].grow(2 * MIB, 7 * MIB))
        await asyncio.sleep(0)
        assert not waiting.done()
        holds[0].free()
        await waiting

    run(main())
