"""The HTTP server in front of a service: uvicorn, bound early and drained in the right order."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop

from hookyard import log
from hookyard.bound import Bound
from hookyard.config import Loaded
from hookyard.config.model import Server as ServerSettings
from hookyard.errors import CannotListen, ConfigError, Refused
from hookyard.garbage import seldom
from hookyard.reloading import Reread
from hookyard.service import Service
from hookyard.wire import BoundedProtocol

_log = log.get("server")
_BACKLOG = 2048
_GRACE_FOR_REQUESTS = 10
_GRACE_FOR_TASKS = 2


class _IntoOurLog(logging.Handler):
    """What uvicorn has to say, as lines of the one log instead of bare text between them.

    Anybody can have it say that a request is no HTTP, so there is a bound on that.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._bound = Bound(lambda: time.monotonic_ns() // 1_000_000)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one of its records."""
        unsaid = self._bound.take() if record.levelno <= logging.WARNING else 0
        if unsaid is not None:
            facts = {"unsaid": unsaid} if unsaid else {}
            _log.warning("server.says", message=record.getMessage(), exc_info=record.exc_info is not None, **facts)


class Server(uvicorn.Server):
    """uvicorn with Hookyard's way to stop."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            uvicorn.Config(
                service.app,
                interface="asgi3",
                loop="uvloop",
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_FOR_REQUESTS,
            )
        )
        self._service = service
        spoken = logging.getLogger("uvicorn")
        spoken.handlers, spoken.propagate = [_IntoOurLog()], False

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to :func:`serve`.

        uvicorn's own way raises the signal again when its part is done, and that would be before the jobs are.
        """
        yield

    def stop(self, why: str) -> None:
        """Begin to drain; a second call waits neither for open requests nor for running jobs, which go back."""
        _log.info("server.stopping", why=why, hurry=self.should_exit)
        if self.should_exit:
            self.force_exit = True
            self._service.release_jobs()
        self._service.begin_drain()
        self.should_exit = True


def listen(settings: ServerSettings) -> socket.socket:
    """Bind the address before anything else starts, so that a taken port is a clear error and not a half start.

    Raises:
        CannotListen: the address cannot be bound; the message says why.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except (OSError, TypeError, ValueError) as error:  # a host that is no text for the resolver raises the last two
        why = error.strerror or error if isinstance(error, OSError) else error
        msg = f"Cannot listen on {settings.host!r}:{settings.port}: {why}"
        raise CannotListen(msg) from error


def url_of(listener: socket.socket) -> str:
    """The base URL at which a bound socket answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    loaded: Loaded,
    ready: Callable[[str, Callable[[str], None]], None] | None = None,
    *,
    reread: Reread | None = None,
    beside: Callable[[Service], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; SIGHUP reloads.

    Args:
        loaded: the configuration.
        ready: called with the base URL, and with what stops the server, once it can answer.
        reread: reads the configuration again, for a reload; from the same file if left out.
        beside: runs as long as the server does.

    Raises:
        CannotListen, ConfigError, StoreError: it could not start.
    """
    with listen(loaded.config.server) as listener:
        service = await Service.open(loaded, reread=reread)
        server = Server(service)
        background = _Background()
        with _signals(server.stop, lambda: background.run(_reload(service))):
            try:
                await service.start()
                await _first_token(service)
                if not server.should_exit:
                    with seldom():
                        _log.info("server.listening", url=url_of(listener))
                        if beside is not None:
                            background.run(beside(service))
                        if ready is not None:
                            ready(url_of(listener), server.stop)
                        await server.serve(sockets=[listener])
            finally:
                await background.end()
                await service.stop()
                _log.info("server.stopped")


class _Background:
    """What goes on beside the server, and ends before it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cancel what is left."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _first_token(service: Service) -> None:
    """Print an admin's token where nobody can call yet, if that is wanted: plainly, and not as a line of the log."""
    wanted = service.config.first_admin
    if wanted == "print" or (wanted == "auto" and sys.stderr.isatty()):
        token = await service.first_token()
        if token is not None:
            said = f"\nNobody can call yet. This is an admin's token; it is shown this once:\n\n    {token}\n\n"
            sys.stderr.write(said)
            sys.stderr.flush()


async def _reload(service: Service) -> None:
    """Reload for a signal: what came of it is in the log."""
    try:
        await service.reload_for_signal()
    except ConfigError:
        pass  # told already, with every problem
    except Refused as error:
        _log.warning("reload.refused", problems=[error.detail])
    except Exception:  # noqa: BLE001  a signal has nobody to hear of it; what ran runs on
        _log.exception("reload.failed")


@contextmanager
def _signals(stop: Callable[[str], None], reload: Callable[[], None]) -> Generator[None, None, None]:
    """Call `stop` for every SIGTERM and SIGINT and `reload` for SIGHUP, from the start to the end of the drain."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in signals[:2]:
        loop.add_signal_handler(number, stop, number.name)
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def run(
    loaded: Loaded,
    *,
    reread: Reread | None = None,
    beside: Callable[[Service], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Serve on an event loop of its own, and let no plugin's left-over task keep the process from ending.

    The arguments are those of :func:`serve`.

    Raises:
        CannotListen, ConfigError, StoreError: it could not start.
    """
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        stubborn = runner.run(_serve_and_clear(serve(loaded, reread=reread, beside=beside)))
        if stubborn:
            # Closing the runner would wait for them for ever; everything of ours is closed and on disk.
            logging.shutdown()
            os._exit(0)
    finally:
        runner.close()


async def _serve_and_clear(serving: Coroutine[Any, Any, None]) -> int:
    """Serve; then cancel what plugins left running. Returns how many tasks would not end."""
    await serving
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    stubborn = len((await asyncio.wait(left, timeout=_GRACE_FOR_TASKS))[1]) if left else 0
    if stubborn:
        _log.warning("server.tasks_left", tasks=stubborn)
        await asyncio.sleep(0)  # the line is written at the end of this turn
    return stubborn
