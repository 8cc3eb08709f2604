"""Bitbucket Cloud's `issue:*`.

Source: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
"""

from hookyard.inbound.events.bitbucket.comment import Comment
from hookyard.inbound.events.bitbucket.parts import Content, Event, Links, User
from hookyard.inbound.events.part import Moment, Part


class Named(Part):
    """A milestone, a version or a component."""

    name: str = ""


class IssueDetails(Part):
    """The issue itself."""

    id: int = 0
    """What people see, counted within the repository."""
    title: str = ""
    content: Content = Content()
    state: str = ""
    """`new`, `open`, `on hold`, `resolved`, `duplicate`, `invalid`, `wontfix` or `closed`."""
    kind: str = ""
    """`bug`, `enhancement`, `proposal` or `task`; empty where old events say it in `type`."""
    type: str = ""
    priority: str = ""
    """`trivial`, `minor`, `major`, `critical` or `blocker`."""
    component: str | Named | None = None
    milestone: Named | None = None
    version: Named | None = None
    reporter: User | None = None
    assignee: User | None = None
    created_on: Moment | None = None
    updated_on: Moment | None = None
    links: Links = Links()


class Issue(Event):
    """An issue was made or changed: the event says which."""

    issue: IssueDetails = IssueDetails()
    comment: Comment | None = None
    """That came with a change; None without one."""
    changes: dict[str, object] | None = None
    """What a change changed: by field, `{"old": ..., "new": ...}`."""


class IssueComment(Event):
    """A comment on an issue was written."""

    issue: IssueDetails = IssueDetails()
    comment: Comment = Comment()
