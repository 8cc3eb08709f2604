"""Comments of Bitbucket Cloud: on a commit, an issue, or a pull request."""

from hookyard.inbound.events.bitbucket.parts import Content, Links, User
from hookyard.inbound.events.part import Id, Moment, Part


class Inline(Part, rename={"before": "from"}):
    """Where in the changes a comment is."""

    path: str = ""
    before: int | None = None
    """The line before the change, Bitbucket's `from`; None for a line that is new."""
    to: int | None = None
    """The line after the change; None for a line that is gone."""


class Parent(Part):
    """The comment that is answered."""

    id: Id | None = None


class Comment(Part):
    """A comment."""

    id: Id | None = None
    content: Content = Content()
    user: User | None = None
    """None in some events: see their `actor`."""
    inline: Inline | None = None
    """None for a comment on the whole."""
    parent: Parent | None = None
    """None unless it is an answer."""
    deleted: bool = False
    created_on: Moment | None = None
    updated_on: Moment | None = None
    links: Links = Links()
