"""The object stores that artifacts can be kept in, and what is different about them."""

import asyncio
import os
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from hookyard.artifacts.writer import Pieces
from hookyard.config.model import ArtifactSettings, S3Settings
from hookyard.errors import StoreError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

Objects: TypeAlias = LocalStore | MemoryStore | S3Store

_PART: Final = 5 << 20
"""Bytes of one part of an upload: the least that S3 takes."""
_PARTS_AT_ONCE: Final = 2
_INCOMING: Final = "incoming"
"""Where content is until it is complete; emptied at the start, which is what makes a crash leave nothing behind."""
_RETRIES: Final = 4
_RETRYING: Final = 20.0


class Backend(Protocol):
    """How content comes into one kind of object store, whole or not at all."""

    objects: Objects
    place: str
    """Where that is, for messages."""

    async def put(self, hidden: str, pieces: Pieces) -> None:
        """Store all pieces, or nothing when they raise."""
        ...

    def hidden(self, location: str) -> str:
        """The key under which they are stored until they are all there."""
        ...

    async def publish(self, hidden: str, location: str) -> None:
        """Have them at their location, on the disk."""
        ...

    async def tidy(self, location: str) -> None:
        """Remove what a deleted object leaves behind."""
        ...


class Whole:
    """An object store in which an object is not there before it is complete: memory, and S3."""

    def __init__(self, objects: MemoryStore | S3Store, place: str) -> None:
        self.objects: Objects = objects
        self.place = place

    async def put(self, hidden: str, pieces: Pieces) -> None:
        """In parts; an upload that fails is taken back by the library."""
        await _put(self.objects, hidden, pieces)

    def hidden(self, location: str) -> str:
        """It is put where it stays."""
        return location

    async def publish(self, hidden: str, location: str) -> None:
        """It is there."""

    async def tidy(self, location: str) -> None:
        """There is nothing."""


class Folder:
    """Files below a folder: written out of sight, synced, and renamed."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, and forget what was being written when it was last in use.

        Raises:
            StoreError: it cannot be made or written.
        """
        self.place = str(folder)
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            incoming = folder / _INCOMING
            if incoming.exists():
                shutil.rmtree(incoming)
            incoming.mkdir()
            self.objects: Objects = LocalStore(folder)
        except (BaseError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
            msg = f"the folder of the artifacts, {folder}, cannot be used: {reason}"
            raise StoreError(msg) from error

    async def put(self, hidden: str, pieces: Pieces) -> None:
        """As a file."""
        await _put(self.objects, hidden, pieces)

    def hidden(self, location: str) -> str:  # noqa: ARG002  every one has a name of its own
        """In a folder that nobody looks into."""
        return f"{_INCOMING}/{uuid4().hex}"

    async def publish(self, hidden: str, location: str) -> None:
        """Rename the file once its bytes are on the disk, and then have its name there too."""
        await asyncio.to_thread(_sync, self._folder / hidden)
        await obstore.rename_async(self.objects, hidden, location)
        await asyncio.to_thread(_sync, (self._folder / location).parent)

    async def tidy(self, location: str) -> None:
        """The folder of a job that has no more artifacts."""
        with suppress(OSError):
            await asyncio.to_thread((self._folder / location).parent.rmdir)


def open_backend(settings: ArtifactSettings, base: Path) -> Backend:
    """Open what the configuration names.

    Args:
        settings: where it is.
        base: the folder that a relative path begins at, the configuration file's.

    Raises:
        StoreError: the folder cannot be made or written, or the settings of the bucket contradict each other.
    """
    if settings.s3 is not None:
        return Whole(_bucket(settings.s3), f"the bucket {settings.s3.bucket}")
    if settings.path == "memory":
        return Whole(MemoryStore(), "memory")
    return Folder(base / settings.path)


def _bucket(settings: S3Settings) -> S3Store:
    options: S3Config = {
        "bucket": settings.bucket,
        "region": settings.region,
        "virtual_hosted_style_request": settings.virtual_hosted,
    }
    if settings.endpoint is not None:
        options["endpoint"] = settings.endpoint
    if settings.access_key_id is not None:
        options["access_key_id"] = settings.access_key_id.reveal()
    if settings.secret_access_key is not None:
        options["secret_access_key"] = settings.secret_access_key.reveal()
    client: ClientConfig = {
        "allow_http": settings.allow_http,
        "timeout": timedelta(milliseconds=settings.timeout),
        "connect_timeout": timedelta(seconds=5),
    }
    retry: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRYING)}
    try:
        return S3Store(
            prefix=settings.prefix.rstrip("/") or None, config=options, client_options=client, retry_config=retry
        )
    except (BaseError, ValueError) as error:
        msg = f"the bucket {settings.bucket} cannot be used: {str(error).partition(chr(10))[0]}"
        raise StoreError(msg) from error


async def _put(objects: Objects, key: str, pieces: Pieces) -> None:
    await obstore.put_async(objects, key, pieces, use_multipart=True, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)


def _sync(path: Path) -> None:
    """Have a file, or the entries of a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
