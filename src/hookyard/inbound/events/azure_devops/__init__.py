"""What Azure DevOps (and its Server) sends. Its `camelCase` names are `snake_case` here.

Azure DevOps leaves much out where the subscription says to send minimal details: send all.

Source: https://learn.microsoft.com/en-us/azure/devops/service-hooks/events
"""

from hookyard.inbound.events.azure_devops.code import (
    Comment,
    Commit,
    GitUser,
    Label,
    PullRequest,
    PullRequestComment,
    PullRequestCommentDetails,
    PullRequestDetails,
    Push,
    PushDetails,
    RefUpdate,
    Reviewer,
)
from hookyard.inbound.events.azure_devops.parts import Identity, Message, Project, Repository
from hookyard.inbound.events.azure_devops.work import (
    Build,
    BuildDetails,
    Definition,
    Revision,
    WorkItem,
    WorkItemDetails,
)

__all__ = [
    "Build", "BuildDetails", "Comment", "Commit", "Definition", "GitUser", "Identity", "Label", "Message", "Project",
    "PullRequest", "PullRequestComment", "PullRequestCommentDetails", "PullRequestDetails", "Push", "PushDetails",
    "RefUpdate", "Repository", "Reviewer", "Revision", "WorkItem", "WorkItemDetails",
]  # fmt: skip
