"""A job in the hands of a worker."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from hookyard.client.worker.wire import Claimed, ItemStatus, LogLevel, body_of
from hookyard.errors import Cancelled

_MOST: Final = 500
"""Items and lines in one heartbeat; the rest comes with the next."""

_LONGEST_NAME: Final = 200
"""Characters of an item's name."""
# What is longer is cut: refused, it would take all down that is told with it.
_LONGEST_MESSAGE: Final = 500
_LONGEST_EVENT: Final = 1000


class WorkerJob:
    """What a handler is given beside its input. Everything here may be used from any thread.

    What is told of the job goes out with the next heartbeat, which is sent at once, but not more than a few times a
    second.

    Attributes:
        id: of the job.
        attempt: counted from 1.
        max_attempts: after the last one it fails for good.
        timeout: seconds that the attempt may take; then the gateway ends it.
        deadline: when that is, as RFC 3339.
        affinity, tags, request_id: as the job was made.
    """

    def __init__(self, claimed: Claimed, http: httpx.Client, wake: Callable[[], None]) -> None:
        self.id: Final = claimed.job_id
        self.plugin: Final = claimed.plugin
        self.command: Final = claimed.command
        self.attempt: Final = claimed.attempt
        self.max_attempts: Final = claimed.max_attempts
        self.timeout: Final = claimed.timeout
        self.deadline: Final = claimed.deadline
        self.affinity: Final = claimed.affinity
        self.tags: Final = claimed.tags
        self.request_id: Final = claimed.request_id
        self.lease: Final = claimed.lease
        self._http = http
        self._wake = wake
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._progress: dict[str, Any] | None = None
        self._items: list[dict[str, Any]] = []
        self._lines: list[dict[str, Any]] = []

    @property
    def key(self) -> str:
        """`plugin/command`."""
        return f"{self.plugin}/{self.command}"

    @property
    def cancelled(self) -> bool:
        """Whether to stop: somebody cancelled the job, it is no longer this worker's, or the worker shuts down."""
        return self._stop.is_set()

    def raise_if_cancelled(self) -> None:
        """Stop here, if that is wanted.

        Raises:
            Cancelled: it is; a handler lets it through.
        """
        if self._stop.is_set():
            msg = "the job was cancelled"
            raise Cancelled(msg)

    def wait_cancelled(self, seconds: float) -> bool:
        """Sleep, in a thread, for so long or until the handler should stop; whether it should."""
        return self._stop.wait(seconds)

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Say how far the job is."""
        with self._lock:
            self._progress = {"done": done, "total": total, "message": message[:_LONGEST_MESSAGE]}
        self._wake()

    def item(
        self, name: str, status: ItemStatus = "done", data: object = None, error: Mapping[str, object] | None = None
    ) -> None:
        """Say what became of one of the things that the job works through.

        Args:
            name: of the thing, within the job; told again it replaces what was told before.
            status: `done` or `failed`.
            data: its result, anything that is JSON.
            error: `code` and `message` of why it failed.

        Raises:
            ValueError: the name is empty, or longer than 200 characters.
            TypeError: what is told is not JSON.
        """
        told: dict[str, Any] = {"name": name, "status": status}
        if data is not None:
            told["data"] = msgspec.Raw(msgspec.json.encode(data))
        if error is not None:
            told["error"] = msgspec.Raw(msgspec.json.encode(dict(error)))
        if not 1 <= len(name) <= _LONGEST_NAME:
            msg = f"an item's name has 1 to {_LONGEST_NAME} characters, not {len(name)}"
            raise ValueError(msg)
        with self._lock:
            self._items.append(told)
        self._wake()

    def log(self, event: str, level: LogLevel = "info", **values: object) -> None:
        """Write a line into the job's log."""
        line: dict[str, Any] = {"event": event[:_LONGEST_EVENT], "level": level, "values": msgspec.to_builtins(values)}
        with self._lock:
            self._lines.append(line)
        self._wake()

    def put_artifact(self, name: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """Keep an artifact of the job; blocks until it is kept.

        Raises:
            WorkRefused, Unreachable, httpx.TransportError: it is not.
        """
        path = f"/api/v1/work/{self.id}/artifacts/{quote(name, safe='')}"
        headers = {"content-type": media_type, "x-hookyard-lease": self.lease}
        body_of(self._http.put(path, content=data, headers=headers))

    async def artifact(self, name: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """The same, from a coroutine."""
        await asyncio.to_thread(self.put_artifact, name, data, media_type)

    # --- for the worker ---

    def stop(self) -> None:
        """Have the handler stop."""
        self._stop.set()

    def take(self) -> dict[str, Any]:
        """What is to be told with the next heartbeat."""
        with self._lock:
            told: dict[str, Any] = {}
            if self._progress is not None:
                told["progress"], self._progress = self._progress, None
            if self._items:
                told["items"], self._items = self._items[:_MOST], self._items[_MOST:]
            if self._lines:
                told["lines"], self._lines = self._lines[:_MOST], self._lines[_MOST:]
            return told

    def untake(self, told: dict[str, Any]) -> None:
        """It did not arrive."""
        with self._lock:
            self._progress = self._progress or told.get("progress")
            self._items = told.get("items", []) + self._items
            self._lines = told.get("lines", []) + self._lines

    @property
    def has_news(self) -> bool:
        """Whether there is something to be told."""
        return bool(self._progress or self._items or self._lines)
