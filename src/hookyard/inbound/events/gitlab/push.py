"""GitLab's push and tag push.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from hookyard.inbound.events.gitlab.parts import Commit, Event
from hookyard.inbound.events.part import Id
from hookyard.inbound.events.refs import branch_of, tag_of


class Push(Event):
    """Commits were pushed to a branch, or a branch was made or deleted."""

    event_name: str = ""
    """As `object_kind`; empty from old versions."""
    ref: str = ""
    """The full name, such as `refs/heads/main`."""
    before: str = ""
    """The commit before the push; zeros when the ref is new."""
    after: str = ""
    """The commit after the push; zeros when the ref was deleted."""
    checkout_sha: str | None = None
    """As `after`, of an annotated tag its commit; None for a deletion."""
    ref_protected: bool | None = None
    """None from old versions."""
    message: str | None = None
    """Of an annotated tag."""
    user_id: Id | None = None
    user_name: str = ""
    user_username: str | None = None
    """The login; None from old versions."""
    user_email: str | None = None
    """None or empty where it is hidden."""
    user_avatar: str | None = None
    project_id: Id | None = None
    commits: tuple[Commit, ...] = ()
    """Oldest first; the newest 20 of the push at most."""
    total_commits_count: int = 0
    """How many the push brought."""

    @property
    def branch(self) -> str | None:
        """The branch; None when it is a tag."""
        return branch_of(self.ref)

    @property
    def tag(self) -> str | None:
        """The tag; None when it is a branch."""
        return tag_of(self.ref)


class TagPush(Push):
    """A tag was made or deleted; `ref` is such as `refs/tags/v1`."""
