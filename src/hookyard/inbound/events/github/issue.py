"""GitHub's `issues`, `issue_comment` and `commit_comment`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues
"""

from hookyard.inbound.events.github.parts import ActionEvent, Changes, Label, Milestone, User
from hookyard.inbound.events.part import Id, Moment, Part


class IssuePullRequest(Part):
    """Where the pull request is, of an issue that is one."""

    html_url: str = ""
    url: str = ""
    merged_at: Moment | None = None


class IssueDetails(Part):
    """The issue itself."""

    id: Id | None = None
    number: int = 0
    title: str = ""
    body: str | None = None
    """None when nothing was written."""
    state: str = ""
    """`open` or `closed`."""
    state_reason: str | None = None
    """`completed`, `not_planned`, `reopened`; None while nobody closed it."""
    locked: bool = False
    user: User | None = None
    """Who opened it; None when the account is gone."""
    author_association: str = ""
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    assignee: User | None = None
    assignees: tuple[User, ...] = ()
    comments: int = 0
    """How many."""
    pull_request: IssuePullRequest | None = None
    """None for a plain issue: an event `issue_comment` may be about a pull request."""
    html_url: str = ""
    url: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None
    closed_at: Moment | None = None


class Issues(ActionEvent):
    """Something was done to an issue.

    `action`: `opened`, `edited`, `closed`, `reopened`, `deleted`, `labeled`, `assigned`, `transferred`, ...
    """

    issue: IssueDetails = IssueDetails()
    changes: Changes | None = None
    """For `edited`; of an issue that was transferred, it holds nothing here."""
    label: Label | None = None
    """For `labeled` and `unlabeled` only; None also when the label itself is gone."""
    assignee: User | None = None
    """For `assigned` and `unassigned` only."""
    milestone: Milestone | None = None
    """For `milestoned` and `demilestoned` only."""


class Comment(Part):
    """A comment."""

    id: Id | None = None
    body: str = ""
    user: User | None = None
    """None when the account is gone."""
    author_association: str = ""
    html_url: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class IssueComment(ActionEvent):
    """A comment on an issue or a pull request was `created`, `edited` or `deleted`."""

    issue: IssueDetails = IssueDetails()
    comment: Comment = Comment()
    changes: Changes | None = None
    """For `edited` only."""


class CommitCommentDetails(Comment):
    """A comment on a commit."""

    commit_id: str = ""
    path: str | None = None
    """None for a comment on the whole commit."""
    line: int | None = None
    position: int | None = None


class CommitComment(ActionEvent):
    """A comment on a commit was `created`."""

    comment: CommitCommentDetails = CommitCommentDetails()
