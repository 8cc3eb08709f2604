"""Bitbucket Cloud's `repo:push`, `repo:fork`, `repo:commit_comment_created` and `repo:commit_status_*`.

Source: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
"""

from hookyard.inbound.events.bitbucket.comment import Comment
from hookyard.inbound.events.bitbucket.parts import Commit, Event, Links, Repository
from hookyard.inbound.events.part import Moment, Part


class Ref(Part):
    """A branch or a tag, and what it points to."""

    type: str = ""
    """`branch`, `tag` or `annotated_tag`."""
    name: str = ""
    """The short name."""
    target: Commit = Commit()
    message: str | None = None
    """Of an annotated tag."""
    links: Links = Links()


class Change(Part):
    """What a push did to one branch or tag."""

    new: Ref | None = None
    """None when it was deleted."""
    old: Ref | None = None
    """None when it is new."""
    created: bool = False
    closed: bool = False
    """Whether it was deleted."""
    forced: bool = False
    commits: tuple[Commit, ...] = ()
    """Newest first, five at most."""
    truncated: bool = False
    """Whether there are more commits than these."""
    links: Links = Links()
    """`html` shows the changes."""


class PushDetails(Part):
    """The push itself."""

    changes: tuple[Change, ...] = ()
    """One for each branch and tag."""


class Push(Event):
    """Commits, branches or tags were pushed: several of them at once in one event."""

    push: PushDetails = PushDetails()


class Fork(Event):
    """The repository was forked."""

    fork: Repository = Repository()
    """The new one."""


class CommitComment(Event):
    """A comment on a commit was written."""

    comment: Comment = Comment()
    commit: Commit = Commit()


class BuildStatus(Part):
    """The status of a build of one commit."""

    key: str = ""
    """Which build it is."""
    name: str | None = None
    state: str = ""
    """`INPROGRESS`, `SUCCESSFUL`, `FAILED` or `STOPPED`."""
    description: str | None = None
    url: str = ""
    refname: str | None = None
    """The branch or tag; None where the sender of the status did not say."""
    commit: Commit | None = None
    """None in events of before 2020."""
    created_on: Moment | None = None
    updated_on: Moment | None = None
    links: Links = Links()


class CommitStatus(Event):
    """A commit has a status (`created`), or a new one (`updated`)."""

    commit_status: BuildStatus = BuildStatus()
