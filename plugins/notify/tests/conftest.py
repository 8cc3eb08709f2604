"""A mail server on loopback: real sockets, real TLS, answers that a test may choose."""

import base64
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme


class MailServer:
    """Takes mail in one thread, one connection after the other.

    Attributes:
        answers: what is answered to a verb (`RCPT`, or `RCPT someone@example.org`) instead of the usual.
        mails: sender, recipients and content of what was taken.
        logins: user and password of those who came in.
        seen: the verbs, in their order.
    """

    def __init__(self, trust: ssl.SSLContext | None, *, implicit: bool) -> None:
        self.answers: dict[str, str] = {}
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.logins: list[tuple[str, str]] = []
        self.seen: list[str] = []
        self._trust = trust
        self._implicit = implicit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            with suppress(OSError):
                try:
                    if self._implicit and self._trust is not None:
                        connection = self._trust.wrap_socket(connection, server_side=True)
                    _Session(self, connection, self._trust).talk()
                finally:
                    connection.close()


class _Session:
    """One connection."""

    def __init__(self, server: MailServer, connection: socket.socket, trust: ssl.SSLContext | None) -> None:
        self._server = server
        self._trust = trust
        self._use(connection)
        self._sender = ""
        self._recipients: list[str] = []

    def talk(self) -> None:
        self._say(self._server.answers.get("CONNECT", "220 here"))
        while line := self._lines.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            self._server.seen.append(verb)
            address = rest.partition("<")[2].partition(">")[0]
            answers = self._server.answers
            answer = answers.get(f"{verb} {address}", answers.get(verb)) or self._do(verb, rest, address)
            if answer == "hang up":
                break
            self._say(answer)
            if verb == "STARTTLS" and self._trust is not None:
                self._lines.close()
                self._use(self._trust.wrap_socket(self._connection, server_side=True))
            if verb == "QUIT":
                break
        self._lines.close()
        self._connection.close()

    def _use(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")

    def _say(self, text: str) -> None:
        self._connection.sendall(text.encode() + b"\r\n")

    def _do(self, verb: str, rest: str, address: str) -> str:
        match verb:
            case "EHLO":
                secure = self._trust is None or isinstance(self._connection, ssl.SSLSocket)
                return "250-here\r\n" + ("" if secure else "250-STARTTLS\r\n") + "250 AUTH PLAIN"
            case "AUTH":
                _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                self._server.logins.append((user, password))
                return "235 come in"
            case "MAIL":
                self._sender, self._recipients = address, []
                return "250 ok"
            case "RCPT":
                self._recipients.append(address)
                return "250 ok"
            case "DATA":
                return self._take()
            case _:
                return {"STARTTLS": "220 go on", "QUIT": "221 bye"}.get(verb, "250 ok")

    def _take(self) -> str:
        self._say("354 go on")
        content = b""
        while (piece := self._lines.readline()) not in {b".\r\n", b""}:
            content += piece.removeprefix(b".")
        self._server.mails.append((self._sender, self._recipients, content))
        return self._server.answers.get("CONTENT", "250 taken")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(params=["starttls", "tls", "none"])
def security(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(authority: trustme.CA, security: str) -> Generator[MailServer]:
    trust = None
    if security != "none":
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(trust)
    found = MailServer(trust, implicit=security == "tls")
    yield found
    found.close()
