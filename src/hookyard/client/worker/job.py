"""A job in the hands of a worker."""

import asyncio
import logging
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
_MOST_BYTES: Final = 256 << 10
"""The same of their bytes, unless it is one; a larger one is not told."""
_LARGEST_DATA: Final = 64 << 10
"""Bytes of an item's data that the gateway takes."""

_LONGEST_NAME: Final = 200
"""Characters of an item's name."""
# What is longer is cut: refused, it would take all down that is told with it.
_LONGEST_MESSAGE: Final = 500
_LONGEST_EVENT: Final = 1000
_log = logging.getLogger("hookyard.worker")


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
        self.telling: Final = threading.Lock()
        """For the worker: held while something of the job is told."""
        self._http = http
        self._wake = wake
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._progress: dict[str, Any] | None = None
        self._items: list[msgspec.Raw] = []
        self._lines: list[msgspec.Raw] = []

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
            data: its result, anything that is JSON; of at most 64 KiB, and more is for :meth:`artifact`.
            error: `code` and `message` of why it failed.

        Raises:
            ValueError: the name is empty or longer than 200 characters, or the data are too large.
            TypeError: what is told is not JSON.
        """
        told: dict[str, Any] = {"name": name, "status": status}
        if data is not None:
            encoded = msgspec.json.encode(data)
            if len(encoded) > _LARGEST_DATA:
                msg = f"the data of the item {name!r} have {len(encoded)} bytes, and may have {_LARGEST_DATA}"
                raise ValueError(msg)
            told["data"] = msgspec.Raw(encoded)
        if error is not None:
            told["error"] = msgspec.Raw(msgspec.json.encode(dict(error)))
        if not 1 <= len(name) <= _LONGEST_NAME:
            msg = f"an item's name has 1 to {_LONGEST_NAME} characters, not {len(name)}"
            raise ValueError(msg)
        self._add(self._items, told)

    def log(self, event: str, level: LogLevel = "info", **values: object) -> None:
        """Write a line into the job's log."""
        line: dict[str, Any] = {"event": event[:_LONGEST_EVENT], "level": level, "values": msgspec.to_builtins(values)}
        self._add(self._lines, line)

    def _add(self, to: list[msgspec.Raw], told: dict[str, Any]) -> None:
        encoded = msgspec.json.encode(told)
        if len(encoded) > _MOST_BYTES:
            _log.warning("job %s: too large to be told: %.200s", self.id, encoded)
            return
        with self._lock:
            to.append(msgspec.Raw(encoded))
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
            for name, waiting in (("items", self._items), ("lines", self._lines)):
                if waiting:
                    count = _fitting(waiting)
                    told[name], waiting[:count] = waiting[:count], []
            return told

    def untake(self, told: dict[str, Any]) -> None:
        """It did not arrive."""
        with self._lock:
            self._progress = self._progress or told.get("progress")
            self._items[:0] = told.get("items", [])
            self._lines[:0] = told.get("lines", [])

    @property
    def has_news(self) -> bool:
        """Whether there is something to be told."""
        return bool(self._progress or self._items or self._lines)


def _fitting(waiting: list[msgspec.Raw]) -> int:
    """How many of these one heartbeat takes, at least one."""
    size = 0
    for count, each in enumerate(waiting[:_MOST]):
        size += len(bytes(each))
        if count and size > _MOST_BYTES:
            return count
    return min(len(waiting), _MOST)
