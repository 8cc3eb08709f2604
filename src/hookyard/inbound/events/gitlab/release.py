"""GitLab's releases.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/#release-events
"""

from hookyard.inbound.events.gitlab.parts import Commit, Event
from hookyard.inbound.events.part import Id, Moment, Part


class AssetLink(Part):
    """A link of a release."""

    id: Id | None = None
    name: str = ""
    url: str = ""
    link_type: str = ""
    """`other`, `runbook`, `image` or `package`."""


class AssetSource(Part):
    """An archive of the source."""

    format: str = ""
    """`zip`, `tar.gz`, ..."""
    url: str = ""


class Assets(Part):
    """What a release offers."""

    count: int = 0
    links: tuple[AssetLink, ...] = ()
    sources: tuple[AssetSource, ...] = ()


class Release(Event):
    """A release was made, changed or deleted."""

    id: Id | None = None
    action: str = ""
    """`create`, `update` or `delete`."""
    name: str = ""
    tag: str = ""
    description: str | None = None
    url: str = ""
    assets: Assets = Assets()
    commit: Commit | None = None
    created_at: Moment | None = None
    released_at: Moment | None = None
