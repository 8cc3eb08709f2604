"""Small bodies of the project's own: every field that a type names is in one of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from msgspec import Struct

from hookyard.inbound.events import hosts
from hookyard.inbound.preset import Host

HOSTS: tuple[Host, ...] = ("github", "gitlab", "gitea", "bitbucket", "bitbucket-server", "azure-devops")
FOLDER = Path(__file__).parent / "bodies"
REAL = Path(__file__).parents[5] / "shared" / "payloads"
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
Step = str | int


def file_of(host: str, event: str) -> Path:
    """Where the body of an event is."""
    return FOLDER / host / (event.lower().replace(":", "-").replace(" ", "-") + ".json")


ALL: list[tuple[str, str, type[Struct], bytes]] = [
    (host, event, kind, file_of(host, event).read_bytes())
    for host in HOSTS
    for event, kind in hosts.types(host).items()
    if file_of(host, event).exists()
]
every_body = pytest.mark.parametrize(
    ("host", "event", "kind", "body"), ALL, ids=[f"{host} {event}" for host, event, _, _ in ALL]
)


def body_of(host: str, event: str) -> bytes:
    """The body of an event."""
    return file_of(host, event).read_bytes()


def places(tree: Json, above: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The path of every member and every item."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield (*above, name)
            yield from places(value, (*above, name))
    elif isinstance(tree, list):
        for at, value in enumerate(tree):
            yield (*above, at)
            yield from places(value, (*above, at))


def changed(body: bytes, path: tuple[Step, ...], value: Json, *, remove: bool = False) -> bytes:
    """The body with another value at one path, or with none."""
    tree: Json = json.loads(body)
    here = tree
    for step in path[:-1]:
        here = cast("dict[Step, Json]", here)[step]
    holder = cast("dict[Step, Json]", here)
    if remove:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return json.dumps(tree).encode()
