"""What Gitea, Forgejo and Gogs send; the event `pull_request` is `PullRequest`, and so on.

They are one family, and the younger two send all that Gogs sends; where one leaves out what another sends, the field
says so. Stars make no webhook, and the test button sends a `push`, no ping.

Source: https://docs.gitea.com/usage/webhooks
"""

from hookyard.inbound.events.gitea.checks import (
    Status,
    StatusCommit,
    Workflow,
    WorkflowJob,
    WorkflowJobDetails,
    WorkflowRun,
    WorkflowRunDetails,
)
from hookyard.inbound.events.gitea.parts import Changes, GitUser, Label, Milestone, Repository, User, Was
from hookyard.inbound.events.gitea.pull_request import (
    Comment,
    IssueComment,
    IssueDetails,
    IssuePullRequest,
    Issues,
    PullRequest,
    PullRequestDetails,
    ReviewDetails,
    Side,
)
from hookyard.inbound.events.gitea.push import Attachment, Commit, Create, Delete, Fork, Push, Release, ReleaseDetails

__all__ = [
    "Attachment", "Changes", "Comment", "Commit", "Create", "Delete", "Fork", "GitUser", "IssueComment", "IssueDetails",
    "IssuePullRequest", "Issues", "Label", "Milestone", "PullRequest", "PullRequestDetails", "Push", "Release",
    "ReleaseDetails", "Repository", "ReviewDetails", "Side", "Status", "StatusCommit", "User", "Was", "Workflow",
    "WorkflowJob", "WorkflowJobDetails", "WorkflowRun", "WorkflowRunDetails",
]  # fmt: skip
