"""Results that are too large to be kept with their jobs: artifacts of the name `result.json`."""

from typing import Final

from hookyard.clock import Clock
from hookyard.context.artifacts import PIECE
from hookyard.dispatch.contents import forget
from hookyard.errors import ArtifactError, StoreUnavailable
from hookyard.facilities.blobs import Objects
from hookyard.model import Artifact, Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Done, PutArtifact, Store

NAME: Final = "result.json"
MEDIA_TYPE: Final = "application/json"
_LARGEST: Final = 1 << 40
"""Bytes: what a result may be is not for the bounds of artifacts to say; it was in memory already."""


class Results:
    """Keeps and reads them."""

    def __init__(self, store: Store, writer: Coalescer, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._objects = objects
        self._clock = clock

    async def keep(self, job: Job, token: int, body: bytes) -> str:
        """Keep a result for the job that this lease holds, instead of an earlier attempt's; returns its name.

        Raises:
            ArtifactError: it cannot be kept, or the lease is no longer the job's.
            StoreUnavailable: the store cannot take its name now.
        """
        earlier = await self._named(job.id)
        writer = await self._objects.writer(job.id, NAME, MEDIA_TYPE, limit=_LARGEST)
        try:
            for at in range(0, len(body), PIECE):
                await writer.write(body[at : at + PIECE])
        except BaseException:
            await writer.abort()
            raise
        stored = await writer.close()
        artifact = Artifact(
            job_id=job.id,
            name=NAME,
            media_type=MEDIA_TYPE,
            size=stored.size,
            sha256=stored.sha256,
            location=stored.location,
            created_at=self._clock.now(),
        )
        try:
            result = await self._writer.submit(PutArtifact(now=artifact.created_at, token=token, artifact=artifact))
        except StoreUnavailable:
            await forget(self._objects, {artifact.location: artifact.size})
            raise
        if not isinstance(result, Done):
            await forget(self._objects, {artifact.location: artifact.size})
            msg = "the result is not kept: the job is no longer this attempt's"
            raise ArtifactError(msg)
        if earlier is not None:
            await forget(self._objects, {earlier.location: earlier.size})
        return NAME

    async def read(self, job: Job) -> bytes | None:
        """The result of a job; None when it has none.

        Raises:
            ArtifactError: it cannot be read.
        """
        if job.result_artifact is None:
            return job.result
        found = await self._named(job.id)
        if found is None:
            msg = f"the job {job.id} has no artifact {NAME!r} any more"
            raise ArtifactError(msg)
        pieces = [await self._objects.read(found.location, at, PIECE) for at in range(0, found.size, PIECE)]
        return b"".join(pieces)

    async def _named(self, job_id: str) -> Artifact | None:
        return next((each for each in await self._store.artifacts(job_id) if each.name == NAME), None)
