"""Azure DevOps' pushes and pull requests as everybody's."""

from hookyard.inbound.events import azure_devops as azure
from hookyard.inbound.events import git
from hookyard.inbound.events.normal.several import change_of, push_of
from hookyard.inbound.events.refs import BRANCHES, branch_of


def push(event: azure.Push, _: str) -> git.Push:
    """A push."""
    push = event.resource
    return push_of(
        "azure-devops",
        _repository(push.repository),
        _person(push.pushed_by),
        [change_of(update.name, update.old_object_id, update.new_object_id) for update in push.ref_updates],
        commits=tuple(_commit(commit) for commit in push.commits),
    )


def pull_request(event: azure.PullRequest, name: str) -> git.PullRequest:
    """A pull request. An event `merged` says only that a merge was tried."""
    pull = event.resource
    merged = pull.status == "completed"
    action: git.Action = "merged" if merged else "closed" if pull.status == "abandoned" else "edited"
    if name == "git.pullrequest.created":
        action = "opened"
    elif name == "git.pullrequest.merged" and action == "edited":
        action = "other"
    last = pull.last_merge_commit
    return git.PullRequest(
        host="azure-devops",
        action=action,
        host_action=name,
        repository=_repository(pull.repository),
        number=pull.pull_request_id,
        title=pull.title,
        body=pull.description or "",
        url=pull.url,
        state="merged" if merged else "closed" if pull.status == "abandoned" else "open",
        draft=pull.is_draft,
        merged=merged,
        merge_commit=last.commit_id if merged and last is not None else None,
        author=_person(pull.created_by),
        source_branch=pull.source_ref_name.removeprefix(BRANCHES),
        source_sha=pull.last_merge_source_commit.commit_id,
        target_branch=pull.target_ref_name.removeprefix(BRANCHES),
        target_sha=pull.last_merge_target_commit.commit_id,
        labels=tuple(label.name for label in pull.labels),
        created_at=pull.creation_date,
    )


def _repository(repository: azure.Repository) -> git.Repository:
    return git.Repository(
        full_name="/".join(part for part in (repository.project.name, repository.name) if part),
        name=repository.name,
        url=repository.remote_url,
        clone_url=repository.remote_url or None,
        ssh_url=repository.ssh_url,
        default_branch=branch_of(repository.default_branch or ""),
    )


def _person(identity: azure.Identity) -> git.Person:
    return git.Person(name=identity.display_name, username=identity.unique_name or None)


def _commit(commit: azure.Commit) -> git.Commit:
    return git.Commit(
        id=commit.commit_id,
        message=commit.comment,
        author=git.Person(name=commit.author.name, email=commit.author.email or None),
        timestamp=commit.author.date,
        url=commit.url or None,
    )
