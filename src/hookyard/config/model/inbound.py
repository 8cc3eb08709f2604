"""Inbound webhooks: sources and their routes."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from hookyard.command import Priority
from hookyard.config.model.parts import HOUR, Name, Section, Text
from hookyard.config.model.schemes import (
    HandshakeSettings,
    PluginScheme,
    PresetName,
    PresetScheme,
    TemplateScheme,
)
from hookyard.config.model.secrets import SecretSettings
from hookyard.config.model.server import PublicUrl
from hookyard.config.values import Duration, Rate, Secret


class RouteSettings(Section, frozen=True, kw_only=True):
    """Which command an event runs."""

    on: str | tuple[str, ...] = "*"
    """The event, or several, such as `push`; with globs: `*` is any text, `?` one character."""
    if_: Text | None = field(name="if", default=None)
    """A CEL expression that must be true too: of `event`, the body; `headers`, by lower-case name; and `source`, which
    has `name`, `event` and `delivery`."""
    run: Annotated[str, Meta(pattern=r"^[^/]+/[^/]+$", description="a command, written plugin/command")]
    """The command, as `plugin/command`."""
    with_: str | dict[str, Any] | None = field(name="with", default=None)
    """The command's input. Strings that begin with `$.` are paths into the body, `$(...)` is a CEL expression as in
    `if`, `$event` and `$delivery` are the event and the delivery id, all else stands for itself. Left out, the whole
    body is the input, or what `hookyard.inbound.events.git` makes of it for a command that takes one of its types."""
    map: Name | None = None
    """Instead of `with`: the plugin whose hook `map_input` makes the command's input of the event, or ignores it."""
    priority: Priority = 0
    """Higher runs first."""


class SourceSettings(Section, frozen=True, kw_only=True):
    """An inbound webhook at `/hooks/<source>`."""

    scheme: PresetName | PresetScheme | TemplateScheme | PluginScheme
    """How its sender signs: the name of a preset such as `github`, a preset with settings, a template of one's own, or
    a plugin that verifies."""
    secrets: tuple[Secret | SecretSettings, ...] = ()
    """The shared secrets, or for signatures by key pairs the public keys, any of which may have signed; two of them
    make a rotation. Only `aws-sns` needs none."""
    url: PublicUrl | None = None
    """Where senders reach this source, for those who sign the URL too; `server.public_url` with `/hooks/<source>` if
    left out."""
    allow: tuple[Text, ...] = ()
    """The networks that may send, as CIDRs; any if left out."""
    rate: Rate | None = None
    """How many verified requests may come in how much time; what is more is answered 429."""
    routes: Annotated[tuple[RouteSettings, ...], Meta(min_length=1)]
    """Which command runs for which event; an event that none takes is answered 200 and ignored."""
    take: Literal["first", "all"] = "first"
    """Whether the first route that takes an event runs, or all that do."""
    dedupe_window: Duration = Duration(72 * HOUR)
    """How long the same delivery id stands for the same job: at least a minute, and at least twice the scheme's
    tolerance where its sender says when it sent."""
    invalid_status: Literal[422, 202] = 422
    """What a sender is answered whose event is genuine but not what the command takes, and is kept as a dead letter.
    202 is for senders who end a subscription over errors."""
    handshake: HandshakeSettings = HandshakeSettings()
    """What the sender is answered that asks first."""
