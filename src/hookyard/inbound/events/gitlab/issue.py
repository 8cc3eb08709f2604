"""GitLab's issues and comments (which GitLab calls notes).

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/#work-item-events
"""

from hookyard.inbound.events.gitlab.merge_request import MergeRequestDetails
from hookyard.inbound.events.gitlab.parts import Commit, Label, User, UserEvent
from hookyard.inbound.events.part import Id, Moment, Part


class IssueDetails(Part):
    """The issue itself."""

    id: Id | None = None
    """Over all projects; `iid` is what people see."""
    iid: int = 0
    """The number within its project."""
    title: str = ""
    description: str | None = None
    state: str = ""
    """`opened` or `closed`."""
    action: str | None = None
    """`open`, `update`, `close`, `reopen`; None where it is only referred to, and in what GitLab sends as a test."""
    type: str | None = None
    """`Issue`, `Incident`, `Task`, ...; None from old versions."""
    confidential: bool = False
    author_id: Id | None = None
    assignee_id: Id | None = None
    milestone_id: Id | None = None
    labels: tuple[Label, ...] = ()
    url: str = ""
    due_date: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    closed_at: Moment | None = None


class Issue(UserEvent):
    """Something was done to an issue; `object_attributes.action` says what."""

    object_attributes: IssueDetails = IssueDetails()
    labels: tuple[Label, ...] = ()
    changes: dict[str, object] | None = None
    """What an update changed: by field, mostly `{"previous": ..., "current": ...}`."""
    assignees: tuple[User, ...] = ()


class NoteDetails(Part):
    """The comment itself."""

    id: Id | None = None
    note: str = ""
    """Its text."""
    noteable_type: str = ""
    """What it is on: `Commit`, `MergeRequest`, `Issue` or `Snippet`."""
    noteable_id: Id | None = None
    """None for a commit."""
    action: str | None = None
    """`create` or `update`; None from old versions."""
    system: bool = False
    """Whether GitLab wrote it."""
    author_id: Id | None = None
    commit_id: str | None = None
    line_code: str | None = None
    """Where in the changes it is; None for one on the whole."""
    url: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class Snippet(Part):
    """A snippet."""

    id: Id | None = None
    title: str = ""
    file_name: str | None = None
    content: str | None = None


class Note(UserEvent):
    """A comment was written or edited. One of the last four says on what, the others are None."""

    object_attributes: NoteDetails = NoteDetails()
    commit: Commit | None = None
    merge_request: MergeRequestDetails | None = None
    issue: IssueDetails | None = None
    snippet: Snippet | None = None
