"""Pushes of hosts that tell of several branches and tags in one event."""

from collections.abc import Sequence

from hookyard.inbound.events import git
from hookyard.inbound.events.refs import branch_of, is_zeros, tag_of


def push_of(
    host: git.Host,
    repository: git.Repository,
    pusher: git.Person,
    changes: Sequence[git.Change],
    *,
    compare_url: str | None = None,
    commits: tuple[git.Commit, ...] | None = None,
) -> git.Push:
    """A push; its own fields are those of the first change.

    Args:
        host: whose.
        repository: that was pushed to.
        pusher: who did.
        changes: all of them; without any the push changed nothing.
        compare_url: a page that shows them.
        commits: of all changes together, where the host does not say of which they are.
    """
    first, *more = changes or (git.Change(),)
    return git.Push(
        host=host,
        repository=repository,
        pusher=pusher,
        compare_url=compare_url,
        ref=first.ref,
        branch=first.branch,
        tag=first.tag,
        before=first.before,
        after=first.after,
        created=first.created,
        deleted=first.deleted,
        forced=first.forced,
        commits=first.commits if commits is None else commits,
        truncated=first.truncated,
        more=tuple(more),
    )


def change_of(ref: str, before: str, after: str, *, created: bool = False, deleted: bool = False) -> git.Change:
    """What happened to one ref; zeros stand for no commit."""
    return git.Change(
        ref=ref,
        branch=branch_of(ref),
        tag=tag_of(ref),
        before=before,
        after=after,
        created=created or is_zeros(before),
        deleted=deleted or is_zeros(after),
    )
