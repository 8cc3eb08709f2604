"""The content of artifacts that nobody names any more."""

from collections.abc import Mapping
from typing import Protocol

from hookyard import ids, log
from hookyard.artifacts import ArtifactStore
from hookyard.errors import ArtifactError
from hookyard.model import TERMINAL
from hookyard.store.contract import Store

_log = log.get("keeper")


class Contents(Protocol):
    """What holds content."""

    async def delete(self, location: str, size: int = 0) -> None:
        """Delete what is kept under this key, and was so large.

        Raises:
            ArtifactError: not now.
        """
        ...


async def forget(objects: Contents, locations: Mapping[str, int]) -> int:
    """Delete content that nothing names any more; what cannot be deleted now is found again by :func:`sweep`.

    Args:
        objects: where it is.
        locations: the keys, with the sizes in bytes: what is gone makes room in the quota. 0 where it is not known.

    Returns:
        How many were deleted.
    """
    gone = 0
    for location, size in locations.items():
        try:
            await objects.delete(location, size)
        except ArtifactError as error:
            _log.warning("keeper.content_stays", location=location, why=str(error))
        else:
            gone += 1
    return gone


async def sweep(store: Store, objects: ArtifactStore) -> int:
    """Find content that no artifact of its job names, and delete it; returns how much was found.

    A crash leaves it behind: between the commit that forgets a job and the deletion of its content, or between the
    storing of content and the commit that names it. What belongs to a job that has not ended is left alone.
    """
    found = 0
    job_id, named = "", frozenset[str]()
    known = False
    async for location, _, _ in objects.locations():
        owner = location.partition("/")[0]
        if ids.parse(owner) != owner:
            continue  # what is being written
        if owner != job_id or not known:
            names = await _names(store, owner)
            job_id, named, known = owner, names or frozenset(), names is not None
        if known and location not in named:
            found += await forget(objects, {location: 0})
    return found


async def _names(store: Store, job_id: str) -> frozenset[str] | None:
    """The content that a job names; None while it may get more."""
    job = await store.job(job_id)
    if job is not None and job.status not in TERMINAL:
        return None
    # Asked for after its status: what an attempt stores before its end is named by then.
    return frozenset(artifact.location for artifact in await store.artifacts(job_id))
