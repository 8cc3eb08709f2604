"""What several events of GitLab have in common."""

from hookyard.inbound.events.part import Id, Moment, Part


class User(Part):
    """An account."""

    id: Id | None = None
    """None from old versions."""
    name: str = ""
    username: str = ""
    email: str | None = None
    """`[REDACTED]` where it is hidden; None in some events."""
    avatar_url: str | None = None


class Project(Part):
    """A project: GitLab's word for a repository and all around it."""

    id: Id | None = None
    """None in the oldest versions, and of the two sides of a merge request there."""
    name: str = ""
    description: str | None = None
    path_with_namespace: str = ""
    """Groups and name, such as `mike/diaspora`."""
    namespace: str = ""
    """The title of its group."""
    web_url: str = ""
    git_http_url: str = ""
    git_ssh_url: str = ""
    default_branch: str | None = None
    """None while the repository is empty."""
    visibility_level: int | None = None
    """0 private, 10 internal, 20 public; None in events of a job."""
    avatar_url: str | None = None


class Author(Part):
    """Who stands in a commit."""

    name: str = ""
    email: str = ""


class Commit(Part):
    """A commit."""

    id: str = ""
    """Its hash."""
    message: str = ""
    title: str | None = None
    """The first line; None from old versions."""
    timestamp: Moment | None = None
    url: str = ""
    author: Author = Author()
    added: tuple[str, ...] = ()
    """Paths of files; these three are in pushes only."""
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Label(Part):
    """A label."""

    id: Id | None = None
    title: str = ""
    color: str = ""
    description: str | None = None


class Event(Part):
    """What comes with every event."""

    object_kind: str = ""
    """Which event it is: `push`, `tag_push`, `issue`, `note`, `merge_request`, `pipeline`, `build`, ..."""
    project: Project = Project()


class UserEvent(Event):
    """What comes with the events that say who did it."""

    user: User = User()
