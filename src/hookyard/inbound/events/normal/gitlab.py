"""GitLab's pushes and merge requests as everybody's."""

from collections.abc import Mapping
from typing import Final, cast

from hookyard.inbound.events import git, gitlab
from hookyard.inbound.events.refs import branch_of, is_zeros, tag_of

_ACTIONS: Final[Mapping[str, git.Action]] = {
    "open": "opened",
    "reopen": "reopened",
    "close": "closed",
    "merge": "merged",
    "approved": "approved",
    "approval": "approved",
    "unapproved": "unapproved",
    "unapproval": "unapproved",
}
_CHANGES: Final[Mapping[str, git.Action]] = {
    "labels": "labeled",
    "assignees": "assigned",
    "assignee_id": "assigned",
    "reviewers": "reviewers",
}
"""What an update is of which nothing else is known."""
_PUBLIC: Final = 20


def push(event: gitlab.Push, _: str) -> git.Push:
    """A push of commits or of a tag."""
    return git.Push(
        host="gitlab",
        repository=_repository(event.project),
        pusher=git.Person(name=event.user_name, username=event.user_username, email=event.user_email or None),
        ref=event.ref,
        branch=branch_of(event.ref),
        tag=tag_of(event.ref),
        before=event.before,
        after=event.after,
        created=is_zeros(event.before),
        deleted=is_zeros(event.after),
        commits=tuple(_commit(commit) for commit in event.commits),
        truncated=event.total_commits_count > len(event.commits),
    )


def merge_request(event: gitlab.MergeRequest, _: str) -> git.PullRequest:
    """A merge request."""
    details = event.object_attributes
    commit, sender = details.last_commit, event.user
    person = git.Person(name=sender.name, username=sender.username or None, email=sender.email)
    return git.PullRequest(
        host="gitlab",
        action=_action(event),
        host_action=details.action or "",
        repository=_repository(event.project),
        number=details.iid,
        title=details.title,
        body=details.description or "",
        url=details.url,
        state="merged" if details.state == "merged" else "closed" if details.state == "closed" else "open",
        draft=details.draft or details.work_in_progress,
        merged=details.state == "merged",
        merge_commit=details.merge_commit_sha,
        author=person if sender.id is not None and sender.id == details.author_id else git.Person(),
        sender=person,
        source_branch=details.source_branch,
        source_sha="" if commit is None else commit.id,
        source_repository=None if details.source is None else _repository(details.source),
        target_branch=details.target_branch,
        labels=tuple(label.title for label in event.labels or details.labels),
        created_at=details.created_at,
        updated_at=details.updated_at,
    )


def _action(event: gitlab.MergeRequest) -> git.Action:
    details, changes = event.object_attributes, event.changes or {}
    if details.action is None:
        return "other"
    if details.action != "update":
        return _ACTIONS.get(details.action, "other")
    if details.oldrev:
        return "updated"
    for field in ("draft", "work_in_progress"):
        change = changes.get(field)
        if isinstance(change, dict):
            return "drafted" if cast("dict[str, object]", change).get("current") is True else "ready"
    if not {"title", "description", "target_branch"} & changes.keys():
        for field, action in _CHANGES.items():
            if field in changes:
                return action
    return "edited"


def _repository(project: gitlab.Project) -> git.Repository:
    level = project.visibility_level
    return git.Repository(
        full_name=project.path_with_namespace,
        name=project.name,
        url=project.web_url,
        clone_url=project.git_http_url or None,
        ssh_url=project.git_ssh_url or None,
        default_branch=project.default_branch,
        private=None if level is None else level < _PUBLIC,
    )


def _commit(commit: gitlab.Commit) -> git.Commit:
    return git.Commit(
        id=commit.id,
        message=commit.message,
        author=git.Person(name=commit.author.name, email=commit.author.email or None),
        timestamp=commit.timestamp,
        url=commit.url or None,
        files_known=True,
        added=commit.added,
        modified=commit.modified,
        removed=commit.removed,
    )
