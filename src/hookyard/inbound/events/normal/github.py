"""GitHub's pushes and pull requests as everybody's."""

from collections.abc import Mapping
from typing import Final

from hookyard.inbound.events import git, github

_ACTIONS: Final[Mapping[str, git.Action]] = {
    "opened": "opened",
    "reopened": "reopened",
    "synchronize": "updated",
    "edited": "edited",
    "ready_for_review": "ready",
    "converted_to_draft": "drafted",
    "labeled": "labeled",
    "unlabeled": "labeled",
    "assigned": "assigned",
    "unassigned": "assigned",
    "review_requested": "reviewers",
    "review_request_removed": "reviewers",
}
_REVIEWS: Final[Mapping[str, git.Action]] = {"approved": "approved", "changes_requested": "changes_requested"}


def push(event: github.Push, _: str) -> git.Push:
    """A push."""
    pusher = event.pusher
    return git.Push(
        host="github",
        repository=_repository(event.repository),
        pusher=git.Person(name=pusher.name, username=event.sender.login or pusher.name or None, email=pusher.email),
        compare_url=event.compare or None,
        ref=event.ref,
        branch=event.branch,
        tag=event.tag,
        before=event.before,
        after=event.after,
        created=event.created,
        deleted=event.deleted,
        forced=event.forced,
        commits=tuple(_commit(commit) for commit in event.commits),
    )


def pull_request(event: github.PullRequest, _: str) -> git.PullRequest:
    """A pull request."""
    pull = event.pull_request
    if event.action == "closed":
        return _pull_request(event, pull, "merged" if _is_merged(pull) else "closed")
    return _pull_request(event, pull, _ACTIONS.get(event.action, "other"))


def review(event: github.PullRequestReview, _: str) -> git.PullRequest:
    """A review of one."""
    action: git.Action = "other"
    if event.action == "dismissed":
        action = "unapproved"
    elif event.action == "submitted":
        action = _REVIEWS.get(event.review.state.lower(), "other")
    return _pull_request(event, event.pull_request, action)


def _pull_request(
    event: github.PullRequest | github.PullRequestReview, pull: github.PullRequestDetails, action: git.Action
) -> git.PullRequest:
    merged = _is_merged(pull)
    return git.PullRequest(
        host="github",
        action=action,
        host_action=event.action,
        repository=_repository(event.repository),
        number=pull.number,
        title=pull.title,
        body=pull.body or "",
        url=pull.html_url,
        state="merged" if merged else "closed" if pull.state == "closed" else "open",
        draft=pull.draft,
        merged=merged,
        merge_commit=pull.merge_commit_sha if merged else None,
        author=_person(pull.user),
        sender=_person(event.sender),
        source_branch=pull.head.ref,
        source_sha=pull.head.sha,
        source_repository=None if pull.head.repo is None else _repository(pull.head.repo),
        target_branch=pull.base.ref,
        target_sha=pull.base.sha,
        labels=tuple(label.name for label in pull.labels),
        created_at=pull.created_at,
        updated_at=pull.updated_at,
    )


def _is_merged(pull: github.PullRequestDetails) -> bool:
    return pull.merged or pull.merged_at is not None


def _repository(repository: github.Repository) -> git.Repository:
    return git.Repository(
        full_name=repository.full_name,
        name=repository.name,
        url=repository.html_url,
        clone_url=repository.clone_url or None,
        ssh_url=repository.ssh_url or None,
        default_branch=repository.default_branch or None,
        private=repository.private,
    )


def _person(user: github.User | None) -> git.Person:
    if user is None:
        return git.Person()
    return git.Person(name=user.name or user.login, username=user.login or None, email=user.email)


def _commit(commit: github.Commit) -> git.Commit:
    author = commit.author
    return git.Commit(
        id=commit.id,
        message=commit.message,
        author=git.Person(name=author.name, username=author.username, email=author.email),
        timestamp=commit.timestamp,
        url=commit.url or None,
        files_known=True,
        added=commit.added,
        modified=commit.modified,
        removed=commit.removed,
    )
