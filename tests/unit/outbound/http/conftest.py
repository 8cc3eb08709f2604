"""Every scenario runs on both event loops, and leaves no socket open."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import pytest
import uvloop

from hookyard.outbound.http import HttpSender

Run = Callable[[Coroutine[Any, Any, None]], None]
Sending = Callable[..., AbstractAsyncContextManager[HttpSender]]


def sockets() -> set[str]:
    found: set[str] = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  iterdir sees a descriptor of its own, gone by then
        with suppress(OSError):
            found.add(os.readlink(f"/proc/self/fd/{name}"))  # noqa: PTH115  the same without a Path for each
    return {link for link in found if link.startswith("socket:")}


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    def runs(scenario: Coroutine[Any, Any, None]) -> None:
        before = sockets()
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(scenario)
        assert sockets() <= before

    return runs


@pytest.fixture
def sending() -> Sending:
    @asynccontextmanager
    async def made(most_idle: int | None = 256, lifetime: float = 60) -> AsyncGenerator[HttpSender]:
        sender = HttpSender(most_idle=most_idle, lifetime=lifetime)
        try:
            yield sender
        finally:
            await sender.aclose()

    return made
