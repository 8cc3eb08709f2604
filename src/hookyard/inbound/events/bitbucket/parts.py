"""What several events of Bitbucket Cloud have in common."""

from typing import Annotated

from hookyard.inbound.events.part import Also, Moment, Part


class Link(Part):
    """A link."""

    href: str = ""


def _first(links: tuple[Link, ...]) -> Link:
    """Of an add-on for Bitbucket Data Center, which sends Bitbucket Cloud's events with lists of links."""
    return links[0] if links else Link()


class Links(Part, rename={"api": "self"}):
    """The links of something."""

    html: Link = Link()
    """Its page."""
    api: Annotated[Link, Also(tuple[Link, ...], _first)] = Link()
    """Where it is in the API: Bitbucket's `self`."""


class User(Part):
    """An account: a person or a workspace."""

    uuid: str = ""
    """In braces."""
    account_id: str | None = None
    """None for a workspace, and from before 2018."""
    display_name: str = ""
    nickname: str | None = None
    """None for a workspace; people change theirs, so use `uuid` to tell them apart."""
    type: str = ""
    """`user`, `team` or `AppUser`."""
    links: Links = Links()


class Branch(Part):
    """A branch by its name."""

    name: str = ""


class Project(Part):
    """The project that holds a repository."""

    key: str = ""
    name: str = ""
    uuid: str = ""


class Repository(Part):
    """A repository."""

    uuid: str = ""
    """In braces."""
    name: str = ""
    full_name: str = ""
    """Workspace and name."""
    scm: str = ""
    """`git`."""
    is_private: bool = False
    owner: User | None = None
    project: Project | None = None
    mainbranch: Branch | None = None
    """The default branch; None in most events."""
    website: str | None = None
    links: Links = Links()


class CommitAuthor(Part):
    """Who stands in a commit."""

    raw: str = ""
    """Such as `Ada <ada@example.org>`."""
    user: User | None = None
    """None where the address belongs to no account."""


class Commit(Part):
    """A commit. Bitbucket does not say which files it changed."""

    hash: str = ""
    message: str = ""
    date: Moment | None = None
    author: CommitAuthor = CommitAuthor()
    links: Links = Links()


class Content(Part):
    """A text that a person wrote."""

    raw: str = ""
    html: str = ""
    markup: str = ""
    """`markdown`, `creole` or `plaintext`."""


class Event(Part):
    """What comes with every event."""

    actor: User = User()
    """Whose doing it was."""
    repository: Repository = Repository()
