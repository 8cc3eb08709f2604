"""A gateway that is none: it answers what a test says, and keeps what it was asked."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

NOT_FOUND = {"code": "not_found", "detail": "There is no such thing."}


@dataclass(frozen=True)
class Asked:
    """One request."""

    call: str
    """Its method and path."""
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    """Its JSON; None without any."""


@dataclass
class Gateway:
    """What is answered, and what was asked."""

    url: str
    answers: dict[str, list[tuple[int, object]]] = field(default_factory=dict[str, list[tuple[int, object]]])
    """By method and path: a status and the JSON for each time it is asked, the last one from then on."""
    asked: list[Asked] = field(default_factory=list[Asked])

    def says(self, call: str, *answers: object, status: int = 200) -> None:
        """Answer these one after the other."""
        self.answers[call] = [(status, answer) for answer in answers]

    def refuses(self, call: str, status: int, code: str, detail: str = "No.") -> None:
        """Answer a problem."""
        self.answers[call] = [(status, {"code": code, "detail": detail})]

    @property
    def calls(self) -> list[str]:
        """Methods and paths, in the order in which they came."""
        return [asked.call for asked in self.asked]


@contextmanager
def serving() -> Generator[Gateway]:
    """Serve one on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            target = urlsplit(self.path)
            call = f"{self.command} {target.path}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(target.query, keep_blank_values=True))
            gateway.asked.append(Asked(call, query, headers, json.loads(body) if body else None))
            queue = gateway.answers.get(call, [(404, NOT_FOUND)])
            status, answer = queue.pop(0) if len(queue) > 1 else queue[0]
            content = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def do_PATCH(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gateway = Gateway(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
