"""The fixtures of these tests."""

import ssl
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from plugins.git_mirror.tests.lab import Origin, Server, git, handler


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    path = tmp_path / "origin"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    made = Origin(path)
    made.commit("the first")
    return made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    backend = Path(git(tmp_path, "--exec-path")) / "git-http-backend"
    if not backend.exists():
        pytest.skip("git comes without http-backend here")
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(backend, tmp_path, lambda: running)) as http:
        running = Server(http.server_port, tmp_path, ca_file)
        http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield running
        finally:
            http.shutdown()
            thread.join()
