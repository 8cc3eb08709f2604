"""Which type the body of an event is, and how a host's event becomes everybody's."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, TypeVar, cast

import msgspec
from msgspec import Struct

from hookyard.inbound.events import azure_devops, bitbucket, bitbucket_server, git, gitea, github, gitlab
from hookyard.inbound.events.normal import azure_devops as from_azure_devops
from hookyard.inbound.events.normal import bitbucket as from_bitbucket
from hookyard.inbound.events.normal import bitbucket_server as from_bitbucket_server
from hookyard.inbound.events.normal import gitea as from_gitea
from hookyard.inbound.events.normal import github as from_github
from hookyard.inbound.events.normal import gitlab as from_gitlab

_EventT = TypeVar("_EventT", bound=Struct)
Normaliser = Callable[[bytes, str], bytes | None]
"""From the body of an event (JSON) and its name to the JSON of the `git` event; None when it is none of that kind."""
_Make = Callable[[Struct, str], Struct]

_TYPES: Final[Mapping[str, Mapping[str, type[Struct]]]] = {
    "github": {
        "push": github.Push,
        "pull_request": github.PullRequest,
        "pull_request_review": github.PullRequestReview,
        "pull_request_review_comment": github.PullRequestReviewComment,
        "pull_request_review_thread": github.PullRequestReviewThread,
        "issues": github.Issues,
        "issue_comment": github.IssueComment,
        "commit_comment": github.CommitComment,
        "release": github.Release,
        "create": github.Create,
        "delete": github.Delete,
        "workflow_run": github.WorkflowRun,
        "workflow_job": github.WorkflowJob,
        "check_run": github.CheckRun,
        "check_suite": github.CheckSuite,
        "status": github.Status,
        "star": github.Star,
        "watch": github.Watch,
        "fork": github.Fork,
        "ping": github.Ping,
    },
    "gitlab": {
        "Push Hook": gitlab.Push,
        "Tag Push Hook": gitlab.TagPush,
        "Merge Request Hook": gitlab.MergeRequest,
        "Issue Hook": gitlab.Issue,
        "Confidential Issue Hook": gitlab.Issue,
        "Note Hook": gitlab.Note,
        "Confidential Note Hook": gitlab.Note,
        "Release Hook": gitlab.Release,
        "Pipeline Hook": gitlab.Pipeline,
        "Job Hook": gitlab.Job,
        "Deployment Hook": gitlab.Deployment,
    },
    "gitea": {
        "push": gitea.Push,
        "pull_request": gitea.PullRequest,
        "pull_request_approved": gitea.PullRequest,
        "pull_request_rejected": gitea.PullRequest,
        "pull_request_comment": gitea.PullRequest,
        "issues": gitea.Issues,
        "issue_comment": gitea.IssueComment,
        "release": gitea.Release,
        "create": gitea.Create,
        "delete": gitea.Delete,
        "fork": gitea.Fork,
        "status": gitea.Status,
        "workflow_run": gitea.WorkflowRun,
        "workflow_job": gitea.WorkflowJob,
    },
    "bitbucket": {
        "repo:push": bitbucket.Push,
        "repo:fork": bitbucket.Fork,
        "repo:commit_comment_created": bitbucket.CommitComment,
        "repo:commit_status_created": bitbucket.CommitStatus,
        "repo:commit_status_updated": bitbucket.CommitStatus,
        "pullrequest:created": bitbucket.PullRequest,
        "pullrequest:updated": bitbucket.PullRequest,
        "pullrequest:approved": bitbucket.PullRequest,
        "pullrequest:unapproved": bitbucket.PullRequest,
        "pullrequest:changes_request_created": bitbucket.PullRequest,
        "pullrequest:changes_request_removed": bitbucket.PullRequest,
        "pullrequest:fulfilled": bitbucket.PullRequest,
        "pullrequest:rejected": bitbucket.PullRequest,
        "pullrequest:comment_created": bitbucket.PullRequestComment,
        "pullrequest:comment_updated": bitbucket.PullRequestComment,
        "pullrequest:comment_deleted": bitbucket.PullRequestComment,
        "pullrequest:comment_resolved": bitbucket.PullRequestComment,
        "pullrequest:comment_reopened": bitbucket.PullRequestComment,
        "issue:created": bitbucket.Issue,
        "issue:updated": bitbucket.Issue,
        "issue:comment_created": bitbucket.IssueComment,
    },
    "bitbucket-server": {
        "repo:refs_changed": bitbucket_server.Push,
        "repo:forked": bitbucket_server.Fork,
        "repo:modified": bitbucket_server.Modified,
        "repo:comment:added": bitbucket_server.CommitComment,
        "repo:comment:edited": bitbucket_server.CommitComment,
        "repo:comment:deleted": bitbucket_server.CommitComment,
        "pr:opened": bitbucket_server.PullRequest,
        "pr:from_ref_updated": bitbucket_server.PullRequest,
        "pr:modified": bitbucket_server.PullRequest,
        "pr:reviewer:updated": bitbucket_server.PullRequest,
        "pr:reviewer:approved": bitbucket_server.PullRequest,
        "pr:reviewer:unapproved": bitbucket_server.PullRequest,
        "pr:reviewer:needs_work": bitbucket_server.PullRequest,
        "pr:reviewer:changes_requested": bitbucket_server.PullRequest,
        "pr:merged": bitbucket_server.PullRequest,
        "pr:declined": bitbucket_server.PullRequest,
        "pr:reopened": bitbucket_server.PullRequest,
        "pr:deleted": bitbucket_server.PullRequest,
        "pr:comment:added": bitbucket_server.PullRequestComment,
        "pr:comment:edited": bitbucket_server.PullRequestComment,
        "pr:comment:deleted": bitbucket_server.PullRequestComment,
        "diagnostics:ping": bitbucket_server.Ping,
    },
    "azure-devops": {
        "git.push": azure_devops.Push,
        "git.pullrequest.created": azure_devops.PullRequest,
        "git.pullrequest.updated": azure_devops.PullRequest,
        "git.pullrequest.merged": azure_devops.PullRequest,
        "ms.vss-code.git-pullrequest-comment-event": azure_devops.PullRequestComment,
        "build.complete": azure_devops.Build,
        "workitem.created": azure_devops.WorkItem,
        "workitem.updated": azure_devops.WorkItem,
        "workitem.commented": azure_devops.WorkItem,
        "workitem.deleted": azure_devops.WorkItem,
        "workitem.restored": azure_devops.WorkItem,
    },
}


def _from(kind: type[_EventT], make: Callable[[_EventT, str], Struct]) -> tuple[type[Struct], _Make]:
    return kind, cast("_Make", make)


_MADE: Final[Mapping[type[Struct], Mapping[type[Struct], _Make]]] = {
    git.Push: dict(
        (
            _from(github.Push, from_github.push),
            _from(gitlab.Push, from_gitlab.push),
            _from(gitlab.TagPush, from_gitlab.push),
            _from(gitea.Push, from_gitea.push),
            _from(bitbucket.Push, from_bitbucket.push),
            _from(bitbucket_server.Push, from_bitbucket_server.push),
            _from(azure_devops.Push, from_azure_devops.push),
        )
    ),
    git.PullRequest: dict(
        (
            _from(github.PullRequest, from_github.pull_request),
            _from(github.PullRequestReview, from_github.review),
            _from(gitlab.MergeRequest, from_gitlab.merge_request),
            _from(gitea.PullRequest, from_gitea.pull_request),
            _from(bitbucket.PullRequest, from_bitbucket.pull_request),
            _from(bitbucket_server.PullRequest, from_bitbucket_server.pull_request),
            _from(azure_devops.PullRequest, from_azure_devops.pull_request),
        )
    ),
}


def types(host: str) -> Mapping[str, type[Struct]]:
    """The types of a host's events, by the name that a route's `on` has for them; empty for a host not known."""
    return MappingProxyType(_TYPES.get(host, {}))


@cache
def events_of(kind: type) -> Mapping[str, frozenset[str]] | None:
    """Which events a type is for, by host; None for a type that is none of ours."""
    takes = _MADE.get(kind, {kind: None})
    found = {host: frozenset(name for name, made in events.items() if made in takes) for host, events in _TYPES.items()}
    return MappingProxyType({host: names for host, names in found.items() if names}) or None


@cache
def normaliser(host: str, kind: type) -> Normaliser | None:
    """What makes the `git` event of one host's events; None when there is none for this host or this type.

    What it returns raises `msgspec.ValidationError`, which says the JSON path, for a body that is not what the host
    sends, and `msgspec.DecodeError` for one that is no JSON.
    """
    makers = _MADE.get(kind, {})
    known = {
        name: (msgspec.json.Decoder(made).decode, makers[made])
        for name, made in _TYPES.get(host, {}).items()
        if made in makers
    }
    if not known:
        return None

    def normalise(body: bytes, event: str) -> bytes | None:
        found = known.get(event)
        if found is None:
            return None
        decode, make = found
        return msgspec.json.encode(make(decode(body), event))

    return normalise
