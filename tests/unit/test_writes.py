"""What is written in one turn of the loop goes out together, and nothing of it is lost or out of order."""

import asyncio

from hookyard.writes import MOST, writes_of


class Socket(asyncio.Transport):
    """Notes what is written to it among all that is written."""

    def __init__(self, name: str, log: list[tuple[str, bytes]]) -> None:
        super().__init__()
        self.name = name
        self.log = log
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Note it."""
        assert not self.closed
        self.log.append((self.name, bytes(data)))

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.closed


def test_what_is_written_in_one_turn_goes_out_at_its_end_in_the_order_in_which_it_came() -> None:
    log: list[tuple[str, bytes]] = []

    async def main() -> None:
        writes = writes_of(asyncio.get_running_loop())
        one, other = Socket("one", log), Socket("other", log)
        writes.put(one, b"1")
        writes.put(other, b"2")
        writes.put(one, b"3")
        assert log == []
        asyncio.get_running_loop().call_soon(log.append, ("later", b""))
        await asyncio.sleep(0)
        assert log == [("one", b"1"), ("other", b"2"), ("one", b"3"), ("later", b"")]
        writes.put(one, b"4")
        await asyncio.sleep(0)
        assert log[-1] == ("one", b"4")

    asyncio.run(main())


def test_many_writes_do_not_wait_for_the_end_of_a_long_turn() -> None:
    log: list[tuple[str, bytes]] = []

    async def main() -> None:
        writes = writes_of(asyncio.get_running_loop())
        socket = Socket("one", log)
        for number in range(MOST + 1):
            writes.put(socket, b"%d" % number)
        assert len(log) == MOST
        await asyncio.sleep(0)
        assert [data for _, data in log] == [b"%d" % number for number in range(MOST + 1)]

    asyncio.run(main())


def test_what_is_closed_before_its_turn_ends_is_written_to_no_more_and_costs_the_others_nothing() -> None:
    log: list[tuple[str, bytes]] = []

    async def main() -> None:
        writes = writes_of(asyncio.get_running_loop())
        one, other = Socket("one", log), Socket("other", log)
        writes.put(one, b"1")
        writes.put(other, b"2")
        one.closed = True
        await asyncio.sleep(0)
        assert log == [("other", b"2")]

    asyncio.run(main())


def test_all_that_is_written_on_one_loop_goes_out_together() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert writes_of(loop) is writes_of(loop)

    asyncio.run(main())
