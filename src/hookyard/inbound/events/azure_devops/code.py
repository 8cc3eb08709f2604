"""Azure DevOps' `git.push`, `git.pullrequest.*` and comments on pull requests.

Source: https://learn.microsoft.com/en-us/azure/devops/service-hooks/events
"""

from hookyard.inbound.events.azure_devops.parts import Event, Identity, Repository
from hookyard.inbound.events.part import Id, Moment, Part


class GitUser(Part):
    """Who stands in a commit."""

    name: str = ""
    email: str = ""
    date: Moment | None = None


class Commit(Part, rename="camel"):
    """A commit. Azure DevOps does not say which files it changed."""

    commit_id: str = ""
    """Its hash."""
    comment: str = ""
    """Its message."""
    author: GitUser = GitUser()
    committer: GitUser = GitUser()
    url: str = ""


class RefUpdate(Part, rename="camel"):
    """What a push did to one branch or tag."""

    name: str = ""
    """The full name, such as `refs/heads/main`."""
    old_object_id: str = ""
    """The commit before; zeros when it is new."""
    new_object_id: str = ""
    """The commit after; zeros when it was deleted."""


class PushDetails(Part, rename="camel"):
    """The push itself."""

    push_id: Id | None = None
    ref_updates: tuple[RefUpdate, ...] = ()
    """Mostly one."""
    commits: tuple[Commit, ...] = ()
    """Newest first; none where the subscription sends minimal details."""
    repository: Repository = Repository()
    pushed_by: Identity = Identity()
    date: Moment | None = None
    url: str = ""


class Push(Event, rename="camel"):
    """Branches or tags were pushed or deleted."""

    resource: PushDetails = PushDetails()


class Reviewer(Identity, rename="camel"):
    """A person or a team that reviews."""

    vote: int = 0
    """10 approved, 5 approved with suggestions, 0 none, -5 waits for the author, -10 rejected."""
    is_required: bool = False
    is_container: bool = False
    """Whether it is a team."""


class Label(Part):
    """A label."""

    id: Id | None = None
    name: str = ""
    active: bool = False


class PullRequestDetails(Part, rename="camel"):
    """The pull request itself."""

    pull_request_id: int = 0
    """What people see, counted within the organization."""
    status: str = ""
    """`active`, `completed` (merged) or `abandoned`."""
    title: str = ""
    description: str | None = None
    """None when nothing was written."""
    is_draft: bool = False
    created_by: Identity = Identity()
    source_ref_name: str = ""
    """The full name of the branch that is to be merged."""
    target_ref_name: str = ""
    """The full name of the branch to merge into."""
    merge_status: str | None = None
    """Of the trial merge: `succeeded`, `conflicts`, `queued`, ..."""
    last_merge_source_commit: Commit = Commit()
    last_merge_target_commit: Commit = Commit()
    last_merge_commit: Commit | None = None
    """None while there are conflicts."""
    reviewers: tuple[Reviewer, ...] = ()
    labels: tuple[Label, ...] = ()
    repository: Repository = Repository()
    closed_by: Identity | None = None
    creation_date: Moment | None = None
    closed_date: Moment | None = None
    """None while it is active."""
    url: str = ""
    """In the API."""


class PullRequest(Event, rename="camel"):
    """A pull request was made, changed, or a merge of it tried: the event says which."""

    resource: PullRequestDetails = PullRequestDetails()


class Comment(Part, rename="camel"):
    """A comment."""

    id: Id | None = None
    parent_comment_id: Id | None = None
    """0 unless it is an answer."""
    author: Identity = Identity()
    content: str = ""
    comment_type: str = ""
    """`text` or `system`."""
    published_date: Moment | None = None
    last_updated_date: Moment | None = None


class PullRequestCommentDetails(Part, rename="camel"):
    """A comment, and the pull request that it is on."""

    comment: Comment = Comment()
    pull_request: PullRequestDetails = PullRequestDetails()


class PullRequestComment(Event, rename="camel"):
    """A comment on a pull request was written."""

    resource: PullRequestCommentDetails = PullRequestCommentDetails()
