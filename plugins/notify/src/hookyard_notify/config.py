"""The chats and the mailboxes that may be written to, as the configuration has them."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from hookyard_notify.template import parse

Kind = Literal["slack", "mattermost", "rocketchat", "discord", "teams", "googlechat", "matrix"]
Security = Literal["starttls", "tls", "none"]
Template = Annotated[str, Meta(description="Text with names of values in braces, such as `{text}`; `{{` is a brace.")]

PORTS: Final[dict[Security, int]] = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_NAMED: Final = re.compile(r"[^<>\"\\\x00-\x1f\x7f]*<([^<>]+)>")


class Chat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel of a chat."""

    kind: Kind
    url_secret: Annotated[
        str | None, Meta(description="The plugin's secret that is the incoming webhook's URL; not for Matrix.")
    ] = None
    url: Annotated[str | None, Meta(description="Matrix: the homeserver's URL.")] = None
    room: Annotated[str | None, Meta(description="Matrix: the room's id, such as `!abc:example.org`.")] = None
    token_secret: Annotated[str | None, Meta(description="Matrix: the secret that is the access token.")] = None
    username: Annotated[
        Annotated[str, Meta(min_length=1, max_length=80)] | None,
        Meta(description="Shown as the sender, where a webhook may say so."),
    ] = None
    text: Template = "{text}"
    timeout: Annotated[float, Meta(gt=0, le=300, description="Seconds that one attempt may take.")] = 15.0


class Mailbox(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mail that goes through one server, from one sender."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        Meta(description="Left out, 587 with starttls, 465 with tls, 25 with none."),
    ] = None
    security: Annotated[Security, Meta(description="`none` is for a server on this machine.")] = "starttls"
    ca_file: Annotated[str | None, Meta(description="The certificates that are trusted instead of the usual ones.")] = (
        None
    )
    user: str | None = None
    password_secret: Annotated[str | None, Meta(description="The plugin's secret that is the password.")] = None
    sender: Annotated[str, Meta(description="`ci@example.org` or `CI <ci@example.org>`.")]
    to: Annotated[tuple[str, ...], Meta(max_length=100, description="Who gets it, where the caller does not say.")] = ()
    allow_to: Annotated[
        tuple[str, ...], Meta(description="Whom callers may choose, with globs such as `*@example.org`.")
    ] = ()
    subject: Template = "{subject}"
    text: Template = "{text}"
    html: Annotated[str | None, Meta(description="The same as HTML; values are escaped.")] = None
    timeout: Annotated[float, Meta(gt=0, le=300, description="Seconds that each step may take.")] = 30.0
    retry_after: Annotated[
        float, Meta(ge=1, le=86_400, description="Seconds to wait when the server says that it is busy.")
    ] = 120.0


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom this plugin may write to; nobody else can be reached through it."""

    chats: dict[str, Chat] = field(default_factory=dict[str, Chat])
    mailboxes: dict[str, Mailbox] = field(default_factory=dict[str, Mailbox])

    def __post_init__(self) -> None:
        for name, chat in self.chats.items():
            for problem in _chat_problems(chat):
                msg = f"chat {name!r}: {problem}"
                raise ValueError(msg)
        for name, mailbox in self.mailboxes.items():
            for problem in _mailbox_problems(mailbox):
                msg = f"mailbox {name!r}: {problem}"
                raise ValueError(msg)


def address_of(text: str) -> str | None:
    """The bare address of `a@b` or `Name <a@b>`; None when it is neither."""
    named = _NAMED.fullmatch(text)
    bare = named[1] if named else text
    return bare if _ADDRESS.fullmatch(bare) else None


def _chat_problems(chat: Chat) -> Iterator[str]:
    matrix = {"url": chat.url, "room": chat.room, "token_secret": chat.token_secret}
    if chat.kind == "matrix":
        for key, value in matrix.items():
            if not value:
                yield f"{key}: Matrix needs it"
        if chat.url_secret is not None:
            yield "url_secret: Matrix has no webhooks; it needs url, room and token_secret"
        if chat.url and not chat.url.startswith(("https://", "http://")):
            yield "url: it must begin with https:// or http://"
    else:
        if not chat.url_secret:
            yield "url_secret: the secret that holds the webhook's URL is missing"
        for key, value in matrix.items():
            if value is not None:
                yield f"{key}: it is for Matrix only"
    yield from _template_problem("text", chat.text)


def _mailbox_problems(mailbox: Mailbox) -> Iterator[str]:
    if address_of(mailbox.sender) is None:
        yield "sender: it is no address"
    for index, address in enumerate(mailbox.to):
        if address_of(address) is None:
            yield f"to[{index}]: it is no address"
    if not mailbox.to and not mailbox.allow_to:
        yield "to: nobody would get it; say who, or whom callers may choose in allow_to"
    if (mailbox.user is None) != (mailbox.password_secret is None):
        yield "user: it goes with password_secret, both or neither"
    if mailbox.user is not None and mailbox.security == "none":
        yield "security: a password does not go over an open line"
    yield from _template_problem("subject", mailbox.subject)
    yield from _template_problem("text", mailbox.text)
    yield from _template_problem("html", mailbox.html or "")


def _template_problem(key: str, template: str) -> Iterator[str]:
    try:
        parse(template)
    except ValueError as error:
        yield f"{key}: {error}"
