"""Gitea's pull requests, issues and comments.

Source: https://docs.gitea.com/usage/webhooks
"""

from hookyard.inbound.events.gitea.parts import ActionEvent, Changes, Label, Milestone, Repository, User
from hookyard.inbound.events.part import Id, Moment, Part


class Side(Part):
    """One of the two branches of a pull request."""

    label: str = ""
    ref: str = ""
    """The branch's short name; `refs/pull/N/head` where the branch is gone."""
    sha: str = ""
    repo_id: Id | None = None
    repo: Repository | None = None
    """None when the fork is gone."""


class PullRequestDetails(Part):
    """The pull request itself."""

    id: Id | None = None
    number: int = 0
    title: str = ""
    body: str = ""
    state: str = ""
    """`open` or `closed`."""
    draft: bool = False
    """Old versions, and Gogs, leave it out."""
    merged: bool = False
    merged_at: Moment | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    """None until it is merged."""
    mergeable: bool | None = None
    user: User = User()
    """Who opened it."""
    head: Side = Side()
    """The branch that is to be merged."""
    base: Side = Side()
    """The branch to merge into."""
    head_branch: str | None = None
    """What Gogs sends in place of `head`, with `head_repo`, `base_branch` and `base_repo`."""
    head_repo: Repository | None = None
    base_branch: str | None = None
    base_repo: Repository | None = None
    html_url: str = ""
    diff_url: str = ""
    patch_url: str = ""
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    assignee: User | None = None
    assignees: tuple[User, ...] = ()
    requested_reviewers: tuple[User, ...] = ()
    comments: int = 0
    created_at: Moment | None = None
    updated_at: Moment | None = None
    closed_at: Moment | None = None


class ReviewDetails(Part):
    """A review, in short."""

    type: str = ""
    """`pull_request_review_approved`, `pull_request_review_rejected` or `pull_request_review_comment`."""
    content: str = ""


class PullRequest(ActionEvent):
    """Something was done to a pull request.

    `action`: `opened`, `edited`, `synchronized` (new commits), `closed` (merged or not), `reopened`,
    `label_updated`, `assigned`, `milestoned`, `review_requested`, `reviewed`, ...
    """

    number: int = 0
    pull_request: PullRequestDetails = PullRequestDetails()
    changes: Changes | None = None
    """For `edited` only."""
    requested_reviewer: User | None = None
    """For `review_requested` and `review_request_removed` only."""
    review: ReviewDetails | None = None
    """For `reviewed` only."""
    commit_id: str = ""
    """Of a review."""


class IssuePullRequest(Part):
    """What is said of the pull request, of an issue that is one."""

    merged: bool = False
    merged_at: Moment | None = None
    draft: bool = False
    html_url: str = ""


class IssueDetails(Part):
    """The issue itself."""

    id: Id | None = None
    number: int = 0
    title: str = ""
    body: str = ""
    state: str = ""
    """`open` or `closed`."""
    user: User = User()
    """Who opened it."""
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    assignee: User | None = None
    assignees: tuple[User, ...] = ()
    comments: int = 0
    """How many."""
    pull_request: IssuePullRequest | None = None
    """None for a plain issue."""
    html_url: str = ""
    """Empty from old versions, and from Gogs."""
    created_at: Moment | None = None
    updated_at: Moment | None = None
    closed_at: Moment | None = None


class Issues(ActionEvent):
    """Something was done to an issue.

    `action`: `opened`, `edited`, `closed`, `reopened`, `deleted`, `label_updated`, `assigned`, `milestoned`, ...
    """

    number: int = 0
    issue: IssueDetails = IssueDetails()
    changes: Changes | None = None
    """For `edited` only."""


class Comment(Part):
    """A comment."""

    id: Id | None = None
    body: str = ""
    user: User = User()
    html_url: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class IssueComment(ActionEvent):
    """A comment on an issue or a pull request was `created`, `edited` or `deleted`."""

    issue: IssueDetails = IssueDetails()
    comment: Comment = Comment()
    pull_request: PullRequestDetails | None = None
    """None for an issue, and from old versions."""
    is_pull: bool = False
    """Whether it is on a pull request; Gogs leaves it out."""
    changes: Changes | None = None
    """For `edited` only."""
