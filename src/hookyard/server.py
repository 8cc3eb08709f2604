"""The HTTP server in front of a service: uvicorn, bound early and drained in the right order."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn

from hookyard import log
from hookyard.config import Loaded
from hookyard.config.model import Server as ServerSettings
from hookyard.errors import CannotListen
from hookyard.service import Service

_log = log.get("server")
_BACKLOG = 2048
_GRACE_FOR_REQUESTS = 10


class Server(uvicorn.Server):
    """uvicorn with Hookyard's way to stop."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            uvicorn.Config(
                service.app,
                interface="asgi3",
                loop="uvloop",
                http="httptools",
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

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Drain at the first SIGTERM or SIGINT; the second stops waiting for open requests.

        uvicorn's own way raises the signal again when its part is done, and that would be before the jobs are.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.stop, number.name)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def stop(self, why: str) -> None:
        """Begin to drain."""
        _log.info("server.stopping", why=why, hurry=self.should_exit)
        self._service.begin_drain()
        self.force_exit = self.should_exit
        self.should_exit = True


def listen(settings: ServerSettings) -> socket.socket:
    """Bind the address before anything else starts, so that a taken port is a clear error and not a half start.

    Raises:
        CannotListen: the address cannot be bound; the message says why.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        msg = f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}"
        raise CannotListen(msg) from error


def url_of(listener: socket.socket) -> str:
    """The base URL at which a bound socket answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(loaded: Loaded, ready: Callable[[str, Callable[[str], None]], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Args:
        loaded: the configuration.
        ready: called with the base URL, and with what stops the server, once it can answer.

    Raises:
        CannotListen, ConfigError, StoreError: it could not start.
    """
    with listen(loaded.config.server) as listener:
        service = await Service.open(loaded)
        try:
            await service.start()
            server = Server(service)
            _log.info("server.listening", url=url_of(listener))
            if ready is not None:
                ready(url_of(listener), server.stop)
            await server.serve(sockets=[listener])
        finally:
            await service.stop()
            _log.info("server.stopped")
