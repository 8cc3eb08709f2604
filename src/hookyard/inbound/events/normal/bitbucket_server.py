"""Bitbucket Data Center's pushes and pull requests as everybody's."""

from collections.abc import Mapping
from typing import Final

from hookyard.inbound.events import bitbucket_server as server
from hookyard.inbound.events import git
from hookyard.inbound.events.normal.several import change_of, push_of
from hookyard.inbound.events.refs import BRANCHES

_ACTIONS: Final[Mapping[str, git.Action]] = {
    "pr:opened": "opened",
    "pr:reopened": "reopened",
    "pr:from_ref_updated": "updated",
    "pr:modified": "edited",
    "pr:reviewer:updated": "reviewers",
    "pr:reviewer:approved": "approved",
    "pr:reviewer:unapproved": "unapproved",
    "pr:reviewer:needs_work": "changes_requested",
    "pr:reviewer:changes_requested": "changes_requested",
    "pr:merged": "merged",
    "pr:declined": "closed",
    "pr:deleted": "closed",
}


def push(event: server.Push, _: str) -> git.Push:
    """A push."""
    return push_of(
        "bitbucket-server",
        _repository(event.repository),
        _person(event.actor),
        [_change(change) for change in event.changes],
        commits=tuple(_commit(commit) for commit in event.commits),
    )


def pull_request(event: server.PullRequest, name: str) -> git.PullRequest:
    """A pull request; what was done is the event's name."""
    pull = event.pull_request
    merge = pull.properties.merge_commit
    page = pull.links.page
    return git.PullRequest(
        host="bitbucket-server",
        action=_ACTIONS.get(name, "other"),
        host_action=name,
        repository=_repository(pull.to_ref.repository),
        number=pull.id,
        title=pull.title,
        body=pull.description or "",
        url=page[0].href if page else "",
        state="merged" if pull.state == "MERGED" else "closed" if pull.state == "DECLINED" else "open",
        draft=pull.draft,
        merged=pull.state == "MERGED",
        merge_commit=None if merge is None else merge.id,
        author=_person(pull.author.user),
        sender=_person(event.actor),
        source_branch=_short(pull.from_ref),
        source_sha=pull.from_ref.latest_commit,
        source_repository=_repository(pull.from_ref.repository),
        target_branch=_short(pull.to_ref),
        target_sha=pull.to_ref.latest_commit,
        created_at=pull.created_date,
        updated_at=pull.updated_date,
    )


def _short(side: server.Side) -> str:
    return side.id.removeprefix(BRANCHES) or side.display_id


def _change(change: server.RefChange) -> git.Change:
    return change_of(
        change.ref_id or change.ref.id,
        change.from_hash,
        change.to_hash,
        created=change.type == "ADD",
        deleted=change.type == "DELETE",
    )


def _repository(repository: server.Repository) -> git.Repository:
    links = repository.links
    clone = {link.name: link.href for link in links.clone}
    page = links.page[0].href.removesuffix("/browse") if links.page else ""
    return git.Repository(
        full_name="/".join(part for part in (repository.project.key, repository.slug) if part),
        name=repository.slug or repository.name,
        url=page,
        clone_url=clone.get("http"),
        ssh_url=clone.get("ssh"),
        private=not repository.public,
    )


def _person(user: server.User) -> git.Person:
    return git.Person(name=user.display_name, username=user.name or None, email=user.email_address or None)


def _commit(commit: server.Commit) -> git.Commit:
    author = commit.author
    return git.Commit(
        id=commit.id,
        message=commit.message,
        author=git.Person(name=author.name, email=author.email_address or None),
        timestamp=commit.author_timestamp,
    )
