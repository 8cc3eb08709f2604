"""What several events of GitHub have in common."""

from typing import Annotated

from hookyard.inbound.events.part import Also, Id, Moment, Part


class User(Part):
    """An account: a person, a bot, or an organization that owns something."""

    login: str = ""
    id: Id | None = None
    type: str = ""
    """`User`, `Bot` or `Organization`."""
    name: str | None = None
    """In `repository.owner` of a push only, where it is the login."""
    email: str | None = None
    """As `name`; None also when it is hidden."""
    html_url: str = ""
    avatar_url: str = ""


class Repository(Part):
    """A repository."""

    id: Id | None = None
    name: str = ""
    full_name: str = ""
    """Owner and name, such as `octocat/hello-world`."""
    private: Annotated[bool, Also(int, bool)] = False
    visibility: str | None = None
    """`public`, `private` or `internal`; None from old GitHub Enterprise Servers."""
    owner: User = User()
    description: str | None = None
    html_url: str = ""
    """Its page."""
    url: str = ""
    """In the API."""
    clone_url: str = ""
    ssh_url: str = ""
    default_branch: str = ""
    fork: bool = False
    archived: bool = False
    topics: tuple[str, ...] = ()
    language: str | None = None
    stargazers_count: int = 0
    forks_count: int = 0
    open_issues_count: int = 0
    created_at: Moment | None = None
    """Seconds since 1970 in a push, ISO 8601 in all other events."""
    updated_at: Moment | None = None
    pushed_at: Moment | None = None
    """As `created_at`; None while nothing was ever pushed."""


class Organization(Part):
    """The organization that the repository belongs to."""

    login: str = ""
    id: Id | None = None
    description: str | None = None


class Installation(Part):
    """Of the GitHub App that the webhook belongs to."""

    id: Id | None = None


class Sent(Part):
    """What comes with every event."""

    sender: User = User()
    """Whose doing it was."""
    organization: Organization | None = None
    """None where the repository belongs to a person."""
    installation: Installation | None = None
    """None unless a GitHub App's webhook sends it."""


class Event(Sent):
    """What comes with every event of a repository."""

    repository: Repository = Repository()


class ActionEvent(Event):
    """What comes with every event that says what was done."""

    action: str = ""


class Label(Part):
    """A label of an issue or a pull request."""

    id: Id | None = None
    name: str = ""
    color: str = ""
    """Six hex digits."""
    description: str | None = None


class Milestone(Part):
    """A milestone."""

    id: Id | None = None
    number: int = 0
    title: str = ""
    description: str | None = None
    state: str = ""
    """`open` or `closed`."""
    due_on: Moment | None = None
    html_url: str = ""


class Team(Part):
    """A team of an organization."""

    id: Id | None = None
    name: str = ""
    slug: str = ""


class Was(Part, rename={"before": "from"}):
    """What something was before it was edited."""

    before: str | None = None
    """GitHub's `from`."""


class WasBase(Part):
    """What the branch to merge into was."""

    ref: Was = Was()
    sha: Was = Was()


class Changes(Part):
    """What an edit changed; None for all that it did not."""

    title: Was | None = None
    body: Was | None = None
    name: Was | None = None
    """Of a release or a label."""
    base: WasBase | None = None
    """Of a pull request."""
