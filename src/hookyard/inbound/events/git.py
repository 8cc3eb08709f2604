"""A push and a pull request, the same from every host.

A route whose command takes one of them needs no mapping, and may stand at a source of any Git host. The fields follow
the rule of :mod:`hookyard.inbound.events`; None also stands for what a host does not say.
"""

from typing import Literal

from hookyard.inbound.events.part import Moment, Part

Host = Literal["github", "gitlab", "gitea", "bitbucket", "bitbucket-server", "azure-devops"]
"""Who sent it; `gitea` is Forgejo and Gogs too."""
State = Literal["open", "closed", "merged"]
Action = Literal[
    "opened", "reopened", "updated", "edited", "ready", "drafted", "labeled", "assigned", "reviewers", "approved",
    "unapproved", "changes_requested", "closed", "merged", "other",
]  # fmt: skip
"""What was done to a pull request.

`updated`: it has new commits. `edited`: its title, its text or its target are others. `ready`, `drafted`: it is no
draft any more, or is one now. `labeled`, `assigned`, `reviewers`: they were added or removed. `unapproved`: an
approval, or a request for changes, was taken back. `closed`: without merging. `other`: see `host_action`.
"""


class Repository(Part):
    """A repository."""

    full_name: str = ""
    """Owner, groups or project, and name, such as `octocat/hello-world`."""
    name: str = ""
    """The last part of it; at GitLab the title."""
    url: str = ""
    """Its page."""
    clone_url: str | None = None
    """Over HTTPS; None at Bitbucket Cloud."""
    ssh_url: str | None = None
    """None at Bitbucket Cloud and mostly at Azure DevOps."""
    default_branch: str | None = None
    """The short name; None where the host does not say: Bitbucket, and an empty repository."""
    private: bool | None = None
    """None where the host does not say: Azure DevOps."""


class Person(Part):
    """Somebody."""

    name: str = ""
    """As shown to people."""
    username: str | None = None
    """The login at the host; None where it is not known."""
    email: str | None = None


class Commit(Part):
    """A commit of a push."""

    id: str = ""
    """Its hash."""
    message: str = ""
    author: Person = Person()
    timestamp: Moment | None = None
    """ISO 8601; at Bitbucket Data Center milliseconds since 1970."""
    url: str | None = None
    """Its page."""
    files_known: bool = False
    """Whether the host says which files it changed: not Bitbucket, not Azure DevOps. The next three are empty then."""
    added: tuple[str, ...] = ()
    """Paths of files."""
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Change(Part):
    """What a push did to one branch or tag."""

    ref: str = ""
    """The full name, such as `refs/heads/main` or `refs/tags/v1`."""
    branch: str | None = None
    """None for a tag."""
    tag: str | None = None
    """None for a branch."""
    before: str = ""
    """The commit before; zeros when the ref is new."""
    after: str = ""
    """The commit after; zeros when the ref was deleted."""
    created: bool = False
    deleted: bool = False
    forced: bool | None = None
    """None where the host does not say: only GitHub and Bitbucket Cloud do."""
    commits: tuple[Commit, ...] = ()
    """In the host's order, and not more than it sends."""
    truncated: bool = False
    """Whether the host said that there are more."""


class Push(Change):
    """Commits, a branch or a tag were pushed, or deleted.

    Bitbucket and Azure DevOps tell of several branches and tags in one event: the fields here are of the first, and
    `more` has the others. At all other hosts each has its own event.
    """

    host: Host | None = None
    """None only for one that did not come from a host."""
    repository: Repository = Repository()
    pusher: Person = Person()
    compare_url: str | None = None
    """A page that shows the changes; None where the host does not send one."""
    more: tuple[Change, ...] = ()
    """What the same push did to further branches and tags."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Each branch and tag of the push, this one first."""
        return (self, *self.more)


class PullRequest(Part):
    """Something was done to a pull request; at GitLab, a merge request."""

    host: Host | None = None
    """None only for one that did not come from a host."""
    action: Action = "other"
    """At Azure DevOps every change but opening, merging and closing is `edited`: it does not say more."""
    host_action: str = ""
    """What the host calls it, of some hosts the name of the event."""
    repository: Repository = Repository()
    """To which it belongs."""
    number: int = 0
    """What people see."""
    title: str = ""
    body: str = ""
    url: str = ""
    """Its page; at Azure DevOps in the API."""
    state: State = "open"
    draft: bool = False
    merged: bool = False
    merge_commit: str | None = None
    """None until it is merged."""
    author: Person = Person()
    """At GitLab it is not known unless the sender is the author."""
    sender: Person = Person()
    """Whose doing it was; at Azure DevOps it is not known."""
    source_branch: str = ""
    """The branch that is to be merged, by its short name."""
    source_sha: str = ""
    """Its newest commit; at Bitbucket Cloud the first 12 digits."""
    source_repository: Repository | None = None
    """Another than `repository` for a fork; None when it is gone, and at Azure DevOps."""
    target_branch: str = ""
    """The branch to merge into, by its short name."""
    target_sha: str = ""
    """Its newest commit; empty at GitLab, which does not send it."""
    labels: tuple[str, ...] = ()
    """Empty at Bitbucket, which has none."""
    created_at: Moment | None = None
    """ISO 8601; at Bitbucket Data Center milliseconds since 1970."""
    updated_at: Moment | None = None
    """As `created_at`; None at Azure DevOps."""
