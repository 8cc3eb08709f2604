"""Length-framed messages over a socket: both ends read many of them at once, and write many at once.

A frame is four bytes, the length of what follows as a big-endian number, and one message.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from struct import Struct
from typing import Final

MAX_FRAME: Final = 64 << 20
"""Bytes: the longest message. A webhook's body has 25 MiB by default."""
_PIECE: Final = 1 << 18
_HEAD: Final = Struct(">I")


class ChannelError(Exception):
    """What came, or is to go, over a channel cannot be a frame; the message says why."""


def frame(message: bytes, limit: int = MAX_FRAME) -> bytes:
    """A message as it goes over the wire.

    Raises:
        ChannelError: it is longer than `limit` bytes.
    """
    if len(message) > limit:
        msg = f"a message of {len(message)} bytes is longer than the {limit} that one may have"
        raise ChannelError(msg)
    return _HEAD.pack(len(message)) + message


class FrameReader:
    """Cuts what comes, in pieces of any size, into messages.

    Args:
        limit: bytes that a message may have.
    """

    __slots__ = ("_limit", "_rest", "_wanted")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._wanted = _HEAD.size

    @property
    def half(self) -> bool:
        """Whether a frame has begun to come, and is not all here."""
        return bool(self._rest)

    def feed(self, piece: bytes) -> Iterator[memoryview]:
        """The messages that are complete with this piece.

        Raises:
            ChannelError: the next frame says that it is longer than the limit; those before it came out.
        """
        if self._rest:
            self._rest += piece
            if len(self._rest) < self._wanted:
                return
            piece, self._rest = bytes(self._rest), bytearray()
        view = memoryview(piece)
        at, end = 0, len(piece)
        self._wanted = _HEAD.size
        while end - at >= _HEAD.size:
            (size,) = _HEAD.unpack_from(piece, at)
            if size > self._limit:
                msg = f"a frame of {size} bytes was announced, and one may have {self._limit}"
                raise ChannelError(msg)
            begin = at + _HEAD.size
            if end - begin < size:
                self._wanted = _HEAD.size + size
                break
            at = begin + size
            yield view[begin:at]
        if at < end:
            self._rest += view[at:]


class Channel:
    """One end of a socket, on an event loop. Not safe from other threads.

    Args:
        sock: a connected stream socket, closed by :meth:`close`; made non-blocking, unless `whole`.
        received: called with every message; what it raises breaks the channel.
        batch: called when the messages of one wake-up have been handed over.
        broken: called once, with the reason, when the other end sent what is no frame, or is gone (then with True).
        limit: bytes that a message may have, in both directions.
        whole: have :meth:`flush` wait until the other end has taken all, in one call of the system, so that whatever
            else holds this process up never leaves half a frame there.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        received: Callable[[memoryview], None],
        batch: Callable[[], None],
        broken: Callable[[str, bool], None],
        limit: int = MAX_FRAME,
        whole: bool = False,
    ) -> None:
        sock.setblocking(whole)
        self._sock = sock
        self._whole = whole
        self._received = received
        self._batch = batch
        self._broken = broken
        self._limit = limit
        self._reader = FrameReader(limit)
        self._out = bytearray()
        self._waits = False
        self._open = True
        self._is_broken = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self.read)

    @property
    def half(self) -> bool:
        """Whether a frame has begun to come, and is not all here."""
        return self._reader.half

    @property
    def unsent(self) -> int:
        """Bytes that the other end has not taken yet."""
        return len(self._out)

    def put(self, message: bytes) -> None:
        """Have a message sent with the next :meth:`flush`.

        Raises:
            ChannelError: it is too long.
        """
        self._out += frame(message, self._limit)

    def flush(self) -> None:
        """Send what was put, all in one call of the system, as far as the other end takes it."""
        if not self._out or not self._open or self._waits:
            return
        if self._whole:
            out, self._out = self._out, bytearray()
            with suppress(OSError):  # the other end is gone: reading says so
                self._sock.sendall(out)
        else:
            self._write()

    def read(self) -> None:
        """Take what is there now, if anything."""
        if not self._open or self._is_broken:
            return
        try:
            piece = self._sock.recv(_PIECE, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._break(f"the channel broke: {error.strerror or error}", gone=True)
            return
        if not piece:
            self._break("the other end of the channel was closed", gone=True)
            return
        try:
            for message in self._reader.feed(piece):
                self._received(message)
        except ChannelError as error:
            self._break(str(error), gone=False)
            return
        self._batch()

    def close(self) -> None:
        """Let go of the socket."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._sock.fileno())
            self._loop.remove_writer(self._sock.fileno())
            self._sock.close()

    def _write(self) -> None:
        try:
            sent = self._sock.send(self._out)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:  # the other end is gone: reading says so, after what it had still sent
            sent = len(self._out)
        if sent == len(self._out):
            self._out.clear()
        else:
            del self._out[:sent]
        if bool(self._out) is not self._waits:
            self._waits = bool(self._out)
            if self._waits:
                self._loop.add_writer(self._sock.fileno(), self._write)
            else:
                self._loop.remove_writer(self._sock.fileno())

    def _break(self, reason: str, *, gone: bool) -> None:
        self._loop.remove_reader(self._sock.fileno())
        if not self._is_broken:
            self._is_broken = True
            self._broken(reason, gone)
