"""The server, its store and its log."""

from typing import Annotated, Literal

from msgspec import Meta

from hookyard.config.model.parts import END, Port, Positive, Section, Text
from hookyard.config.values import Duration, Size

PublicUrl = Annotated[
    str, Meta(pattern=r"^https?://[^\s?#]+" + END, description="a URL without query such as https://hooks.example.com")
]


class Server(Section, frozen=True, kw_only=True):
    """Where the gateway listens and what it takes."""

    host: Text = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for every one."""
    port: Port = 8420
    """TCP port; 0 takes a free one and prints it."""
    public_url: PublicUrl | None = None
    """Where callers reach this server, such as `https://hooks.example.com`; senders who sign the URL sign this one."""
    max_body: Size = Size(25 << 20)
    """Largest body accepted, refused with 413 before it is read. GitHub sends up to 25 MB."""
    body_timeout: Duration = Duration(60_000)
    """How long a body may take to arrive; a slower one is answered 408."""
    body_memory: Size = Size(256 << 20)
    """How many bytes of bodies there may be at once. One that finds no room is not read for a while, and then answered
    503; one address has at most half. An eighth is for those up to a mebibyte; up to 64 KiB none is counted."""
    max_wait: Duration = Duration(60_000)
    """Upper bound of `Prefer: wait`."""
    trusted_proxies: tuple[str, ...] = ()
    """CIDRs of the proxies before the server, such as `10.1.0.0/16`: their `X-Forwarded-For` says who is calling. From
    anybody else it means nothing."""


class StoreSettings(Section, frozen=True, kw_only=True):
    """Where jobs are kept."""

    path: Text = "hookyard.db"
    """The SQLite file, relative to the configuration file."""
    synchronous: Literal["full", "normal"] = "full"
    """`full` survives a power cut; `normal` may lose the last commits in one, and is faster."""
    queue: Positive = 10_000
    """How many operations may wait for a commit before callers get 503."""
    batch: Annotated[int, Meta(ge=1, le=1024)] = 256
    """The most operations in one commit."""


class LogSettings(Section, frozen=True, kw_only=True):
    """What is logged to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are written."""
    format: Literal["auto", "console", "json"] = "auto"
    """`auto` is console on a terminal and JSON elsewhere."""
