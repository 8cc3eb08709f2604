"""Bitbucket Data Center's `repo:*` and its ping.

Source: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from hookyard.inbound.events.bitbucket_server.parts import Comment, Event, Repository
from hookyard.inbound.events.part import Id, Moment, Part


class Ref(Part, rename="camel"):
    """A branch or a tag."""

    id: str = ""
    """The full name, such as `refs/heads/main`."""
    display_id: str = ""
    """The short name."""
    type: str = ""
    """`BRANCH` or `TAG`."""


class RefChange(Part, rename="camel"):
    """What a push did to one branch or tag."""

    ref: Ref = Ref()
    ref_id: str = ""
    """The full name again."""
    from_hash: str = ""
    """The commit before; zeros when it is new."""
    to_hash: str = ""
    """The commit after; zeros when it was deleted."""
    type: str = ""
    """`ADD`, `UPDATE` or `DELETE`."""


class GitUser(Part, rename="camel"):
    """Who stands in a commit."""

    name: str = ""
    email_address: str = ""


class Commit(Part, rename="camel"):
    """A commit. Bitbucket does not say which files it changed."""

    id: str = ""
    """Its hash."""
    display_id: str = ""
    message: str = ""
    author: GitUser = GitUser()
    author_timestamp: Moment | None = None
    """Milliseconds since 1970."""
    committer: GitUser = GitUser()
    committer_timestamp: Moment | None = None


class Push(Event, rename="camel"):
    """Branches or tags were pushed or deleted: several of them at once in one event (`repo:refs_changed`)."""

    repository: Repository = Repository()
    changes: tuple[RefChange, ...] = ()
    """One for each branch and tag."""
    commits: tuple[Commit, ...] = ()
    """Newest first, of the first change; none from versions before 7.14."""
    to_commit: Commit | None = None
    """The newest; None from versions before 7.14, and for a deletion."""


class Fork(Event, rename="camel"):
    """A repository was forked."""

    repository: Repository = Repository()
    """The new one; `repository.origin` is what was forked."""


class Modified(Event, rename="camel"):
    """A repository has a new name, description or place."""

    old: Repository = Repository()
    new: Repository = Repository()


class CommitComment(Event, rename="camel"):
    """A comment on a commit was added, edited or deleted: the event says which."""

    repository: Repository = Repository()
    comment: Comment = Comment()
    commit: str = ""
    """The commit's hash."""
    comment_parent_id: Id | None = None
    """None unless it is an answer."""
    previous_comment: str | None = None
    """The text before, of one that was edited."""


class Ping(Part):
    """A person pressed the test button (`diagnostics:ping`)."""

    test: bool = False
