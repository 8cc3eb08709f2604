"""What an exec plugin reads: one JSON object."""

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct

from hookyard.context import JobInfo
from hookyard.context.messages import GetSecret
from hookyard.host.foreign.exec import ExecLaunch
from hookyard.runners.contract import Call
from hookyard.runners.state import all_state

PROTOCOL: Final = 1


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
            state = await all_state(port, call.command.key)
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


_ENCODE: Final = msgspec.json.Encoder().encode
