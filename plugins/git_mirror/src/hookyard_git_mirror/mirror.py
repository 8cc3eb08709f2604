"""One mirror on disk: made whole or not at all, changed by one job at a time."""

import asyncio
import fcntl
import os
import random
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hookyard import CommandError, RetryLater
from hookyard_git_mirror.git import Git
from hookyard_git_mirror.refs import Listing, Refs, parsed

BUSY: Final = 2.0
"""Seconds after which a job looks again whether another one is done with the mirror, and at most as many more, drawn:
two that wait for a third one do not meet again."""
_SHA256: Final = 64


@contextmanager
def locked(path: Path, name: str) -> Generator[None]:
    """Hold a mirror for oneself, among all processes that mirror into this folder.

    Raises:
        RetryLater: another job holds it.
        CommandError: the folder cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(name, path, error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            after = BUSY * (1 + random.random())  # noqa: S311  it guards nothing
            raise RetryLater(after, f"repository {name!r} is being synchronised by another job") from None
        yield
    finally:
        os.close(lock)


async def sync(git: Git, name: str, path: Path, remote: Listing, url: str) -> tuple[Refs, Refs]:
    """Make the mirror have what the remote has.

    Returns:
        The refs before and after.

    Raises:
        CommandError: it cannot be done; a mirror that was there is as it was, or has part of the deletions.
    """
    if await asyncio.to_thread(_is_new, name, path):
        return {}, await _clone(git, path, remote, url)
    await asyncio.to_thread(_unlock, path)
    before = await _refs(git, path)
    return before, await _fetch(git, path, before, remote, url)


async def _clone(git: Git, path: Path, remote: Listing, url: str) -> Refs:
    """A new mirror, which gets its name when it is complete."""
    stem = f".new-{path.name}-"
    for left in path.parent.glob(f"{stem}*"):  # of a job that was killed: nobody else is here
        await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=stem, dir=path.parent))
    try:
        kind = "sha256" if any(len(each) == _SHA256 for each in remote.refs.values()) else "sha1"
        await git("init", "--quiet", "--bare", "--template=", f"--object-format={kind}", "--", str(new))
        after = await _fetch(git, new, {}, remote, url)
        os.rename(new, path)  # noqa: PTH104  one call of the system
    except BaseException:
        # Not awaited: a cancelled task may not get that far.
        shutil.rmtree(new, ignore_errors=True)
        raise
    return after


async def _fetch(git: Git, path: Path, before: Refs, remote: Listing, url: str) -> Refs:
    here = f"--git-dir={path}"
    gone = [f"delete {name}\n" for name in before if name not in remote.refs]
    if gone:  # first, since a branch `a` keeps one `a/b` from being made
        await git(here, "update-ref", "--stdin", stdin="".join(gone))
    wanted = [f"+{name}:{name}\n" for name, found in remote.refs.items() if before.get(name) != found]
    if wanted:
        options = ("--stdin", "--atomic", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        packs = path / "objects" / "pack"
        await git(here, "fetch", "--progress", *options, "--", url, stdin="".join(wanted), packs=packs)
    if remote.head is not None and remote.head != _head(path):
        await git(here, "symbolic-ref", "HEAD", remote.head)
    return await _refs(git, path) if gone or wanted else before


async def _refs(git: Git, path: Path) -> Refs:
    return parsed(await git(f"--git-dir={path}", "for-each-ref", "--format=%(objectname) %(refname)"))


def _head(path: Path) -> str:
    return (path / "HEAD").read_text(encoding="utf-8").removeprefix("ref:").strip()


def _is_new(name: str, path: Path) -> bool:
    """Whether there is no mirror yet.

    Raises:
        CommandError: there is something else.
    """
    if not path.exists():
        return True
    if not (path / "HEAD").is_file() or not (path / "objects").is_dir():
        raise _unusable(name, path, "it is there, and is no bare repository")
    return False


def _unlock(path: Path) -> None:
    """Remove the lock files of a git that was killed; none runs, since the mirror is ours."""
    left = [path / "packed-refs.lock", path / "HEAD.lock", path / "config.lock", *(path / "refs").rglob("*.lock")]
    for lock in left:
        with suppress(FileNotFoundError):
            lock.unlink()


def _unusable(name: str, path: Path, why: str) -> CommandError:
    msg = f"git_mirror: repository {name!r}: the folder {path.name!r} cannot be used: {why}"
    return CommandError(msg, code="folder_unusable", retryable=False)
