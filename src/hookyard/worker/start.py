"""From the first message to a plugin that is ready, or to the reason why it is not."""

import asyncio
import os
import resource
import select
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from hookyard.errors import PluginLoadError, place_of
from hookyard.host.candidate import Candidate
from hookyard.host.foreign.worker.messages import PROTOCOL, Hello, Ready, Target, Unloadable, encode, to_worker
from hookyard.host.importing import import_plugin
from hookyard.plugin import Plugin
from hookyard.process.channel import frame
from hookyard.process.session import kill_session
from hookyard.process.spec import Limits
from hookyard.worker.serve import Served, serve

UNLOADABLE: Final = 78
"""The exit status of a process whose plugin cannot be used: EX_CONFIG of BSD's sysexits.h."""
_LIMITS: Final = {
    "memory": resource.RLIMIT_AS,
    "cpu": resource.RLIMIT_CPU,
    "files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
    "file_size": resource.RLIMIT_FSIZE,
}
_TO_SAY_GOODBYE: Final = 1
"""Seconds of processor time between SIGXCPU, which a plugin may handle and the server can tell, and SIGKILL."""


def main(channel: int, tokens: int) -> int:
    """Be a worker, until the server says goodbye or is gone.

    Args:
        channel: the descriptor of a connected stream socket.
        tokens: the reading end of the pipe that says which command may begin.

    Returns:
        The exit status.
    """
    for descriptor in (channel, tokens):
        os.set_inheritable(descriptor, False)  # what the plugin starts has no business there
    sys.argv = [sys.argv[0]]
    sock = socket.socket(fileno=channel)
    threading.Thread(target=_end_with_the_server, args=(channel,), name="hookyard-lifeline", daemon=True).start()
    _prepare_output()
    hello = _first(sock)
    if hello is None:
        return 0
    try:
        _check_protocol(hello)
        _limit(hello.limits)
        plugin = import_plugin(_candidate(hello.target), hello.sources)
        if hello.describe:
            # Only a description needs the schemas.
            from hookyard.worker.manifest import manifest_of

            sock.sendall(frame(encode(Ready(manifest_of(plugin)))))
        served = Served(plugin, None if hello.describe else _configure(plugin, hello.config), hello.http)
    except PluginLoadError as error:
        sock.sendall(frame(encode(Unloadable(str(error)))))
        return UNLOADABLE
    if hello.describe:
        return 0
    asyncio.run(serve(sock, tokens, served))
    return 0


def _first(sock: socket.socket) -> Hello | None:
    """The first message, and not a byte of the next; None when the server is gone already."""
    head = sock.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:  # noqa: PLR2004  the length that stands before a message
        return None
    packed = sock.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
    hello = to_worker(packed)
    if not isinstance(hello, Hello):
        msg = f"the first message is a {type(hello).__name__}"
        raise TypeError(msg)
    return hello


def _check_protocol(hello: Hello) -> None:
    if hello.protocol != PROTOCOL:
        msg = (
            f"{sys.executable} has another Hookyard than the server (its workers speak protocol {PROTOCOL}, "
            f"the server {hello.protocol}); install the same version for both"
        )
        raise PluginLoadError(msg)


def _end_with_the_server(channel: int) -> None:
    """End the whole session as soon as the server is gone, whatever a command is doing."""
    poll = select.poll()
    poll.register(channel, 0)  # no events but the one that is always told: the other end is closed
    while not poll.poll():
        pass
    kill_session(os.getpid())


def _prepare_output() -> None:
    stream: object
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIO) or hasattr(stream, "reconfigure"):
            with suppress(AttributeError):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]


def _limit(limits: Limits) -> None:
    for name, kind in _LIMITS.items():
        wanted: int | None = getattr(limits, name)
        if wanted is None:
            continue
        _, hard = resource.getrlimit(kind)
        last = wanted + (_TO_SAY_GOODBYE if name == "cpu" else 0)
        most = last if hard == resource.RLIM_INFINITY else min(last, hard)
        try:
            resource.setrlimit(kind, (min(wanted, most), most))
        except (OSError, ValueError) as error:
            msg = f"limits.{name} cannot be set to {wanted}: {error}"
            raise PluginLoadError(msg) from error


def _candidate(target: Target) -> Candidate:
    return Candidate(
        name=target.name,
        origin=target.origin,
        file=_path(target.file),
        folder=_path(target.folder),
        home=_path(target.home),
        root=_path(target.root),
        module=target.module,
        attribute=target.attribute,
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _configure(plugin: Plugin[Any], packed: bytes) -> object:
    if plugin.config_type is type(None):
        return None
    try:
        return msgspec.convert(msgspec.msgpack.decode(packed), plugin.config_type)
    except msgspec.ValidationError as error:
        problem, path = place_of(error)
        msg = f"its configuration is wrong: plugins.{plugin.name}.config{path[1:]}: {problem}"
        raise PluginLoadError(msg) from error
    except Exception as error:  # the Struct's own __post_init__ is the plugin's code
        msg = f"its configuration is wrong: the plugin's own check failed with {type(error).__name__}: {error}"
        raise PluginLoadError(msg) from error
