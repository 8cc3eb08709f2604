"""Gitea's `push`, `create`, `delete`, `fork` and `release`.

Source: https://docs.gitea.com/usage/webhooks
"""

from hookyard.inbound.events.gitea.parts import ActionEvent, Event, GitUser, Repository, User
from hookyard.inbound.events.part import Id, Moment, Part
from hookyard.inbound.events.refs import branch_of, tag_of


class Commit(Part):
    """One commit of a push."""

    id: str = ""
    """Its hash."""
    message: str = ""
    url: str = ""
    timestamp: Moment | None = None
    author: GitUser = GitUser()
    committer: GitUser = GitUser()
    added: tuple[str, ...] = ()
    """Paths of files; Gogs's oldest versions send none."""
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


class Push(Event):
    """Commits were pushed to a branch or a tag. It is also what the test button sends."""

    ref: str = ""
    """The full name, such as `refs/heads/main` or `refs/tags/v1`."""
    before: str = ""
    """The commit before the push; zeros when the ref is new."""
    after: str = ""
    """The commit after the push; zeros when the ref was deleted."""
    compare_url: str = ""
    """A page that shows the changes."""
    commits: tuple[Commit, ...] = ()
    """Not more than the host is set to send; the order is not promised, see `head_commit`."""
    total_commits: int | None = None
    """How many the push brought; None from Gogs and old versions."""
    head_commit: Commit | None = None
    pusher: User = User()

    @property
    def branch(self) -> str | None:
        """The branch; None when it is a tag."""
        return branch_of(self.ref)

    @property
    def tag(self) -> str | None:
        """The tag; None when it is a branch."""
        return tag_of(self.ref)


class Create(Event):
    """A branch or a tag was made."""

    ref: str = ""
    """The short name."""
    ref_type: str = ""
    """`branch` or `tag`."""
    sha: str = ""
    """Gogs's older versions leave it out."""
    default_branch: str | None = None
    """From Gogs only."""


class Delete(Event):
    """A branch or a tag was deleted."""

    ref: str = ""
    """The short name."""
    ref_type: str = ""
    """`branch` or `tag`."""
    pusher_type: str = ""


class Fork(Event):
    """The repository was forked."""

    forkee: Repository = Repository()
    """At Gitea the one that was forked, `repository` being the new one; at Gogs the new one, as at GitHub."""


class Attachment(Part):
    """A file of a release."""

    id: Id | None = None
    name: str = ""
    size: int = 0
    """Bytes."""
    download_count: int = 0
    browser_download_url: str = ""
    created_at: Moment | None = None


class ReleaseDetails(Part):
    """The release itself."""

    id: Id | None = None
    tag_name: str = ""
    name: str = ""
    body: str = ""
    target_commitish: str = ""
    draft: bool = False
    prerelease: bool = False
    author: User = User()
    assets: tuple[Attachment, ...] = ()
    html_url: str = ""
    tarball_url: str = ""
    zipball_url: str = ""
    created_at: Moment | None = None
    published_at: Moment | None = None


class Release(ActionEvent):
    """A release was `published`, `updated` or `deleted`."""

    release: ReleaseDetails = ReleaseDetails()
