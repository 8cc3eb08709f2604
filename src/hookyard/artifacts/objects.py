"""The object store, in a folder or in memory."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore

from hookyard.artifacts.names import check_media_type, check_name
from hookyard.artifacts.writer import ArtifactWriter, Pieces, log
from hookyard.config.model import ArtifactSettings
from hookyard.errors import ArtifactError, StoreError

_INCOMING: Final = "incoming"
"""Where content is until it is complete; emptied at the start, which is what makes a crash leave nothing behind."""
_PART: Final = 5 << 20
_PARTS_AT_ONCE: Final = 2
_STREAMED: Final = 256 << 10


class ArtifactStore:
    """Keeps the content of artifacts under keys of its own; use from one event loop.

    Nothing is ever held in memory as a whole, but by the store in memory. Content is on disk when
    :meth:`ArtifactWriter.close` returns, so that what names it may be committed.
    """

    def __init__(self, objects: LocalStore | MemoryStore, folder: Path | None) -> None:
        self._objects = objects
        self._folder = folder

    @classmethod
    def open(cls, settings: ArtifactSettings, base: Path) -> "ArtifactStore":
        """Open the store, and forget what was being written when it was last in use.

        Args:
            settings: where it is.
            base: the folder that a relative path begins at, the configuration file's.

        Raises:
            StoreError: the folder cannot be made or written.
        """
        if settings.path == "memory":
            return cls(MemoryStore(), None)
        folder = base / settings.path
        try:
            folder.mkdir(parents=True, exist_ok=True)
            incoming = folder / _INCOMING
            if incoming.exists():
                shutil.rmtree(incoming)
            incoming.mkdir()
            return cls(LocalStore(folder), folder)
        except (BaseError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
            msg = f"the folder of the artifacts, {folder}, cannot be used: {reason}"
            raise StoreError(msg) from error

    async def writer(self, job_id: str, name: str, media_type: str, *, limit: int) -> ArtifactWriter:
        """Begin an artifact of at most `limit` bytes.

        Raises:
            ArtifactError: that is no name, or no media type.
        """
        check_name(name)
        check_media_type(media_type)
        key = uuid4().hex
        hidden, location = f"{_INCOMING}/{key}", f"{job_id}/{key}"

        async def put(pieces: Pieces) -> None:
            await obstore.put_async(
                self._objects, hidden, pieces, use_multipart=True, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE
            )

        async def publish() -> None:
            try:
                await self._sync(hidden)
                await obstore.rename_async(self._objects, hidden, location)
                await self._sync(job_id)
            except BaseException:
                await self.delete(hidden)
                raise

        return ArtifactWriter(name, location, limit, put, publish)

    async def read(self, location: str, offset: int, size: int) -> bytes:
        """Read at most so many bytes from an offset on; empty after the end.

        Raises:
            ArtifactError: it is gone, or cannot be read.
        """
        if size <= 0:
            return b""
        try:
            found = await obstore.head_async(self._objects, location)
            if offset >= found["size"]:
                return b""
            return bytes(await obstore.get_range_async(self._objects, location, start=max(offset, 0), length=size))
        except (BaseError, OSError) as error:
            raise _unreadable(error) from error

    async def stream(self, location: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Read from `start` up to `end`, or all of the rest, in pieces.

        Raises:
            ArtifactError: it is gone, or cannot be read; before the first piece, or in the midst of them.
        """
        try:
            found = await obstore.get_async(self._objects, location)
            length = found.meta["size"]
            until = length if end is None else min(end, length)
            if start >= until:
                return
            if (start, until) != (0, length):
                found = await obstore.get_async(self._objects, location, options={"range": (start, until)})
            async for piece in found.stream(min_chunk_size=_STREAMED):
                yield bytes(piece)
        except (BaseError, OSError) as error:
            raise _unreadable(error) from error

    async def delete(self, location: str) -> None:
        """Forget content; one that is gone already is no error.

        Raises:
            ArtifactError: it cannot be deleted.
        """
        try:
            await obstore.delete_async(self._objects, location)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _unreadable(error) from error

    async def _sync(self, key: str) -> None:
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / key)


def _sync(path: Path) -> None:
    """Have a file, or the entries of a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(error: Exception) -> ArtifactError:
    if isinstance(error, FileNotFoundError):
        return ArtifactError("the artifact's content is gone")
    # The details name folders of the server: they are for its log.
    log.error("artifacts.failed", error=str(error).partition("\n")[0])
    return ArtifactError("the artifact's content cannot be used")
