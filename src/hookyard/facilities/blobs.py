"""The artifacts of one attempt: content goes to the object store, names to the store."""

import asyncio
from typing import Final, Protocol
from weakref import WeakValueDictionary

from hookyard.clock import Clock
from hookyard.context.artifacts import PIECE
from hookyard.context.messages import OpenArtifact, ReadArtifact
from hookyard.dispatch.contents import forget
from hookyard.errors import ArtifactError, StoreUnavailable
from hookyard.facilities.contract import Attempt
from hookyard.model import Artifact
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Done, PutArtifact, Store

MOST_OPEN: Final = 16
"""How many artifacts one attempt may be writing at once."""
_NAMING: Final[WeakValueDictionary[tuple[str, str], asyncio.Lock]] = WeakValueDictionary()
"""Held while an artifact is given its name: a worker may upload several of one name at once, each by itself."""


class _Stored(Protocol):
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def location(self) -> str: ...


class Writer(Protocol):
    """One artifact being written."""

    async def write(self, data: bytes) -> None:
        """Add to it."""
        ...

    async def close(self) -> _Stored:
        """Complete it."""
        ...

    async def abort(self) -> None:
        """Forget it."""
        ...


class Objects(Protocol):
    """Where the content is kept; see :class:`hookyard.artifacts.ArtifactStore`."""

    async def writer(self, job_id: str, name: str, media_type: str, *, limit: int) -> Writer:
        """Begin an artifact."""
        ...

    async def read(self, location: str, offset: int, size: int) -> bytes:
        """Read a piece of one."""
        ...

    async def delete(self, location: str, size: int = 0) -> None:
        """Forget one that is complete, and was so large."""
        ...


class Blobs:
    """The artifacts that one attempt writes and reads.

    Args:
        limit: bytes of the largest one.
        most: how many the job may have.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        objects: Objects,
        store: Store,
        writer: Coalescer,
        clock: Clock,
        limit: int,
        most: int,
    ) -> None:
        self._attempt = attempt
        self._objects = objects
        self._store = store
        self._writer = writer
        self._clock = clock
        self._limit = limit
        self._most = most
        self._names: set[str] | None = None
        self._opening = asyncio.Lock()
        self._open: dict[int, tuple[OpenArtifact, Writer]] = {}
        self._handles = 0
        self._found: dict[tuple[str, str], Artifact] = {}

    async def open(self, question: OpenArtifact) -> int:
        """Begin an artifact.

        Raises:
            ArtifactError: the name or the media type cannot be used, too many are open, or the job has too many.
        """
        async with self._opening:  # one after the other, so that many at once are counted
            await self._check(question.name)
            writer = await self._objects.writer(
                self._attempt.job.id, question.name, question.media_type, limit=self._limit
            )
            self._handles += 1
            self._open[self._handles] = (question, writer)
            return self._handles

    async def _check(self, name: str) -> None:
        if len(self._open) >= MOST_OPEN:
            msg = f"{MOST_OPEN} artifacts are being written already; complete one of them"
            raise ArtifactError(msg)
        if self._names is None:  # those of earlier attempts count; while this one has the job nobody else adds any
            self._names = {each.name for each in await self._store.artifacts(self._attempt.job.id)}
        names = self._names | {opened.name for opened, _ in self._open.values()}
        if name not in names and len(names) >= self._most:
            msg = f"a job may have {self._most} artifacts, and this one has them (artifacts.max_per_job)"
            raise ArtifactError(msg)

    async def write(self, handle: int, data: bytes) -> None:
        """Add to one.

        Raises:
            ArtifactError: it is not open, too large, or cannot be stored.
        """
        await self._opened(handle)[1].write(data)

    async def close(self, handle: int) -> Artifact:
        """Complete one: from now on it can be seen.

        Raises:
            ArtifactError: it is not open, cannot be stored, or the job is no longer this attempt's.
        """
        question, writer = self._opened(handle)
        del self._open[handle]
        if self._names is not None:  # before it is there: others may be opened meanwhile
            self._names.add(question.name)
        stored = await writer.close()
        artifact = Artifact(
            job_id=self._attempt.job.id,
            name=question.name,
            media_type=question.media_type,
            size=stored.size,
            sha256=stored.sha256,
            location=stored.location,
            created_at=self._clock.now(),
        )
        await self._name(artifact)
        self._found.pop((artifact.job_id, artifact.name), None)
        return artifact

    async def _name(self, artifact: Artifact) -> None:
        """Have the store know it, and keep no content that no name leads to."""
        op = PutArtifact(now=artifact.created_at, token=self._attempt.token, artifact=artifact)
        naming = _NAMING.setdefault((artifact.job_id, artifact.name), asyncio.Lock())
        try:
            async with naming:  # who names next has to see this one, to forget its content
                named = await self._store.artifacts(artifact.job_id)
                result = await self._writer.submit(op)
        except StoreUnavailable:  # nothing was done
            await forget(self._objects, {artifact.location: artifact.size})
            raise
        if not isinstance(result, Done):
            await forget(self._objects, {artifact.location: artifact.size})
            msg = f"the artifact {artifact.name!r} is not kept: the job is no longer this attempt's"
            raise ArtifactError(msg)
        await forget(self._objects, {each.location: each.size for each in named if each.name == artifact.name})

    async def drop(self, handle: int) -> None:
        """Forget one that is not complete; one that is not open is no error."""
        opened = self._open.pop(handle, None)
        if opened is not None:
            await opened[1].abort()

    async def read(self, question: ReadArtifact) -> bytes:
        """Read a piece.

        Raises:
            ArtifactError: there is no such artifact, or it cannot be read.
        """
        key = (question.job_id or self._attempt.job.id, question.name)
        found = self._found.get(key)
        if found is None or question.offset == 0:
            named = {each.name: each for each in await self._store.artifacts(key[0])}
            if question.name not in named:
                msg = f"the job {key[0]} has no artifact {question.name!r}"
                raise ArtifactError(msg)
            found = self._found[key] = named[question.name]
        return await self._objects.read(found.location, question.offset, min(max(question.size, 0), PIECE))

    @property
    def unfinished(self) -> bool:
        """Whether any is being written."""
        return bool(self._open)

    async def drop_all(self) -> None:
        """Forget those that are not complete."""
        for handle in list(self._open):
            await self.drop(handle)

    def _opened(self, handle: int) -> tuple[OpenArtifact, Writer]:
        found = self._open.get(handle)
        if found is None:
            msg = "the artifact is not being written any more"
            raise ArtifactError(msg)
        return found
