"""What several events of Azure DevOps have in common. Its `camelCase` names are `snake_case` here."""

from hookyard.inbound.events.part import Id, Moment, Part


class Identity(Part, rename="camel"):
    """An account."""

    id: Id | None = None
    display_name: str = ""
    unique_name: str = ""
    """Mostly an address."""
    url: str | None = None
    image_url: str | None = None


class Project(Part, rename="camel"):
    """A project, which holds repositories."""

    id: Id | None = None
    name: str = ""
    url: str = ""
    state: str = ""


class Repository(Part, rename="camel"):
    """A repository."""

    id: Id | None = None
    name: str = ""
    url: str = ""
    """In the API."""
    remote_url: str = ""
    """Its page, and where it is cloned from."""
    ssh_url: str | None = None
    default_branch: str | None = None
    """The full name, such as `refs/heads/main`; None while it is empty."""
    project: Project = Project()


class Message(Part):
    """A sentence that says what happened."""

    text: str = ""
    html: str = ""
    markdown: str = ""


class Event(Part, rename="camel"):
    """What comes with every event."""

    id: Id | None = None
    """Of the event; the same when it is sent again."""
    event_type: str = ""
    """Which event it is, such as `git.push`."""
    publisher_id: str = ""
    subscription_id: str | None = None
    """None in what the test button sends, from some versions."""
    notification_id: Id | None = None
    message: Message = Message()
    detailed_message: Message = Message()
    resource_version: str = ""
    created_date: Moment | None = None
