"""What several events of Gitea, Forgejo and Gogs have in common."""

from hookyard.inbound.events.part import Id, Moment, Part


class User(Part):
    """An account."""

    id: Id | None = None
    login: str = ""
    username: str = ""
    """The same; Gogs's older versions send only this one."""
    full_name: str = ""
    email: str = ""
    avatar_url: str = ""
    html_url: str | None = None
    """None from old versions, and from Gogs."""


class Repository(Part):
    """A repository."""

    id: Id | None = None
    name: str = ""
    full_name: str = ""
    """Owner and name."""
    owner: User = User()
    description: str = ""
    private: bool = False
    fork: bool = False
    archived: bool = False
    html_url: str = ""
    clone_url: str = ""
    ssh_url: str = ""
    default_branch: str = ""
    created_at: Moment | None = None
    updated_at: Moment | None = None


class GitUser(Part):
    """Who stands in a commit."""

    name: str = ""
    email: str = ""
    username: str = ""
    """The login; empty where the address belongs to no account."""


class Label(Part):
    """A label."""

    id: Id | None = None
    name: str = ""
    color: str = ""
    description: str = ""


class Milestone(Part):
    """A milestone."""

    id: Id | None = None
    title: str = ""
    description: str = ""
    state: str = ""
    due_on: Moment | None = None


class Was(Part, rename={"before": "from"}):
    """What something was before it was edited."""

    before: str = ""
    """The host's `from`."""


class Changes(Part):
    """What an edit changed; None for all that it did not."""

    title: Was | None = None
    body: Was | None = None
    ref: Was | None = None
    """The branch to merge into."""


class Event(Part):
    """What comes with every event."""

    repository: Repository = Repository()
    sender: User = User()
    """Whose doing it was."""


class ActionEvent(Event):
    """What comes with every event that says what was done."""

    action: str = ""
