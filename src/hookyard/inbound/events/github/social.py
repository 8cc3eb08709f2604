"""GitHub's `star`, `watch`, `fork` and `ping`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#star
"""

from hookyard.inbound.events.github.parts import ActionEvent, Event, Repository, Sent
from hookyard.inbound.events.part import Id, Moment, Part


class Star(ActionEvent):
    """A star was given (`created`) or taken back (`deleted`)."""

    starred_at: Moment | None = None
    """None when it was taken back."""


class Watch(ActionEvent):
    """Somebody gave a star: the older event, with `started` for its only action."""


class Fork(Event):
    """The repository was forked."""

    forkee: Repository = Repository()
    """The new one."""


class Hook(Part):
    """A webhook of GitHub's."""

    id: Id | None = None
    type: str = ""
    """`Repository`, `Organization` or `App`."""
    name: str = ""
    active: bool = False
    events: tuple[str, ...] = ()
    """The events that it sends; `*` for all."""
    url: str = ""


class Ping(Sent):
    """GitHub asks if anybody is there, when a webhook is made and when a person wants it."""

    zen: str = ""
    hook_id: Id | None = None
    hook: Hook = Hook()
    repository: Repository | None = None
    """None for the webhook of an organization or an app."""
