"""A deployment in a folder that a test finds faults with."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from tests.unit.cli.conftest import Ended

from hookyard.ids import IdSource
from hookyard.model import Endpoint, Job
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.endpoints.private import KeptSecret, Private, with_private
from hookyard.store.contract import Failed, Op
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock

Call = Callable[..., Ended]
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MINUTE, DAY = 60_000, 86_400_000
TOKENS = "tokens: [{name: ci, sha256: " + "0" * 64 + ', scopes: ["trigger:*/*"]}]\n'
PLUGIN = '''
from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("hello")


class Name(Struct):
    name: str = ""


@plugin.command
async def greet(data: Name, ctx: Context) -> Name:
    """Say hello."""
    return data
'''


class Place:
    """A deployment in a folder."""

    def __init__(self, folder: Path, hookyard: Call) -> None:
        self.folder = folder
        self._hookyard = hookyard
        self.config = folder / "hookyard.yaml"
        (folder / "plugins").mkdir()
        (folder / "plugins" / "hello.py").write_text(PLUGIN)
        folder.chmod(0o700)
        self.now = time.time_ns() // 1_000_000
        self.clock = FakeClock(self.now)
        self.new_id = IdSource(self.clock)
        self.write("")

    def write(self, more: str, *, tokens: str = TOKENS, port: int = 0) -> None:
        """Write the configuration."""
        self.config.write_text(f"server: {{port: {port}}}\nplugin_dirs: [plugins]\n{tokens}{more}")
        self.config.chmod(0o600)

    def store(self, *ops: Op) -> None:
        """Have these done to the store, which is made if need be."""

        async def run() -> None:
            store = await SqliteStore.open(self.folder / "hookyard.db")
            assert not [one for one in store.apply(ops) if isinstance(one, Failed)]
            await store.aclose()
            store.close()

        asyncio.run(run())

    def job(self, lane: str = "hello/greet", *, at: int | None = None) -> Job:
        plugin, _, command = lane.partition("/")
        at = self.now if at is None else at
        return Job(id=self.new_id(), plugin=plugin, command=command, lane=lane, args=b'""', submitted_at=at, run_at=at)

    def found(self) -> dict[str, dict[str, Any]]:
        """What the doctor says, by code."""
        ended = self._hookyard("doctor", self.config, "--json")
        told = json.loads(ended.out[ended.out.index("{") :])
        assert ended.code == {"ok": 0, "info": 0, "warning": 1, "error": 3}[told["worst"]]
        for one in told["findings"]:
            assert all(one[part] for part in ("what", "why", "do")), one
        return {one["code"]: one for one in told["findings"]}


def subscriber(place: Place, name: str = "audit", **how: object) -> Endpoint:
    made = Endpoint(
        name=name,
        origin="http",
        spec=b'{"url":"https://example.com/x"}',
        created_at=place.now,
        created_by="token:ops",
        updated_at=place.now,
    )
    return with_private(replace(made, **how), Private(secrets=(KeptSecret(value=SECRET),)), Keyring())
