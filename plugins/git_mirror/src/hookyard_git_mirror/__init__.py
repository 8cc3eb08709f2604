"""Mirrors of git repositories, cloned once and brought up to date on every push."""

import time
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hookyard import CommandError, Context, Plugin
from hookyard_git_mirror.config import Config, Repository
from hookyard_git_mirror.git import Git
from hookyard_git_mirror.github import Push, PushedRepository
from hookyard_git_mirror.mirror import locked, sync
from hookyard_git_mirror.refs import Change, changes, is_mirrored, listed
from hookyard_git_mirror.surroundings import surroundings

__all__ = [
    "Change", "Config", "Push", "PushedRepository", "Repository", "Sync", "Synced", "github_push", "plugin", "sync_one",
]  # fmt: skip

MOST_CHANGES: Final = 1000
"""Changed refs in one answer."""
_LONGEST: Final = 24 * 3600

plugin = Plugin("git_mirror", config=Config, version="0.1.0", secrets=("*",))


class Sync(Struct, frozen=True):
    """What to bring up to date."""

    repository: Annotated[str, Meta(description="A name of the configuration.", max_length=64)]
    ref: Annotated[
        str | None,
        Meta(description="The ref that was pushed, by its full name; one that is not mirrored costs no call."),
    ] = None


class Synced(Struct, frozen=True, kw_only=True):
    """What became of a mirror."""

    repository: str
    status: Annotated[
        Literal["cloned", "updated", "unchanged", "ignored"],
        Meta(description="`ignored`: the ref that was pushed is not mirrored."),
    ]
    folder: Annotated[str, Meta(description="The mirror, a bare repository, below the configured root.")]
    changes: Annotated[tuple[Change, ...], Meta(description="The refs that changed, by name; at most 1000.")] = ()
    more_changes: Annotated[int, Meta(description="How many more changed.")] = 0
    seconds: float = 0.0


@plugin.command(name="sync", idempotent=True, timeout=_LONGEST, concurrency=4)
async def sync_one(data: Sync, ctx: Context[Config]) -> Synced:
    """Clone a configured repository, or fetch what is new of it."""
    name, config = data.repository, ctx.config
    repository = config.repositories.get(name)
    if repository is None:
        msg = f"git_mirror: no repository {name!r} is configured"
        raise CommandError(msg, code="unknown_repository", retryable=False)
    folder = config.folder(name)
    if data.ref is not None and not is_mirrored(repository, data.ref):
        return Synced(repository=name, status="ignored", folder=folder)
    begun = time.monotonic()
    path = Path(config.root) / folder
    secret = None if repository.secret is None else await ctx.secrets.get(repository.secret)
    with locked(path, name), surroundings(config, repository, secret) as env:
        cloned = not path.exists()
        git = Git(name, config, ctx, env)
        patterns = ("HEAD", "refs/heads/*", "refs/tags/*")
        remote = listed(repository, await git("ls-remote", "--symref", "--", repository.url, *patterns))
        before, after = await sync(git, name, path, remote, repository.url)
    found = changes(before, after)
    if cloned or found:
        ctx.emit("git_mirror.changed", {"repository": name, "cloned": cloned, "changes": len(found)})
    return Synced(
        repository=name,
        status="cloned" if cloned else "updated" if found else "unchanged",
        folder=folder,
        changes=found[:MOST_CHANGES],
        more_changes=max(0, len(found) - MOST_CHANGES),
        seconds=round(time.monotonic() - begun, 3),
    )


@plugin.command(idempotent=True, timeout=_LONGEST, concurrency=4)
async def github_push(data: Push, ctx: Context[Config]) -> Synced:
    """Do the same for the repository of a push, taking GitHub's `push` event as it is."""
    pushed = data.repository.full_name.lower()  # GitHub's names are the same in any case
    for name, repository in ctx.config.repositories.items():
        if repository.github is not None and repository.github.lower() == pushed:
            return await sync_one(Sync(name, data.ref), ctx)
    msg = f"git_mirror: no repository is configured with `github: {data.repository.full_name[:200]}`"
    raise CommandError(msg, code="unknown_repository", retryable=False)
