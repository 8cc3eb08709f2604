"""Plugins made of functions, and what they are tried with."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from hookyard import Plugin
from hookyard.host.hooks import HookResult
from hookyard.model import Job

JOB = Job(
    id="1",
    plugin="lab",
    command="run",
    lane="lab/run",
    args=b"{}",
    submitted_at=1,
    run_at=1,
    status="succeeded",
    attempt=2,
    started_at=2,
    completed_at=3,
    principal="token:ci",
    request_id="r",
    tags=("a",),
)

Line = tuple[str, dict[str, object]]


def plugin(name: str, *hooks: Callable[..., Any], config: Struct | None = None) -> tuple[Plugin[Any], object]:
    made: Plugin[Any] = Plugin(name) if config is None else Plugin(name, config=type(config))
    for hook in hooks:
        made.hook(hook)
    return made, config


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as the implementation of another hook."""
    function.__name__ = name
    return function


def errors(results: Iterable[HookResult]) -> dict[str, str | None]:
    return {result.plugin: result.error for result in results}


class Stuck:
    """Something a thread hangs in until the test is over."""

    def __init__(self) -> None:
        self._go = threading.Event()

    def wait(self) -> None:
        self._go.wait(60)

    def free(self) -> None:
        self._go.set()


async def turns(until: Callable[[], bool]) -> None:
    """Let the loop turn until something is so; at most a minute."""
    async with asyncio.timeout(60):
        while not until():  # noqa: ASYNC110  what is waited for happens in a thread or another task, unannounced
            await asyncio.sleep(0.001)
