"""A process that only says what its plugin is, waited for without an event loop: when plugins load, there is none."""

import os
import selectors
import signal
import socket
import time
from contextlib import ExitStack, suppress
from typing import Final, Never

import msgspec

from hookyard.errors import PluginLoadError
from hookyard.host.foreign.worker.messages import Hello, Manifest, Ready, Unloadable, encode, from_worker
from hookyard.process.channel import ChannelError, FrameReader, frame
from hookyard.process.persistent import Persistent, ending
from hookyard.process.spec import ProcessSpec

PATIENCE: Final = 30.0
"""Seconds a plugin may take to be imported."""
_TAIL: Final = 2_000
_PIECE: Final = 1 << 16


def ask_once(spec: ProcessSpec, hello: Hello) -> Manifest:
    """Start a process, have it import the plugin and describe it, and see it end.

    Raises:
        PluginLoadError: it cannot be started or imported, ended without an answer, or took too long.
    """
    with ExitStack() as stack:
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        read, write = os.pipe()
        tokens, unused = os.pipe()
        ends = [write, tokens, unused]
        stack.callback(os.close, read)
        try:
            process = Persistent.start(
                spec,
                str(theirs.fileno()),
                str(tokens),
                stdout=write,
                stderr=write,
                descriptors=(theirs.fileno(), tokens),
            )
        except OSError as error:
            msg = f"{spec.argv[0]} cannot be started: {error.strerror or error}"
            raise PluginLoadError(msg) from error
        finally:
            theirs.close()
            for descriptor in ends:
                os.close(descriptor)
        stack.callback(_end, process)
        ours.settimeout(PATIENCE)  # it may be long, and nobody there to read it
        with suppress(OSError):  # it is gone already; what it wrote says why
            ours.sendall(frame(encode(hello)))
        ours.settimeout(None)
        return _Interview(spec, process, ours, read).manifest()


class _Interview:
    def __init__(self, spec: ProcessSpec, process: Persistent, sock: socket.socket, output: int) -> None:
        self._spec = spec
        self._process = process
        self._sock = sock
        self._output = output
        self._tail = b""
        self._reader = FrameReader()

    def manifest(self) -> Manifest:
        deadline = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ, self)
            selector.register(self._output, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.data is None:
                        if not self._drain():
                            selector.unregister(self._output)
                    elif (found := self._answer()) is not None:
                        return found
        msg = f"it was not imported within {PATIENCE:g} s{self._last_words()}"
        raise PluginLoadError(msg)

    def _answer(self) -> Manifest | None:
        try:
            piece = self._sock.recv(_PIECE)
        except OSError:
            piece = b""
        if not piece:
            self._gone()
        try:
            for packed in self._reader.feed(piece):
                message = from_worker(packed)
                if isinstance(message, Unloadable):
                    raise PluginLoadError(message.reason)
                if isinstance(message, Ready) and message.manifest is not None:
                    return message.manifest
        except (ChannelError, msgspec.MsgspecError) as error:
            msg = f"something else than the worker program wrote to its channel: {error}"
            raise PluginLoadError(msg) from error
        return None

    def _drain(self) -> bool:
        piece = os.read(self._output, _PIECE)
        self._tail = (self._tail + piece)[-_TAIL:]
        return bool(piece)

    def _gone(self) -> Never:
        returncode = self._process.reap(5.0)
        os.set_blocking(self._output, False)
        with suppress(BlockingIOError):
            while self._drain():
                pass
        raise PluginLoadError(why_not(self._spec.argv[0], returncode, self._last_words(), self._tail))

    def _last_words(self) -> str:
        return last_words(self._tail)


def why_not(python: str, returncode: int | None, words: str, tail: bytes) -> str:
    """Why a worker never got ready, in a sentence that names the interpreter where that is at fault."""
    for module in ("hookyard", "msgspec", "pluggy"):
        if f"No module named '{module}".encode() in tail or f"No module named {module}".encode() in tail:
            return (
                f"the interpreter {python} cannot import {module}; a plugin's own interpreter needs Hookyard: "
                f"install it there, {python} -m pip install hookyard"
            )
    how = "closed its channel" if returncode is None else ending(returncode)
    return f"its process {how} before it was ready{words}"


def last_words(tail: bytes, lines: int = 8) -> str:
    """What a process wrote last, to be put behind a sentence."""
    text = tail.decode("utf-8", "replace").strip().splitlines()[-lines:]
    return "; it wrote last: " + " | ".join(line.strip() for line in text) if text else ""


def _end(process: Persistent) -> None:
    process.signal(signal.SIGKILL)
    process.reap(10.0)
