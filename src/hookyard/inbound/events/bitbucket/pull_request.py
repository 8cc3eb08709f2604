"""Bitbucket Cloud's `pullrequest:*`.

Source: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
"""

from hookyard.inbound.events.bitbucket.comment import Comment
from hookyard.inbound.events.bitbucket.parts import Branch, Commit, Event, Links, Repository, User
from hookyard.inbound.events.part import Moment, Part


class Side(Part):
    """One of the two branches of a pull request."""

    branch: Branch = Branch()
    commit: Commit | None = None
    """None when it is gone. Its hash is short: the first 12 digits."""
    repository: Repository | None = None
    """None when the fork is gone."""


class Participant(Part):
    """Somebody who takes part."""

    user: User = User()
    role: str = ""
    """`REVIEWER` or `PARTICIPANT`."""
    approved: bool = False
    state: str | None = None
    """`approved`, `changes_requested`, or None."""


class PullRequestDetails(Part):
    """The pull request itself."""

    id: int = 0
    """What people see, counted within the repository."""
    title: str = ""
    description: str | None = None
    state: str = ""
    """`OPEN`, `MERGED`, `DECLINED` or `SUPERSEDED`."""
    draft: bool = False
    author: User | None = None
    """None when the account is gone."""
    source: Side = Side()
    """The branch that is to be merged."""
    destination: Side = Side()
    """The branch to merge into."""
    merge_commit: Commit | None = None
    """None until it is merged."""
    close_source_branch: bool = False
    closed_by: User | None = None
    reason: str = ""
    """Why it was declined."""
    reviewers: tuple[User, ...] = ()
    participants: tuple[Participant, ...] = ()
    comment_count: int = 0
    task_count: int = 0
    created_on: Moment | None = None
    updated_on: Moment | None = None
    links: Links = Links()


class Verdict(Part):
    """An approval, or a request for changes."""

    date: Moment | None = None
    user: User = User()


class PullRequest(Event):
    """A pull request was made, changed, approved, merged (`fulfilled`) or declined (`rejected`): see the event."""

    pullrequest: PullRequestDetails = PullRequestDetails()
    approval: Verdict | None = None
    """For `approved` and `unapproved` only."""
    changes_request: Verdict | None = None
    """For `changes_request_created` and `changes_request_removed` only."""


class PullRequestComment(Event):
    """A comment on a pull request was written, edited, deleted, resolved or reopened: the event says which."""

    pullrequest: PullRequestDetails = PullRequestDetails()
    comment: Comment = Comment()
