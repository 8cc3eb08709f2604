"""GitHub's `push`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from hookyard.inbound.events.github.parts import Event
from hookyard.inbound.events.part import Moment, Part
from hookyard.inbound.events.refs import branch_of, tag_of


class GitUser(Part):
    """Who stands in a commit, or who pushed."""

    name: str = ""
    email: str | None = None
    """None for a pusher who hides it."""
    username: str | None = None
    """The login; None where the address belongs to no account, and for a pusher."""


class Commit(Part):
    """One commit of a push."""

    id: str = ""
    """Its hash."""
    tree_id: str = ""
    message: str = ""
    timestamp: Moment | None = None
    url: str = ""
    """Its page."""
    distinct: bool = False
    """Whether no branch had it before."""
    author: GitUser = GitUser()
    committer: GitUser = GitUser()
    added: tuple[str, ...] = ()
    """Paths of files."""
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


class Push(Event):
    """Commits were pushed to a branch, a tag was pushed, or one of them was deleted."""

    ref: str = ""
    """The full name, such as `refs/heads/main` or `refs/tags/v1`."""
    before: str = ""
    """The commit before the push; zeros when the ref is new."""
    after: str = ""
    """The commit after the push; zeros when the ref was deleted."""
    created: bool = False
    deleted: bool = False
    forced: bool = False
    base_ref: str | None = None
    """The ref that a new one was made from; None mostly."""
    compare: str = ""
    """A page that shows the changes."""
    commits: tuple[Commit, ...] = ()
    """Oldest first, at most 2048; none for a deletion, or for a ref that brings no new commit."""
    head_commit: Commit | None = None
    """The newest commit; None for a deletion."""
    pusher: GitUser = GitUser()

    @property
    def branch(self) -> str | None:
        """The branch; None when it is a tag."""
        return branch_of(self.ref)

    @property
    def tag(self) -> str | None:
        """The tag; None when it is a branch."""
        return tag_of(self.ref)
