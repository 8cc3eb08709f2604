"""From a push event to what a person wants to know of it."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from hookyard_github_push.push import Push

_BRANCH = "refs/heads/"
_TAG = "refs/tags/"


class Summary(Struct, frozen=True, kw_only=True):
    """A push in a few lines."""

    repository: str
    ref: str
    branch: Annotated[str | None, Meta(description="The branch; null when a tag was pushed.")] = None
    tag: Annotated[str | None, Meta(description="The tag; null when a branch was pushed.")] = None
    before: str
    after: str
    pusher: Annotated[str | None, Meta(description="Who pushed, as GitHub names them.")] = None
    commits: Annotated[int, Meta(description="How many commits the push brought.")]
    messages: Annotated[tuple[str, ...], Meta(description="The first line of each commit's message, oldest first.")]
    files_added: Annotated[int, Meta(description="Files that were not there before the push, each counted once.")]
    files_removed: int
    files_modified: int
    created: bool
    deleted: bool
    forced: bool
    compare: Annotated[str, Meta(description="A page that shows the changes.")]


def summarize(push: Push) -> Summary:
    """Sum up a push."""
    added, removed, modified = _files(push)
    return Summary(
        repository=push.repository.full_name,
        ref=push.ref,
        branch=push.ref.removeprefix(_BRANCH) if push.ref.startswith(_BRANCH) else None,
        tag=push.ref.removeprefix(_TAG) if push.ref.startswith(_TAG) else None,
        before=push.before,
        after=push.after,
        pusher=None if push.pusher is None else push.pusher.name,
        commits=len(push.commits),
        messages=tuple(_first_line(commit.message) for commit in push.commits),
        files_added=len(added),
        files_removed=len(removed),
        files_modified=len(modified),
        created=push.created,
        deleted=push.deleted,
        forced=push.forced,
        compare=push.compare,
    )


def _files(push: Push) -> tuple[set[str], set[str], set[str]]:
    """What the commits did to each file, taken together: added and removed again is nothing at all."""
    added: set[str] = set()
    removed: set[str] = set()
    modified: set[str] = set()
    for commit in push.commits:
        for path in commit.added:
            _move(path, to=modified if path in removed else added, out_of=(removed,))
        for path in commit.modified:
            if path not in added:
                modified.add(path)
        for path in commit.removed:
            if path in added:
                added.discard(path)
            else:
                _move(path, to=removed, out_of=(modified,))
    return added, removed, modified


def _move(path: str, *, to: set[str], out_of: Iterable[set[str]]) -> None:
    for others in out_of:
        others.discard(path)
    to.add(path)


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0].rstrip()
