"""What several events of Bitbucket Data Center have in common. Its `camelCase` names are `snake_case` here."""

from hookyard.inbound.events.part import Id, Moment, Part


class User(Part, rename="camel"):
    """An account."""

    id: Id | None = None
    name: str = ""
    """The login."""
    display_name: str = ""
    email_address: str = ""
    slug: str = ""
    active: bool = False
    type: str = ""
    """`NORMAL` or `SERVICE`."""


class Link(Part):
    """A link."""

    href: str = ""
    name: str | None = None
    """Of a clone address: `http` or `ssh`."""


class Links(Part, rename={"page": "self"}):
    """The links of something."""

    page: tuple[Link, ...] = ()
    """Its page, Bitbucket's `self`: one link."""
    clone: tuple[Link, ...] = ()
    """Of a repository."""


class Project(Part, rename="camel"):
    """The project that holds a repository."""

    id: Id | None = None
    key: str = ""
    """In capitals; of a person's own, `~` and the login."""
    name: str = ""
    type: str = ""
    """`NORMAL` or `PERSONAL`."""
    owner: User | None = None
    """None unless it is a person's own."""


class Origin(Part):
    """What a repository was forked from, in short."""

    id: Id | None = None
    slug: str = ""
    name: str = ""
    project: Project = Project()


class Repository(Part, rename="camel"):
    """A repository."""

    id: Id | None = None
    slug: str = ""
    """Its name in addresses."""
    name: str = ""
    description: str | None = None
    project: Project = Project()
    public: bool = False
    archived: bool = False
    origin: Origin | None = None
    """What it was forked from; None unless it is a fork."""
    links: Links = Links()
    """Empty from old versions."""


class Event(Part, rename="camel"):
    """What comes with every event."""

    event_key: str = ""
    """Which event it is."""
    date: Moment | None = None
    actor: User = User()
    """Whose doing it was."""


class Comment(Part, rename="camel"):
    """A comment."""

    id: Id | None = None
    version: int = 0
    text: str = ""
    author: User = User()
    created_date: Moment | None = None
    """Milliseconds since 1970."""
    updated_date: Moment | None = None
