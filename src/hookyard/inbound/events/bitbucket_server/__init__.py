"""What Bitbucket Data Center (and Server) sends. Its `camelCase` names are `snake_case` here.

Source: https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
"""

from hookyard.inbound.events.bitbucket_server.parts import Comment, Link, Links, Origin, Project, Repository, User
from hookyard.inbound.events.bitbucket_server.pull_request import (
    MergeCommit,
    Participant,
    PreviousTarget,
    Properties,
    PullRequest,
    PullRequestComment,
    PullRequestDetails,
    Side,
)
from hookyard.inbound.events.bitbucket_server.push import (
    Commit,
    CommitComment,
    Fork,
    GitUser,
    Modified,
    Ping,
    Push,
    Ref,
    RefChange,
)

__all__ = [
    "Comment", "Commit", "CommitComment", "Fork", "GitUser", "Link", "Links", "MergeCommit", "Modified", "Origin",
    "Participant", "Ping", "PreviousTarget", "Project", "Properties", "PullRequest", "PullRequestComment",
    "PullRequestDetails", "Push", "Ref", "RefChange", "Repository", "Side", "User",
]  # fmt: skip
