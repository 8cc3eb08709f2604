"""GitLab's merge requests.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events
"""

from hookyard.inbound.events.gitlab.parts import Commit, Label, Project, User, UserEvent
from hookyard.inbound.events.part import Id, Moment, Part


class MergeRequestDetails(Part):
    """The merge request itself."""

    id: Id | None = None
    """Over all projects; `iid` is what people see."""
    iid: int = 0
    """The number within its project."""
    title: str = ""
    description: str | None = None
    state: str = ""
    """`opened`, `closed`, `locked` or `merged`."""
    action: str | None = None
    """`open`, `update`, `close`, `reopen`, `merge`, `approved`, `unapproved`, `approval`, `unapproval`; None where it
    is only referred to, and in what GitLab sends as a test."""
    draft: bool = False
    work_in_progress: bool = False
    """What old versions send in place of `draft`."""
    source_branch: str = ""
    target_branch: str = ""
    source_project_id: Id | None = None
    """None when the fork is gone."""
    target_project_id: Id | None = None
    source: Project | None = None
    """None where it is only referred to, and when the fork is gone."""
    target: Project | None = None
    last_commit: Commit | None = None
    """The newest of the source branch."""
    oldrev: str | None = None
    """The newest before, for an `update` by new commits only."""
    merge_commit_sha: str | None = None
    merge_status: str = ""
    detailed_merge_status: str | None = None
    """None from old versions."""
    author_id: Id | None = None
    assignee_id: Id | None = None
    labels: tuple[Label, ...] = ()
    url: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class MergeRequest(UserEvent):
    """Something was done to a merge request; `object_attributes.action` says what."""

    object_attributes: MergeRequestDetails = MergeRequestDetails()
    labels: tuple[Label, ...] = ()
    changes: dict[str, object] | None = None
    """What an update changed: by field, mostly `{"previous": ..., "current": ...}`."""
    assignees: tuple[User, ...] = ()
    reviewers: tuple[User, ...] = ()
