"""What Bitbucket Cloud sends; what an event is about is `...Details`.

Bitbucket has no releases and no stars, tells of branches and tags in a push, and sends no ping.

Source: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
"""

from hookyard.inbound.events.bitbucket.comment import Comment, Inline, Parent
from hookyard.inbound.events.bitbucket.issue import Issue, IssueComment, IssueDetails, Named
from hookyard.inbound.events.bitbucket.parts import (
    Branch,
    Commit,
    CommitAuthor,
    Content,
    Link,
    Links,
    Project,
    Repository,
    User,
)
from hookyard.inbound.events.bitbucket.pull_request import (
    Participant,
    PullRequest,
    PullRequestComment,
    PullRequestDetails,
    Side,
    Verdict,
)
from hookyard.inbound.events.bitbucket.push import (
    BuildStatus,
    Change,
    CommitComment,
    CommitStatus,
    Fork,
    Push,
    PushDetails,
    Ref,
)

__all__ = [
    "Branch", "BuildStatus", "Change", "Comment", "Commit", "CommitAuthor", "CommitComment", "CommitStatus", "Content",
    "Fork", "Inline", "Issue", "IssueComment", "IssueDetails", "Link", "Links", "Named", "Parent", "Participant",
    "Project", "PullRequest", "PullRequestComment", "PullRequestDetails", "Push", "PushDetails", "Ref", "Repository",
    "Side", "User", "Verdict",
]  # fmt: skip
