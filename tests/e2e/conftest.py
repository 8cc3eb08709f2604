"""The fixtures of the end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.lab import SOURCE_SECRET, Receiver, Server, listen_to


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path)
    yield found
    found.end()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def listening(server: Server, receiver: Receiver) -> Server:
    """A server, not yet started, whose every job's end is told to `receiver`."""
    listen_to(server, receiver.url)
    return server


@pytest.fixture
def with_github(server: Server) -> Server:
    """A server, not yet started, with a GitHub source whose pushes run the first-party plugin."""
    server.config["plugins"] = {"github_push": {}, "hello": {}}
    server.config["sources"] = {
        "github": {
            "scheme": "github",
            "secrets": [SOURCE_SECRET],
            "routes": [{"on": "push", "run": "github_push/summary"}],
        }
    }
    return server
