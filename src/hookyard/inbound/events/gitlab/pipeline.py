"""GitLab's pipelines, jobs and deployments.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events
"""

from hookyard.inbound.events.gitlab.parts import Commit, Event, User, UserEvent
from hookyard.inbound.events.part import Id, Moment, Part


class PipelineVariable(Part):
    """A variable that the pipeline was started with."""

    key: str = ""
    value: str = ""


class PipelineDetails(Part):
    """The pipeline itself."""

    id: Id | None = None
    iid: Id | None = None
    """The number within its project; None from old versions."""
    name: str | None = None
    ref: str = ""
    """The short name of the branch or tag."""
    tag: bool = False
    """Whether `ref` is a tag."""
    sha: str = ""
    before_sha: str = ""
    source: str = ""
    """What started it: `push`, `web`, `schedule`, `merge_request_event`, ..."""
    status: str = ""
    """`created`, `pending`, `running`, `success`, `failed`, `canceled`, `skipped`, ..."""
    detailed_status: str | None = None
    stages: tuple[str, ...] = ()
    variables: tuple[PipelineVariable, ...] = ()
    duration: float | None = None
    """Seconds; None until it ended."""
    queued_duration: float | None = None
    """Seconds."""
    url: str | None = None
    """None from old versions."""
    created_at: Moment | None = None
    finished_at: Moment | None = None
    """None until it ended."""


class PipelineMergeRequest(Part):
    """The merge request that a pipeline is for, in short."""

    id: Id | None = None
    iid: int = 0
    title: str = ""
    source_branch: str = ""
    target_branch: str = ""
    state: str = ""
    url: str = ""


class Build(Part):
    """A job of a pipeline, in short."""

    id: Id | None = None
    stage: str = ""
    name: str = ""
    status: str = ""
    when: str | None = None
    manual: bool = False
    allow_failure: bool = False
    failure_reason: str | None = None
    user: User | None = None
    duration: float | None = None
    """Seconds; None until it began."""
    created_at: Moment | None = None
    started_at: Moment | None = None
    finished_at: Moment | None = None


class Pipeline(UserEvent):
    """A pipeline has a new status."""

    object_attributes: PipelineDetails = PipelineDetails()
    merge_request: PipelineMergeRequest | None = None
    """None unless it is for one."""
    commit: Commit | None = None
    builds: tuple[Build, ...] = ()


class JobCommit(Part):
    """The commit of a job, and the state of its pipeline."""

    id: Id | None = None
    """Of the pipeline."""
    sha: str = ""
    message: str = ""
    author_name: str = ""
    author_email: str | None = None
    status: str = ""


class Runner(Part):
    """Who runs a job."""

    id: Id | None = None
    description: str = ""
    tags: tuple[str, ...] = ()


class Job(Event):
    """A job has a new status; `object_kind` is `build`. Of `project`, old versions send nothing."""

    ref: str = ""
    tag: bool = False
    sha: str = ""
    before_sha: str = ""
    pipeline_id: Id | None = None
    build_id: Id | None = None
    build_name: str = ""
    build_stage: str = ""
    build_status: str = ""
    build_duration: float | None = None
    """Seconds; None until it began."""
    build_allow_failure: bool = False
    build_failure_reason: str | None = None
    build_created_at: Moment | None = None
    build_started_at: Moment | None = None
    build_finished_at: Moment | None = None
    project_id: Id | None = None
    project_name: str = ""
    """Groups and title, with spaces."""
    user: User | None = None
    commit: JobCommit | None = None
    runner: Runner | None = None
    """None until one took it."""


class Deployment(UserEvent):
    """A deployment began, ended or failed."""

    deployment_id: Id | None = None
    status: str = ""
    """`running`, `success`, `failed`, `canceled`."""
    status_changed_at: Moment | None = None
    environment: str = ""
    deployable_id: Id | None = None
    """The job's id."""
    deployable_url: str | None = None
    ref: str | None = None
    """None from old versions."""
    short_sha: str = ""
    commit_title: str = ""
    commit_url: str = ""
