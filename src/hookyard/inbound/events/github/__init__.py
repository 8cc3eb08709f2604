"""What GitHub sends. The event `pull_request` is `PullRequest`, and so on; what an event is about is `...Details`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from hookyard.inbound.events.github.checks import (
    App,
    CheckedCommit,
    CheckedPullRequest,
    CheckedSide,
    CheckOutput,
    CheckRun,
    CheckRunDetails,
    CheckSuite,
    CheckSuiteDetails,
    RequestedAction,
    Status,
    StatusBranch,
    Step,
    Workflow,
    WorkflowJob,
    WorkflowJobDetails,
    WorkflowRun,
    WorkflowRunDetails,
)
from hookyard.inbound.events.github.issue import (
    Comment,
    CommitComment,
    CommitCommentDetails,
    IssueComment,
    IssueDetails,
    IssuePullRequest,
    Issues,
)
from hookyard.inbound.events.github.parts import (
    Changes,
    Installation,
    Label,
    Milestone,
    Organization,
    Repository,
    Team,
    User,
    Was,
    WasBase,
)
from hookyard.inbound.events.github.pull_request import (
    PullRequest,
    PullRequestDetails,
    PullRequestReview,
    PullRequestReviewComment,
    PullRequestReviewThread,
    Review,
    ReviewComment,
    Side,
    Thread,
)
from hookyard.inbound.events.github.push import Commit, GitUser, Push
from hookyard.inbound.events.github.release import Asset, Create, Delete, Release, ReleaseDetails
from hookyard.inbound.events.github.social import Fork, Hook, Ping, Star, Watch

__all__ = [
    "App", "Asset", "Changes", "CheckOutput", "CheckRun", "CheckRunDetails", "CheckSuite", "CheckSuiteDetails",
    "CheckedCommit", "CheckedPullRequest", "CheckedSide", "Comment", "Commit", "CommitComment", "CommitCommentDetails",
    "Create", "Delete", "Fork", "GitUser", "Hook", "Installation", "IssueComment", "IssueDetails", "IssuePullRequest",
    "Issues", "Label", "Milestone", "Organization", "Ping", "PullRequest", "PullRequestDetails", "PullRequestReview",
    "PullRequestReviewComment", "PullRequestReviewThread", "Push", "Release", "ReleaseDetails", "Repository",
    "RequestedAction", "Review", "ReviewComment", "Side", "Star", "Status", "StatusBranch", "Step", "Team", "Thread",
    "User", "Was", "WasBase", "Watch", "Workflow", "WorkflowJob", "WorkflowJobDetails", "WorkflowRun",
    "WorkflowRunDetails",
]  # fmt: skip
