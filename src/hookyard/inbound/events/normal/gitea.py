"""Gitea's pushes and pull requests as everybody's; Forgejo's and Gogs's too."""

from collections.abc import Mapping
from typing import Final

from hookyard.inbound.events import git, gitea
from hookyard.inbound.events.refs import branch_of, is_zeros, tag_of

_ACTIONS: Final[Mapping[str, git.Action]] = {
    "opened": "opened",
    "reopened": "reopened",
    "synchronized": "updated",
    "edited": "edited",
    "ready_for_review": "ready",
    "converted_to_draft": "drafted",
    "label_updated": "labeled",
    "label_cleared": "labeled",
    "assigned": "assigned",
    "unassigned": "assigned",
    "review_requested": "reviewers",
    "review_request_removed": "reviewers",
}


def push(event: gitea.Push, _: str) -> git.Push:
    """A push."""
    return git.Push(
        host="gitea",
        repository=_repository(event.repository),
        pusher=_person(event.pusher),
        compare_url=event.compare_url or None,
        ref=event.ref,
        branch=branch_of(event.ref),
        tag=tag_of(event.ref),
        before=event.before,
        after=event.after,
        created=is_zeros(event.before),
        deleted=is_zeros(event.after),
        commits=tuple(_commit(commit) for commit in event.commits),
        truncated=(event.total_commits or 0) > len(event.commits),
    )


def pull_request(event: gitea.PullRequest, _: str) -> git.PullRequest:
    """A pull request, or a review of one."""
    pull = event.pull_request
    source, target = pull.head.repo or pull.head_repo, pull.base
    return git.PullRequest(
        host="gitea",
        action=_action(event),
        host_action=event.action,
        repository=_repository(event.repository),
        number=pull.number or event.number,
        title=pull.title,
        body=pull.body,
        url=pull.html_url,
        state="merged" if pull.merged else "closed" if pull.state == "closed" else "open",
        draft=pull.draft,
        merged=pull.merged,
        merge_commit=pull.merge_commit_sha if pull.merged else None,
        author=_person(pull.user),
        sender=_person(event.sender),
        source_branch=pull.head.ref or pull.head_branch or "",
        source_sha=pull.head.sha,
        source_repository=None if source is None else _repository(source),
        target_branch=target.ref or pull.base_branch or "",
        target_sha=target.sha,
        labels=tuple(label.name for label in pull.labels),
        created_at=pull.created_at,
        updated_at=pull.updated_at,
    )


def _action(event: gitea.PullRequest) -> git.Action:
    if event.action == "closed":
        return "merged" if event.pull_request.merged else "closed"
    if event.review is not None:
        if event.review.type.endswith("approved"):
            return "approved"
        return "changes_requested" if event.review.type.endswith("rejected") else "other"
    return _ACTIONS.get(event.action, "other")


def _repository(repository: gitea.Repository) -> git.Repository:
    return git.Repository(
        full_name=repository.full_name,
        name=repository.name,
        url=repository.html_url,
        clone_url=repository.clone_url or None,
        ssh_url=repository.ssh_url or None,
        default_branch=repository.default_branch or None,
        private=repository.private,
    )


def _person(user: gitea.User) -> git.Person:
    login = user.login or user.username
    return git.Person(name=user.full_name or login, username=login or None, email=user.email or None)


def _commit(commit: gitea.Commit) -> git.Commit:
    author = commit.author
    return git.Commit(
        id=commit.id,
        message=commit.message,
        author=git.Person(name=author.name, username=author.username or None, email=author.email or None),
        timestamp=commit.timestamp,
        url=commit.url or None,
        files_known=True,
        added=commit.added,
        modified=commit.modified,
        removed=commit.removed,
    )
