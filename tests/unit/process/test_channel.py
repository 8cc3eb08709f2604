import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.process.channel import Channel, ChannelError, FrameReader, frame

messages = st.lists(st.binary(max_size=300), max_size=20)


@given(messages, st.data())
def test_messages_come_out_as_they_went_in_however_the_bytes_are_cut(sent: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(map(frame, sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=10)))
    reader = FrameReader()
    got: list[bytes] = []
    for begin, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        got += map(bytes, reader.feed(wire[begin:end]))
    assert got == sent


@given(messages)
def test_messages_come_out_of_single_bytes(sent: list[bytes]) -> None:
    reader = FrameReader()
    wire = b"".join(map(frame, sent))
    assert [bytes(one) for byte in wire for one in reader.feed(bytes([byte]))] == sent


def test_a_frame_is_a_big_endian_length_and_the_message() -> None:
    assert frame(b"ab") == b"\0\0\0\2ab"
    assert frame(b"") == b"\0\0\0\0"


def test_a_message_that_is_too_long_is_refused_on_both_sides() -> None:
    assert frame(b"12345", 5) == b"\0\0\0\x0512345"
    with pytest.raises(ChannelError, match="a message of 6 bytes is longer than the 5 that one may have"):
        frame(b"123456", 5)
    reader = FrameReader(5)
    pieces = reader.feed(frame(b"12345") + b"\0\0\0\6")
    assert bytes(next(pieces)) == b"12345"
    with pytest.raises(ChannelError, match="a frame of 6 bytes was announced, and one may have 5"):
        next(pieces)


class End:
    """One end of a channel, and what came."""

    def __init__(self, sock: socket.socket, limit: int = 1 << 20) -> None:
        self.got: list[bytes] = []
        self.batches = 0
        self.why: list[tuple[str, bool]] = []
        self.changed = asyncio.Event()
        self.channel = Channel(sock, received=self._take, batch=self._batch, broken=self._broken, limit=limit)

    def _take(self, message: memoryview) -> None:
        self.got.append(bytes(message))

    def _batch(self) -> None:
        self.batches += 1
        self.changed.set()

    def _broken(self, reason: str, gone: bool) -> None:
        self.why.append((reason, gone))
        self.changed.set()

    async def until(self, count: int) -> None:
        while len(self.got) < count:
            self.changed.clear()
            await self.changed.wait()


def test_what_is_put_together_arrives_together() -> None:
    async def test() -> None:
        one, two = (End(sock) for sock in socket.socketpair())
        for number in range(100):
            one.channel.put(b"%d" % number)
        one.channel.flush()
        await two.until(100)
        assert two.got == [b"%d" % number for number in range(100)]
        assert two.batches == 1
        one.channel.close()
        two.channel.close()

    asyncio.run(test())


def test_more_than_the_socket_takes_is_sent_when_the_other_end_reads() -> None:
    async def test() -> None:
        one, two = (End(sock) for sock in socket.socketpair())
        for _ in range(30):
            one.channel.put(b"x" * 100_000)
            one.channel.flush()
        assert one.channel.unsent > 0
        await two.until(30)
        assert one.channel.unsent == 0
        one.channel.put(b"last")
        one.channel.flush()
        await two.until(31)
        one.channel.close()
        two.channel.close()

    asyncio.run(test())


def test_an_end_that_goes_is_told_once_after_what_it_had_sent() -> None:
    async def test() -> None:
        one, two = (End(sock) for sock in socket.socketpair())
        one.channel.put(b"last words")
        one.channel.flush()
        one.channel.close()
        while not two.why:
            two.changed.clear()
            await two.changed.wait()
        assert two.got == [b"last words"]
        assert two.why == [("the other end of the channel was closed", True)]
        two.channel.read()
        two.channel.put(b"nobody")
        two.channel.flush()
        assert len(two.why) == 1
        two.channel.close()
        two.channel.close()

    asyncio.run(test())


def test_what_is_no_frame_breaks_the_channel() -> None:
    async def test() -> None:
        ours, theirs = socket.socketpair()
        end = End(theirs, limit=10)
        ours.sendall(frame(b"good") + b"\xff\xff\xff\xff")
        while not end.why:
            end.changed.clear()
            await end.changed.wait()
        assert end.got == [b"good"]
        assert end.why == [("a frame of 4294967295 bytes was announced, and one may have 10", False)]
        ours.close()
        end.channel.close()

    asyncio.run(test())
