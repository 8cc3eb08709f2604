"""Gitea's `status`, `workflow_run` and `workflow_job`; Forgejo and Gogs do not send them.

Source: https://docs.gitea.com/usage/webhooks
"""

from hookyard.inbound.events.gitea.parts import ActionEvent, Event, Repository, User
from hookyard.inbound.events.part import Id, Moment, Part


class StatusCommit(Part):
    """The commit that has the status."""

    id: str = ""
    message: str = ""
    url: str = ""


class Status(Event):
    """A commit has a new status."""

    id: Id | None = None
    sha: str = ""
    context: str = ""
    """Which status it is."""
    state: str = ""
    """`pending`, `success`, `error`, `failure` or `warning`."""
    description: str = ""
    target_url: str = ""
    commit: StatusCommit | None = None
    pusher: User | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


class Workflow(Part):
    """A workflow."""

    id: Id | None = None
    name: str = ""
    path: str = ""
    state: str = ""


class WorkflowRunDetails(Part):
    """The run itself."""

    id: Id | None = None
    display_title: str = ""
    path: str = ""
    event: str = ""
    """What started it, such as `push`."""
    run_number: int = 0
    run_attempt: int = 0
    status: str = ""
    conclusion: str | None = None
    """None or empty until it is completed."""
    head_branch: str | None = None
    head_sha: str = ""
    head_repository: Repository | None = None
    actor: User | None = None
    html_url: str = ""
    started_at: Moment | None = None
    completed_at: Moment | None = None


class WorkflowRun(ActionEvent):
    """A run of a workflow was `requested`, is `in_progress`, or is `completed`."""

    workflow_run: WorkflowRunDetails = WorkflowRunDetails()
    workflow: Workflow | None = None


class WorkflowJobDetails(Part):
    """The job itself."""

    id: Id | None = None
    run_id: Id | None = None
    name: str = ""
    labels: tuple[str, ...] = ()
    """What it asks of a runner."""
    status: str = ""
    conclusion: str | None = None
    """None or empty until it is completed."""
    head_branch: str | None = None
    head_sha: str = ""
    runner_name: str | None = None
    html_url: str = ""
    created_at: Moment | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None


class WorkflowJob(ActionEvent):
    """A job of a workflow is `queued`, `waiting`, `in_progress` or `completed`."""

    workflow_job: WorkflowJobDetails = WorkflowJobDetails()
