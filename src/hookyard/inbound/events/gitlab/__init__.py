"""What GitLab sends. `Push Hook` is `Push`, and so on; what an event is about is `...Details`.

Stars and forks make no webhook of GitLab's, and its test button sends a sample of the event, no ping.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from hookyard.inbound.events.gitlab.issue import Issue, IssueDetails, Note, NoteDetails, Snippet
from hookyard.inbound.events.gitlab.merge_request import MergeRequest, MergeRequestDetails
from hookyard.inbound.events.gitlab.parts import Author, Commit, Label, Project, User
from hookyard.inbound.events.gitlab.pipeline import (
    Build,
    Deployment,
    Job,
    JobCommit,
    Pipeline,
    PipelineDetails,
    PipelineMergeRequest,
    PipelineVariable,
    Runner,
)
from hookyard.inbound.events.gitlab.push import Push, TagPush
from hookyard.inbound.events.gitlab.release import AssetLink, Assets, AssetSource, Release

__all__ = [
    "AssetLink", "AssetSource", "Assets", "Author", "Build", "Commit", "Deployment", "Issue", "IssueDetails", "Job",
    "JobCommit", "Label", "MergeRequest", "MergeRequestDetails", "Note", "NoteDetails", "Pipeline", "PipelineDetails",
    "PipelineMergeRequest", "PipelineVariable", "Project", "Push", "Release", "Runner", "Snippet", "TagPush", "User",
]  # fmt: skip
