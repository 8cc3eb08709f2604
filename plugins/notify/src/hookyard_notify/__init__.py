"""Messages to configured chats and mailboxes."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Annotated, Final, TypeVar

from msgspec import Meta, Struct, field

from hookyard import CommandError, Context, Plugin, SyncContext
from hookyard_notify.chat import post
from hookyard_notify.config import Chat, Config, Mailbox, address_of
from hookyard_notify.mail import compose, deliver
from hookyard_notify.providers import PROVIDERS, cut
from hookyard_notify.template import UnknownField, Value, render

__all__ = ["Chat", "Config", "Mail", "MailSent", "Mailbox", "Message", "Sent", "chat", "mail", "plugin"]

_LONGEST: Final = 600

T = TypeVar("T")

plugin = Plugin("notify", config=Config, secrets=("*",))

Text = Annotated[str, Meta(max_length=200_000)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Values = Annotated[
    dict[str, Annotated[str, Meta(max_length=200_000)] | int | float | bool | None],
    Meta(description="Further values for the template, by name."),
]


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to say in a chat."""

    chat: Annotated[Name, Meta(description="The name of a configured chat.")]
    text: Annotated[Text, Meta(description="The value `text` of the template.")] = ""
    values: Values = field(default_factory=dict[str, Value])


class Sent(Struct, frozen=True):
    """What became of it."""

    chat: str
    status: Annotated[int, Meta(description="The HTTP status that the chat answered with.")]
    cut: Annotated[bool, Meta(description="Whether the text was longer than the chat takes.")] = False


class Mail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to write."""

    mailbox: Annotated[Name, Meta(description="The name of a configured mailbox.")]
    subject: Annotated[str, Meta(max_length=1000, description="The value `subject` of the templates.")] = ""
    text: Annotated[Text, Meta(description="The value `text` of the templates.")] = ""
    values: Values = field(default_factory=dict[str, Value])
    to: Annotated[
        tuple[Annotated[str, Meta(max_length=320)], ...],
        Meta(max_length=100, description="Who gets it, of those that `allow_to` lets callers choose."),
    ] = ()


class MailSent(Struct, frozen=True):
    """What became of it."""

    mailbox: str
    message_id: str
    to: Annotated[tuple[str, ...], Meta(description="Whom the server took it for.")]
    refused: Annotated[dict[str, str], Meta(description="Whom it did not take it for, and why.")]


@plugin.command(timeout=_LONGEST)
async def chat(data: Message, ctx: Context[Config]) -> Sent:
    """Say something in a configured chat.

    A text that is longer than the chat takes is cut. Values cannot call people (`@all` and the like).
    """
    target = _find("chat", data.chat, ctx.config.chats)
    provider = PROVIDERS[target.kind]
    values = dict(data.values) | {"text": data.text}
    text = _filled("chat", data.chat, lambda: render(target.text, values, provider.escape))
    if not text.strip():
        msg = f"chat {data.chat!r}: there is nothing to say"
        raise CommandError(msg, code="invalid_message", retryable=False)
    text, was_cut = cut(text.encode("utf-8", "replace").decode(), provider.limit)
    status = await post(data.chat, target, text, ctx)
    return Sent(data.chat, status, was_cut)


@plugin.command(timeout=_LONGEST)
def mail(data: Mail, ctx: SyncContext[Config]) -> MailSent:
    """Send a mail through a configured mailbox.

    Every attempt of a job has the same `Message-ID`.
    """
    mailbox = _find("mailbox", data.mailbox, ctx.config.mailboxes)
    to = _recipients(data, mailbox)
    values = dict(data.values) | {"subject": data.subject, "text": data.text}
    message = _filled("mailbox", data.mailbox, lambda: compose(mailbox, to, values, ctx.job.id))
    password = None if mailbox.password_secret is None else ctx.secrets.get(mailbox.password_secret).strip()
    ctx.raise_if_cancelled()
    answers = deliver(data.mailbox, mailbox, message, to, password)
    refused = {each: f"{code} {text.decode('utf-8', 'replace')[:300]}" for each, (code, text) in answers.items()}
    if refused:
        ctx.log.warning("mail.refused", mailbox=data.mailbox, recipients=refused)
    taken = tuple(each for each in to if (address_of(each) or each) not in refused)
    return MailSent(data.mailbox, str(message["Message-ID"]), taken, refused)


def _recipients(data: Mail, mailbox: Mailbox) -> tuple[str, ...]:
    for each in data.to:
        address = address_of(each)
        # Addresses only: a name before one could say that it is somebody else.
        if address is None or address != each:
            raise _refusal("mailbox", data.mailbox, f"to: {each[:100]!r} is no bare address")
        if not any(fnmatchcase(address.lower(), pattern.lower()) for pattern in mailbox.allow_to):
            raise _refusal("mailbox", data.mailbox, f"to: {address} is none that callers may choose")
    if not (data.to or mailbox.to):
        raise _refusal("mailbox", data.mailbox, "to: it is missing")
    return data.to or mailbox.to


def _find(what: str, name: str, known: dict[str, T]) -> T:
    found = known.get(name)
    if found is None:
        names = ", ".join(sorted(known)) or "none"
        msg = f"no {what} {name!r} is configured; there are: {names}"
        raise CommandError(msg, code=f"unknown_{what}", retryable=False)
    return found


def _filled(what: str, name: str, fill: Callable[[], T]) -> T:
    try:
        return fill()
    except UnknownField as error:
        raise _refusal(what, name, f"its template needs the value {error.args[0]!r}") from None


def _refusal(what: str, name: str, problem: str) -> CommandError:
    return CommandError(f"{what} {name!r}: {problem}", code="invalid_message", retryable=False, details={what: name})
