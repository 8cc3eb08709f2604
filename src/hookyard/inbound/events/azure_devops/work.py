"""Azure DevOps' `build.complete` and `workitem.*`.

Source: https://learn.microsoft.com/en-us/azure/devops/service-hooks/events
"""

from hookyard.inbound.events.azure_devops.parts import Event, Identity, Project
from hookyard.inbound.events.part import Id, Moment, Part


class Definition(Part, rename="camel"):
    """What a build is a run of."""

    id: Id | None = None
    name: str = ""
    url: str = ""


class BuildDetails(Part, rename="camel"):
    """The build itself."""

    id: Id | None = None
    build_number: str = ""
    status: str = ""
    """`completed`; from old versions how it went, such as `succeeded`."""
    result: str | None = None
    """`succeeded`, `partiallySucceeded`, `failed` or `canceled`; None from old versions."""
    reason: str = ""
    """What started it, such as `manual` or `individualCI`."""
    definition: Definition = Definition()
    project: Project | None = None
    """None from old versions, as the next three."""
    source_branch: str | None = None
    """The full name."""
    source_version: str | None = None
    """The commit."""
    requested_for: Identity | None = None
    start_time: Moment | None = None
    finish_time: Moment | None = None
    url: str = ""


class Build(Event, rename="camel"):
    """A build ended."""

    resource: BuildDetails = BuildDetails()


class Revision(Part):
    """A work item at one time."""

    id: Id | None = None
    rev: int = 0
    fields: dict[str, object] | None = None
    """By name, such as `System.Title`."""
    url: str = ""


class WorkItemDetails(Part, rename="camel"):
    """The work item itself, or what was changed of it."""

    id: Id | None = None
    """The work item's, but for `workitem.updated`, where it is the update's."""
    work_item_id: Id | None = None
    """The work item's, for `workitem.updated` only."""
    rev: int = 0
    fields: dict[str, object] | None = None
    """By name, such as `System.Title`: the value, or `{"oldValue": ..., "newValue": ...}` for `workitem.updated`."""
    revision: Revision | None = None
    """What it is now, for `workitem.updated` only."""
    url: str = ""


class WorkItem(Event, rename="camel"):
    """A work item (an issue, a bug, a task) was made, changed, commented, deleted or restored: the event says which."""

    resource: WorkItemDetails = WorkItemDetails()
