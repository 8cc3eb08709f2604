"""GitHub's `pull_request`, `pull_request_review`, `pull_request_review_comment` and `pull_request_review_thread`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
"""

from hookyard.inbound.events.github.parts import (
    ActionEvent,
    Changes,
    Label,
    Milestone,
    Repository,
    Team,
    User,
)
from hookyard.inbound.events.part import Id, Moment, Part


class Side(Part):
    """One of the two branches of a pull request."""

    label: str = ""
    """Owner and branch, such as `octocat:topic`."""
    ref: str = ""
    """The branch's short name."""
    sha: str = ""
    user: User | None = None
    """None when the account is gone."""
    repo: Repository | None = None
    """None when the fork is gone."""


class PullRequestDetails(Part):
    """The pull request itself."""

    id: Id | None = None
    number: int = 0
    state: str = ""
    """`open` or `closed`."""
    title: str = ""
    body: str | None = None
    """None when nothing was written."""
    draft: bool = False
    locked: bool = False
    merged: bool = False
    """In events of reviews GitHub leaves it out: see `merged_at` there."""
    merged_at: Moment | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    """While it is open, a trial merge; None while GitHub has not made one."""
    mergeable: bool | None = None
    """None while GitHub does not know."""
    mergeable_state: str = ""
    user: User | None = None
    """Who opened it; None when the account is gone."""
    author_association: str = ""
    """`OWNER`, `MEMBER`, `COLLABORATOR`, `CONTRIBUTOR`, `FIRST_TIME_CONTRIBUTOR`, `NONE`, ..."""
    head: Side = Side()
    """The branch that is to be merged."""
    base: Side = Side()
    """The branch to merge into."""
    html_url: str = ""
    url: str = ""
    diff_url: str = ""
    patch_url: str = ""
    labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    assignee: User | None = None
    assignees: tuple[User, ...] = ()
    requested_reviewers: tuple[User, ...] = ()
    requested_teams: tuple[Team, ...] = ()
    comments: int = 0
    review_comments: int = 0
    commits: int = 0
    """The five counts are in `pull_request` events only."""
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    created_at: Moment | None = None
    updated_at: Moment | None = None
    closed_at: Moment | None = None


class PullRequest(ActionEvent):
    """Something was done to a pull request.

    `action`: `opened`, `edited`, `synchronize` (new commits), `closed` (merged or not), `reopened`,
    `ready_for_review`, `converted_to_draft`, `labeled`, `assigned`, `review_requested`, ...
    """

    number: int = 0
    pull_request: PullRequestDetails = PullRequestDetails()
    before: str | None = None
    """The head before, for `synchronize` only."""
    after: str | None = None
    """The head now, for `synchronize` only."""
    changes: Changes | None = None
    """For `edited` only."""
    label: Label | None = None
    """For `labeled` and `unlabeled` only."""
    assignee: User | None = None
    """For `assigned` and `unassigned` only."""
    requested_reviewer: User | None = None
    """For `review_requested` and `review_request_removed`, where it is a person."""
    requested_team: Team | None = None
    """For the same, where it is a team."""


class Review(Part):
    """A review."""

    id: Id | None = None
    state: str = ""
    """`approved`, `changes_requested`, `commented` or `dismissed`."""
    body: str | None = None
    user: User | None = None
    """None when the account is gone."""
    commit_id: str | None = None
    submitted_at: Moment | None = None
    html_url: str = ""
    author_association: str = ""


class PullRequestReview(ActionEvent):
    """A review was `submitted`, `edited` or `dismissed`."""

    review: Review = Review()
    pull_request: PullRequestDetails = PullRequestDetails()
    changes: Changes | None = None
    """For `edited` only."""


class ReviewComment(Part):
    """A comment on a line or a file of the changes."""

    id: Id | None = None
    body: str = ""
    user: User | None = None
    """None when the account is gone."""
    path: str = ""
    line: int | None = None
    """The last line; None for a whole file, and where newer commits changed the line."""
    start_line: int | None = None
    """None for one line."""
    side: str | None = None
    """`LEFT` (before) or `RIGHT` (after)."""
    diff_hunk: str = ""
    commit_id: str = ""
    original_commit_id: str = ""
    pull_request_review_id: Id | None = None
    in_reply_to_id: Id | None = None
    html_url: str = ""
    author_association: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class PullRequestReviewComment(ActionEvent):
    """A comment on the changes was `created`, `edited` or `deleted`."""

    comment: ReviewComment = ReviewComment()
    pull_request: PullRequestDetails = PullRequestDetails()
    changes: Changes | None = None
    """For `edited` only."""


class Thread(Part):
    """A thread of comments on the changes."""

    node_id: str = ""
    comments: tuple[ReviewComment, ...] = ()


class PullRequestReviewThread(ActionEvent):
    """A thread of comments was `resolved` or `unresolved`."""

    thread: Thread = Thread()
    pull_request: PullRequestDetails = PullRequestDetails()
