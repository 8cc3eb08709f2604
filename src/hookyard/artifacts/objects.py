"""The object store of artifacts: in a folder, in memory, or in a bucket."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError

from hookyard.artifacts.backends import Backend, open_backend
from hookyard.artifacts.names import check_media_type, check_name
from hookyard.artifacts.quota import Quota
from hookyard.artifacts.writer import ArtifactWriter, Pieces, log
from hookyard.config.model import ArtifactSettings
from hookyard.errors import ArtifactError, ArtifactGone

_STREAMED: Final = 256 << 10


class ArtifactStore:
    """Keeps the content of artifacts under keys of its own; use from one event loop.

    Nothing is ever held in memory as a whole, but by the store in memory. Content is on disk, or in the bucket, when
    :meth:`ArtifactWriter.close` returns, so that what names it may be committed.
    """

    def __init__(self, backend: Backend, quota: Quota) -> None:
        self._backend = backend
        self._objects = backend.objects
        self.quota = quota

    @classmethod
    def open(cls, settings: ArtifactSettings, base: Path) -> "ArtifactStore":
        """Open the store, and forget what was being written when it was last in use.

        Args:
            settings: where it is.
            base: the folder that a relative path begins at, the configuration file's.

        Raises:
            StoreError: the folder cannot be made or written. Whether a bucket answers is not asked: see :meth:`probe`.
        """
        return cls(open_backend(settings, base), Quota(settings.quota))

    async def probe(self) -> str | None:
        """Say what is wrong with the object store, or None when it answers."""
        try:
            # obstore leaves the types of Arrow open, which is not asked for here.
            await obstore.list_with_delimiter_async(self._objects, "probe")  # pyright: ignore[reportUnknownMemberType]
        except (BaseError, OSError) as error:
            return f"{self._backend.place} does not answer as it should: {str(error).partition(chr(10))[0]}"
        return None

    async def writer(self, job_id: str, name: str, media_type: str, *, limit: int) -> ArtifactWriter:
        """Begin an artifact of at most `limit` bytes.

        Raises:
            ArtifactError: that is no name, or no media type.
        """
        check_name(name)
        check_media_type(media_type)
        location = f"{job_id}/{uuid4().hex}"
        hidden = self._backend.hidden(location)

        async def put(pieces: Pieces) -> None:
            await self._backend.put(hidden, pieces)

        async def publish() -> None:
            try:
                await self._backend.publish(hidden, location)
            except BaseException:
                await self.delete(hidden)
                raise

        return ArtifactWriter(name, location, limit, self.quota, put, publish)

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

    async def delete(self, location: str, size: int = 0) -> None:
        """Forget content; one that is gone already is no error.

        Args:
            location: its key.
            size: how large it was, where that is known, so that it counts no more at once.

        Raises:
            ArtifactError: it cannot be deleted.
        """
        try:
            await obstore.delete_async(self._objects, location)
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as error:
            raise _unreadable(error) from error
        self.quota.free(size)
        await self._backend.tidy(location)

    async def locations(self) -> AsyncIterator[tuple[str, int, int]]:
        """All there is: the key, its size in bytes, and when it came, in milliseconds.

        Raises:
            ArtifactError: the object store cannot be read.
        """
        try:
            async for page in obstore.list(self._objects):  # pyright: ignore[reportUnknownMemberType]  as above
                for one in page:
                    yield one["path"], one["size"], int(one["last_modified"].timestamp() * 1000)
        except (BaseError, OSError) as error:
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> ArtifactError:
    if isinstance(error, FileNotFoundError):
        return ArtifactGone("the artifact's content is gone")
    # The details name folders of the server: they are for its log.
    log.error("artifacts.failed", error=str(error).partition("\n")[0])
    return ArtifactError("the artifact's content cannot be used")
