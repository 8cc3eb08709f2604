"""Bitbucket Data Center's `pr:*`.

Source: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from hookyard.inbound.events.bitbucket_server.parts import Comment, Event, Links, Repository, User
from hookyard.inbound.events.part import Id, Moment, Part


class Side(Part, rename="camel"):
    """One of the two branches of a pull request."""

    id: str = ""
    """The full name, such as `refs/heads/main`."""
    display_id: str = ""
    """The short name."""
    latest_commit: str = ""
    repository: Repository = Repository()


class Participant(Part, rename="camel"):
    """Somebody who takes part."""

    user: User = User()
    role: str = ""
    """`AUTHOR`, `REVIEWER` or `PARTICIPANT`."""
    approved: bool = False
    status: str = ""
    """`UNAPPROVED`, `NEEDS_WORK` or `APPROVED`."""
    last_reviewed_commit: str | None = None


class MergeCommit(Part, rename="camel"):
    """The commit of a merge."""

    id: str = ""
    display_id: str = ""


class Properties(Part, rename="camel"):
    """What else is known of a pull request."""

    merge_commit: MergeCommit | None = None
    """None until it is merged."""


class PullRequestDetails(Part, rename="camel"):
    """The pull request itself."""

    id: int = 0
    """What people see, counted within the repository."""
    version: int = 0
    title: str = ""
    description: str | None = None
    """None when nothing was written."""
    state: str = ""
    """`OPEN`, `MERGED` or `DECLINED`."""
    open: bool = False
    closed: bool = False
    draft: bool = False
    locked: bool = False
    from_ref: Side = Side()
    """The branch that is to be merged."""
    to_ref: Side = Side()
    """The branch to merge into."""
    author: Participant = Participant()
    reviewers: tuple[Participant, ...] = ()
    participants: tuple[Participant, ...] = ()
    properties: Properties = Properties()
    created_date: Moment | None = None
    """Milliseconds since 1970, as the other two."""
    updated_date: Moment | None = None
    closed_date: Moment | None = None
    links: Links = Links()
    """Empty from old versions."""


class PreviousTarget(Part, rename="camel"):
    """The branch to merge into before it was changed."""

    id: str = ""
    display_id: str = ""
    latest_commit: str = ""


class PullRequest(Event, rename="camel"):
    """A pull request was opened, changed, reviewed, merged, declined or deleted: the event says which."""

    pull_request: PullRequestDetails = PullRequestDetails()
    previous_title: str | None = None
    """For `pr:modified` only, as the next two."""
    previous_description: str | None = None
    previous_target: PreviousTarget | None = None
    previous_from_hash: str | None = None
    """The head before, for `pr:from_ref_updated` only."""
    participant: Participant | None = None
    """Whose review it is, for `pr:reviewer:*` but `updated`."""
    previous_status: str | None = None
    """Of that review."""
    added_reviewers: tuple[User, ...] = ()
    """For `pr:reviewer:updated` only, as the next."""
    removed_reviewers: tuple[User, ...] = ()


class PullRequestComment(Event, rename="camel"):
    """A comment on a pull request was added, edited or deleted: the event says which."""

    pull_request: PullRequestDetails = PullRequestDetails()
    comment: Comment = Comment()
    comment_parent_id: Id | None = None
    """None unless it is an answer."""
    previous_comment: str | None = None
    """The text before, of one that was edited."""
