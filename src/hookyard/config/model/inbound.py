"""Inbound webhooks."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from hookyard.command import Priority
from hookyard.config.model.parts import HOUR, MINUTE, Header, Name, Section
from hookyard.config.values import Duration, Secret


class HmacScheme(Section, frozen=True, kw_only=True):
    """A generic HMAC signature over the raw body."""

    header: Header
    """The header that carries the signature."""
    prefix: str = ""
    """What stands before the signature in the header, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    """The hash; `sha1` only for senders that know no other."""
    timestamp_header: Header | None = None
    """The header with the time of sending, in unix seconds; it is signed as `{timestamp}.{body}`."""
    tolerance: Duration = Duration(5 * MINUTE)
    """How far that time may be from ours, in both directions."""
    event_header: Header | None = None
    """The header that names the event; without it every request is of the event `webhook`."""
    delivery_header: Header | None = None
    """The header with the sender's delivery id; without it the digest of the body takes its place."""


class PluginScheme(Section, frozen=True, kw_only=True):
    """A signature that a plugin verifies."""

    plugin: Name
    """The plugin whose hook `verify_webhook` is asked about every request; it is handed the source's `secrets`."""


class RouteSettings(Section, frozen=True, kw_only=True):
    """Which command an event runs."""

    on: str | tuple[str, ...] = "*"
    """The event, or several, such as `push`; `*` is any."""
    run: Annotated[str, Meta(pattern=r"^[^/]+/[^/]+$", description="a command, written plugin/command")]
    """The command, as `plugin/command`."""
    with_: dict[str, Any] | None = field(name="with", default=None)
    """The command's input. Strings that begin with `$.` are paths into the body, `$event` and `$delivery` the
    event and the delivery id, all else stands for itself. Left out, the whole body is the input."""
    map: Name | None = None
    """Instead of `with`: the plugin whose hook `map_input` makes the command's input of the event, or ignores it."""
    priority: Priority = 0
    """Higher runs first."""


class SourceSettings(Section, frozen=True, kw_only=True):
    """An inbound webhook at `/hooks/<source>`."""

    scheme: Literal["github"] | HmacScheme | PluginScheme
    """How its sender signs: `github`, the settings of a generic HMAC, or a plugin that verifies."""
    secrets: Annotated[tuple[Secret, ...], Meta(min_length=1)]
    """The shared secrets, any of which may have signed; two of them make a rotation."""
    routes: Annotated[tuple[RouteSettings, ...], Meta(min_length=1)]
    """The first route whose `on` matches is taken; an event that none matches is answered 200 and ignored."""
    dedupe_window: Duration = Duration(72 * HOUR)
    """How long the same delivery id stands for the same job."""
