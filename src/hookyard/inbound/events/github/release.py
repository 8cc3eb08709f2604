"""GitHub's `release`, `create` and `delete`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#release
"""

from hookyard.inbound.events.github.parts import ActionEvent, Changes, Event, User
from hookyard.inbound.events.part import Id, Moment, Part


class Asset(Part):
    """A file of a release."""

    id: Id | None = None
    name: str = ""
    label: str | None = None
    content_type: str = ""
    state: str = ""
    """`uploaded` once it is whole."""
    size: int = 0
    """Bytes."""
    download_count: int = 0
    browser_download_url: str = ""
    created_at: Moment | None = None


class ReleaseDetails(Part):
    """The release itself."""

    id: Id | None = None
    tag_name: str = ""
    name: str | None = None
    """Its title; None when nobody wrote one."""
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    target_commitish: str = ""
    """The branch or commit that the tag is made from, where it is not there yet."""
    author: User = User()
    assets: tuple[Asset, ...] = ()
    html_url: str = ""
    url: str = ""
    tarball_url: str | None = None
    """None for a draft."""
    zipball_url: str | None = None
    """None for a draft."""
    created_at: Moment | None = None
    published_at: Moment | None = None
    """None for a draft."""


class Release(ActionEvent):
    """A release was `published`, `released`, `created`, `edited`, `prereleased`, `unpublished` or `deleted`."""

    release: ReleaseDetails = ReleaseDetails()
    changes: Changes | None = None
    """For `edited` only."""


class Create(Event):
    """A branch or a tag was made; more than three at once are not told."""

    ref: str = ""
    """The short name, such as `main` or `v1`."""
    ref_type: str = ""
    """`branch` or `tag`."""
    master_branch: str = ""
    """The default branch of the repository."""
    description: str | None = None
    """Of the repository."""
    pusher_type: str = ""
    """`user` or `deploy_key`."""


class Delete(Event):
    """A branch or a tag was deleted; more than three at once are not told."""

    ref: str = ""
    """The short name, such as `main` or `v1`."""
    ref_type: str = ""
    """`branch` or `tag`."""
    pusher_type: str = ""
    """`user` or `deploy_key`."""
