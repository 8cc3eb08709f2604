"""Bitbucket Cloud's pushes and pull requests as everybody's."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Final

from hookyard.inbound.events import bitbucket, git
from hookyard.inbound.events.normal.several import push_of
from hookyard.inbound.events.refs import BRANCHES, TAGS, ZEROS, branch_of, tag_of

_ACTIONS: Final[Mapping[str, git.Action]] = {
    "pullrequest:created": "opened",
    "pullrequest:updated": "edited",
    "pullrequest:approved": "approved",
    "pullrequest:unapproved": "unapproved",
    "pullrequest:changes_request_created": "changes_requested",
    "pullrequest:changes_request_removed": "unapproved",
    "pullrequest:fulfilled": "merged",
    "pullrequest:rejected": "closed",
}
"""Bitbucket does not say whether an update is one of the commits or of the words."""


def push(event: bitbucket.Push, _: str) -> git.Push:
    """A push."""
    changes = event.push.changes or (bitbucket.Change(),)
    return push_of(
        "bitbucket",
        _repository(event.repository),
        _person(event.actor),
        [_change(change) for change in changes],
        compare_url=changes[0].links.html.href or None,
    )


def pull_request(event: bitbucket.PullRequest, name: str) -> git.PullRequest:
    """A pull request; what was done is the event's name."""
    pull = event.pullrequest
    merged = pull.state == "MERGED" or name == "pullrequest:fulfilled"
    source, target = pull.source, pull.destination
    return git.PullRequest(
        host="bitbucket",
        action=_ACTIONS.get(name, "other"),
        host_action=name,
        repository=_repository(event.repository),
        number=pull.id,
        title=pull.title,
        body=pull.description or "",
        url=pull.links.html.href,
        state="merged" if merged else "closed" if pull.state in {"DECLINED", "SUPERSEDED"} else "open",
        draft=pull.draft,
        merged=merged,
        merge_commit=pull.merge_commit.hash if merged and pull.merge_commit is not None else None,
        author=git.Person() if pull.author is None else _person(pull.author),
        sender=_person(event.actor),
        source_branch=source.branch.name,
        source_sha="" if source.commit is None else source.commit.hash,
        source_repository=None if source.repository is None else _repository(source.repository),
        target_branch=target.branch.name,
        target_sha="" if target.commit is None else target.commit.hash,
        created_at=pull.created_on,
        updated_at=pull.updated_on,
    )


def _change(change: bitbucket.Change) -> git.Change:
    new, old = change.new, change.old
    known = new or old
    ref = ""
    if known is not None:
        ref = (TAGS if known.type.endswith("tag") else BRANCHES) + known.name
    return git.Change(
        ref=ref,
        branch=branch_of(ref),
        tag=tag_of(ref),
        before=ZEROS if old is None else old.target.hash,
        after=ZEROS if new is None else new.target.hash,
        created=change.created or (old is None and new is not None),
        deleted=change.closed or (new is None and old is not None),
        forced=change.forced,
        commits=tuple(_commit(commit) for commit in change.commits),
        truncated=change.truncated,
    )


def _repository(repository: bitbucket.Repository) -> git.Repository:
    return git.Repository(
        full_name=repository.full_name,
        name=repository.name,
        url=repository.links.html.href,
        default_branch=None if repository.mainbranch is None else repository.mainbranch.name or None,
        private=repository.is_private,
    )


def _person(user: bitbucket.User) -> git.Person:
    return git.Person(name=user.display_name, username=user.nickname)


def _commit(commit: bitbucket.Commit) -> git.Commit:
    name, email = parseaddr(commit.author.raw)
    user = commit.author.user
    return git.Commit(
        id=commit.hash,
        message=commit.message,
        author=git.Person(
            name=name or (user.display_name if user is not None else commit.author.raw),
            username=None if user is None else user.nickname,
            email=email if "@" in email else None,
        ),
        timestamp=commit.date,
        url=commit.links.html.href or None,
    )
