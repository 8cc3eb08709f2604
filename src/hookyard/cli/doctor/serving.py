"""What the doctor finds out about the process: whether one serves the store, and answers."""

import http.client
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.cli.doctor.finding import Finding
from hookyard.config.model import Server
from hookyard.store.sqlite.inspect import holder

_PATIENCE: Final = 3.0
_MOST: Final = 65_536
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what is listened to is not bound here


def examine_server(server: Server, store: Path) -> Iterator[Finding]:
    """Look whether a server has the store, and whether it answers at its port."""
    lock = holder(store)
    served = lock is not None and lock.served
    answer = _ask(server)
    where = f"{server.host}:{server.port}"
    if served and lock is not None and server.port and answer is None:
        yield Finding(
            "error",
            "server.silent",
            f"process {lock.process or '?'} serves the store, but nobody answers at {where}",
            "Callers get no answer; or the server was started with another address than the configuration has.",
            "Look at its log. It says where it listens: server.listening",
        )
    if served and answer is not None and answer.status != HTTPStatus.OK:
        yield Finding(
            "warning",
            "server.unready",
            f"the server at {where} answers that it is not ready ({answer.status})"
            + (answer.detail and f": {answer.detail}"),
            "It starts, shuts down, or cannot use its store.",
            "Ask again in a while; then look at its log.",
        )
    if not served and answer is not None:
        yield Finding(
            "error",
            "server.stranger",
            f"something answers at {where}, but no process has the lock of {store}",
            "Another program has the port, or the server there serves another store than this configuration names.",
            "Look which it is: ss -ltnp",
        )
    if not served and answer is None:
        yield Finding(
            "info",
            "server.stopped",
            f"no server has {store} open" + (", and the last one ended without closing it" if _died(store) else ""),
            "What is queued waits. What ran when it ended is given another attempt at the next start.",
            "hookyard serve",
        )


def _died(store: Path) -> bool:
    lock = holder(store)
    return lock is not None and not lock.served and bool(lock.process)


class _Answer(Struct):
    status: int
    detail: str


class _Problem(Struct):
    detail: str = ""


def _ask(server: Server) -> _Answer | None:
    """What answers there; None when nobody does, or where that is not known."""
    if not server.port:
        return None
    connection = http.client.HTTPConnection(_ANYWHERE.get(server.host, server.host), server.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(_MOST)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    try:
        return _Answer(answer.status, msgspec.json.decode(body, type=_Problem).detail)
    except msgspec.DecodeError:  # somebody else's
        return _Answer(answer.status, "")
