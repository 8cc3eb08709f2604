"""What an exec plugin reads: one JSON object."""

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct

from hookyard.context import JobInfo
from hookyard.context.messages import GetSecret, ListState
from hookyard.context.port import Port
from hookyard.errors import PluginFailed
from hookyard.host.foreign.exec import ExecLaunch
from hookyard.runners.contract import Call

PROTOCOL: Final = 1
STATE: Final = 1 << 20
"""Bytes of all that a plugin keeps: what every call of one that asks for its state gets."""
_PAGE: Final = 200


class Job(Struct, frozen=True, kw_only=True):
    """The job, and the attempt of it."""

    id: str
    attempt: int
    max_attempts: int
    deadline: str | None
    """When the attempt's time is up (RFC 3339, UTC)."""
    principal: str
    source: str | None
    request_id: str
    tags: tuple[str, ...]
    parent: str | None


class Request(Struct, frozen=True, kw_only=True):
    """One call."""

    protocol: int = PROTOCOL
    plugin: str
    command: str
    job: Job
    input: Raw
    """As the caller sent it: checked, and otherwise untouched."""
    config: object
    secrets: dict[str, str]
    state: dict[str, Raw]


async def request_of(call: Call, launch: ExecLaunch) -> tuple[bytes, dict[str, int] | None]:
    """The request of a call, and the size of each thing that the plugin keeps, if it asks for that.

    Raises:
        SecretUnavailable: a declared secret is not there.
        PluginFailed: the plugin keeps more than it can be given.
    """
    info = call.info
    secrets: dict[str, str] = {}
    state: dict[str, Raw] = {}
    if launch.secrets or launch.state:
        port = call.port()
        for name in launch.secrets:
            secrets[name] = await port.ask(GetSecret(name))
        if launch.state:
            state = await _state(port, call.command.key)
    request = Request(
        plugin=info.plugin,
        command=info.command,
        job=_job(info),
        input=Raw(call.args or msgspec.json.encode(call.data)),
        config=call.command.config,
        secrets=secrets,
        state=state,
    )
    kept = {key: len(key) + len(bytes(value)) for key, value in state.items()} if launch.state else None
    return _ENCODE(request) + b"\n", kept


def _job(info: JobInfo) -> Job:
    deadline = None if info.deadline is None else datetime.fromtimestamp(info.deadline / 1000, UTC)
    return Job(
        id=info.id,
        attempt=info.attempt,
        max_attempts=info.max_attempts,
        deadline=None if deadline is None else deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        principal=info.principal,
        source=info.source,
        request_id=info.request_id,
        tags=info.tags,
        parent=info.parent,
    )


async def _state(port: Port, command: str) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    size, after = 0, ""
    while True:
        page = await port.ask(ListState(after=after, limit=_PAGE))
        for entry in page:
            found[entry.key] = Raw(entry.value)
            size += len(entry.key) + len(entry.value)
        if size > STATE:
            problem = f"the plugin keeps more state than the {STATE >> 20} MiB that a call can be given"
            raise PluginFailed(command, problem, code="state_too_large", retryable=False)
        if len(page) < _PAGE:
            return found
        after = page[-1].key


_ENCODE: Final = msgspec.json.Encoder().encode
