"""Writing one artifact, piece by piece."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, NamedTuple, TypeAlias

from obstore.exceptions import BaseError

from hookyard.artifacts.quota import Quota
from hookyard.errors import ArtifactError
from hookyard.log import get

PIECE: Final = 1 << 20
"""Bytes that are handed on at once."""
_WAITING: Final = 4
"""Pieces that wait to be written, at most: then the writer waits, so that memory stays bounded."""
_PATIENCE: Final = 5
"""Seconds that an upload may take to take back what it has written."""

log = get("artifacts")


class Stored(NamedTuple):
    """Content that is complete."""

    size: int
    """Bytes."""
    sha256: str
    """In hex."""
    location: str
    """Its key in the object store."""


class _Aborted(Exception):  # noqa: N818  an answer to the upload, which then takes back what it has written
    pass


Pieces: TypeAlias = AsyncIterator[bytes]
Put: TypeAlias = Callable[[Pieces], Awaitable[None]]
"""Stores all pieces, or nothing when they raise."""


class ArtifactWriter:
    """One artifact being written: several times :meth:`write`, then :meth:`close` or :meth:`abort`.

    Args:
        name: of the artifact, for messages.
        location: where it will be once it is complete.
        limit: bytes it may have.
        quota: bytes that all may have.
        put: stores the pieces out of sight.
        publish: makes what was stored visible at its location.
    """

    def __init__(  # noqa: PLR0917  made in one place
        self, name: str, location: str, limit: int, quota: Quota, put: Put, publish: Callable[[], Awaitable[None]]
    ) -> None:
        self._name = name
        self._location = location
        self._limit = limit
        self._quota = quota
        self._publish = publish
        self._size = 0
        self._taken = 0
        """Bytes of the quota."""
        self._digest = hashlib.sha256()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        """None is the end."""
        self._aborted = False
        self._over = False
        self._task = asyncio.create_task(self._upload(put))

    async def write(self, data: bytes) -> None:
        """Add to it; waits when the object store is slower than the caller.

        Raises:
            ArtifactError: it is too large now, or cannot be stored. Nothing of it is left then.
        """
        self._check_open()
        if self._size + len(data) > self._limit:
            await self.abort()
            msg = f"the artifact {self._name!r} is larger than {self._limit} bytes"
            raise ArtifactError(msg)
        try:
            self._quota.take(len(data))
        except ArtifactError:
            await self.abort()
            raise
        self._taken += len(data)
        self._size += len(data)
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self._digest.update(piece)
            await self._hand_on(piece)

    async def close(self) -> Stored:
        """Complete it: from now on it can be read.

        Raises:
            ArtifactError: it cannot be stored. Nothing of it is left then.
        """
        self._check_open()
        try:
            await self._hand_on(None)
            await self._settled()
            await self._publish()
            self._quota.keep(self._taken)
            self._taken = 0
        except (BaseError, OSError) as error:
            raise self._failed(error) from error
        except BaseException:  # cancelled
            await self.abort()
            raise
        finally:
            self._end()
        return Stored(self._size, self._digest.hexdigest(), self._location)

    async def abort(self) -> None:
        """Forget it, unless it is complete or forgotten already."""
        if not self._over:
            self._aborted = True
            self._end()
            # An upload that is cancelled takes back what it has written some time later; one whose pieces fail, before
            # it ends. So the latter, as long as it listens.
            while not self._pieces.empty():
                self._pieces.get_nowait()
            self._pieces.put_nowait(None)
            _, deaf = await asyncio.wait((self._task,), timeout=_PATIENCE)
            for task in deaf:
                task.cancel()
            if not deaf and not self._task.cancelled():
                self._task.exception()  # the one that was asked for

    async def _upload(self, put: Put) -> None:
        async def pieces() -> Pieces:
            while (piece := await self._pieces.get()) is not None and not self._aborted:
                yield piece
            if self._aborted:
                raise _Aborted

        await put(pieces())

    async def _hand_on(self, piece: bytes | None) -> None:
        if not self._pieces.full() and not self._task.done():
            self._pieces.put_nowait(piece)
            return
        waiting = asyncio.ensure_future(self._pieces.put(piece))
        try:
            await asyncio.wait((waiting, self._task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._task.done():  # before the end was handed on: it failed
            await self._settled()

    async def _settled(self) -> None:
        try:
            await asyncio.shield(self._task)
        except (BaseError, OSError) as error:
            self._end()
            raise self._failed(error) from error

    def _end(self) -> None:
        """Nothing more is written; what is not stored takes no room."""
        self._over = True
        self._quota.drop(self._taken)
        self._taken = 0

    def _failed(self, error: Exception) -> ArtifactError:
        # The details name folders of the server: they are for its log.
        log.error("artifacts.write_failed", artifact=self._name, error=str(error).partition("\n")[0])
        return ArtifactError(f"the artifact {self._name!r} cannot be stored")

    def _check_open(self) -> None:
        if self._over:
            msg = f"the artifact {self._name!r} is not being written any more"
            raise ArtifactError(msg)
