"""GitHub's `workflow_run`, `workflow_job`, `check_run`, `check_suite` and `status`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
"""

from hookyard.inbound.events.github.parts import ActionEvent, Event, Repository, User
from hookyard.inbound.events.github.push import GitUser
from hookyard.inbound.events.part import Id, Moment, Part


class CheckedSide(Part):
    """A branch of a pull request, in short."""

    ref: str = ""
    sha: str = ""


class CheckedPullRequest(Part):
    """A pull request that a run is for, in short."""

    id: Id | None = None
    number: int = 0
    url: str = ""
    head: CheckedSide = CheckedSide()
    base: CheckedSide = CheckedSide()


class CheckedCommit(Part):
    """The commit that a run is for, in short."""

    id: str = ""
    message: str = ""
    timestamp: Moment | None = None
    author: GitUser = GitUser()


class Workflow(Part):
    """A workflow."""

    id: Id | None = None
    name: str = ""
    path: str = ""
    """Its file in the repository."""
    state: str = ""
    html_url: str = ""


class WorkflowRunDetails(Part):
    """The run itself."""

    id: Id | None = None
    name: str | None = None
    """The workflow's name."""
    display_title: str | None = None
    """None from old GitHub Enterprise Servers."""
    run_number: int = 0
    run_attempt: int | None = None
    """From 1; None from old GitHub Enterprise Servers."""
    event: str = ""
    """What started it, such as `push` or `schedule`."""
    status: str = ""
    """`requested`, `queued`, `in_progress`, `completed`, ..."""
    conclusion: str | None = None
    """`success`, `failure`, `cancelled`, `skipped`, `timed_out`, ...; None until it is completed."""
    head_branch: str | None = None
    """None for a commit on no branch."""
    head_sha: str = ""
    head_commit: CheckedCommit | None = None
    head_repository: Repository | None = None
    """Another than `repository` for a fork; None when it is gone."""
    path: str | None = None
    workflow_id: Id | None = None
    pull_requests: tuple[CheckedPullRequest, ...] = ()
    """None of forks."""
    actor: User | None = None
    triggering_actor: User | None = None
    html_url: str = ""
    url: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None
    run_started_at: Moment | None = None


class WorkflowRun(ActionEvent):
    """A run of a workflow was `requested`, is `in_progress`, or is `completed`."""

    workflow_run: WorkflowRunDetails = WorkflowRunDetails()
    workflow: Workflow | None = None
    """None when its file is gone."""


class Step(Part):
    """A step of a job."""

    number: int = 0
    name: str = ""
    status: str = ""
    conclusion: str | None = None
    """None until it is completed."""
    started_at: Moment | None = None
    completed_at: Moment | None = None


class WorkflowJobDetails(Part):
    """The job itself."""

    id: Id | None = None
    run_id: Id | None = None
    run_attempt: int | None = None
    """From 1; None from old GitHub Enterprise Servers."""
    name: str = ""
    workflow_name: str | None = None
    status: str = ""
    """`queued`, `in_progress`, `waiting` or `completed`."""
    conclusion: str | None = None
    """None until it is completed."""
    head_branch: str | None = None
    head_sha: str = ""
    labels: tuple[str, ...] = ()
    """What it asks of a runner."""
    steps: tuple[Step, ...] = ()
    runner_id: Id | None = None
    """None, as the name and the group, until a runner took it."""
    runner_name: str | None = None
    runner_group_name: str | None = None
    html_url: str | None = None
    url: str = ""
    created_at: Moment | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None


class WorkflowJob(ActionEvent):
    """A job of a workflow is `queued`, `waiting`, `in_progress` or `completed`."""

    workflow_job: WorkflowJobDetails = WorkflowJobDetails()


class App(Part):
    """The GitHub App whose check it is."""

    id: Id | None = None
    slug: str | None = None
    name: str = ""


class CheckOutput(Part):
    """What a check wrote."""

    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class CheckSuiteDetails(Part):
    """The suite itself."""

    id: Id | None = None
    head_branch: str | None = None
    head_sha: str = ""
    status: str | None = None
    conclusion: str | None = None
    """None until it is completed."""
    before: str | None = None
    after: str | None = None
    url: str = ""
    pull_requests: tuple[CheckedPullRequest, ...] = ()
    app: App | None = None
    head_commit: CheckedCommit | None = None
    """In `check_suite` events only."""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class CheckRunDetails(Part):
    """The run itself."""

    id: Id | None = None
    name: str = ""
    external_id: str | None = None
    """The app's own id of it."""
    head_sha: str = ""
    status: str = ""
    """`queued`, `in_progress` or `completed`."""
    conclusion: str | None = None
    """`success`, `failure`, `neutral`, `cancelled`, `timed_out`, ...; None until it is completed."""
    output: CheckOutput = CheckOutput()
    check_suite: CheckSuiteDetails | None = None
    app: App | None = None
    pull_requests: tuple[CheckedPullRequest, ...] = ()
    details_url: str | None = None
    html_url: str | None = None
    url: str = ""
    started_at: Moment | None = None
    completed_at: Moment | None = None


class RequestedAction(Part):
    """The button that a person pressed."""

    identifier: str = ""


class CheckRun(ActionEvent):
    """A check was `created`, `completed`, `rerequested`, or an action of it is asked for (`requested_action`)."""

    check_run: CheckRunDetails = CheckRunDetails()
    requested_action: RequestedAction | None = None
    """For `requested_action` only."""


class CheckSuite(ActionEvent):
    """A suite of checks was `requested`, `rerequested` or `completed`."""

    check_suite: CheckSuiteDetails = CheckSuiteDetails()


class StatusBranch(Part):
    """A branch that has the commit."""

    name: str = ""


class Status(Event):
    """A commit has a new status."""

    id: Id | None = None
    sha: str = ""
    name: str = ""
    """The repository's full name."""
    context: str = ""
    """Which status it is, such as `ci/build`."""
    state: str = ""
    """`pending`, `success`, `failure` or `error`."""
    description: str | None = None
    target_url: str | None = None
    branches: tuple[StatusBranch, ...] = ()
    """At most ten."""
    created_at: Moment | None = None
    updated_at: Moment | None = None
