"""What each chat takes: its payload, its longest text, and what would be more than text in it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from hookyard_notify.config import Kind

Body = dict[str, object]
_BREAK: Final = "\u200b"  # no width: what stands on both sides of it is no longer one word


class Provider(Struct, frozen=True, kw_only=True):
    """One kind of chat."""

    page: str
    """Where its maker describes it."""
    limit: int
    """Characters of the longest text that is sent; what is longer is cut."""
    body: Callable[[str, str | None], Body]
    """From the text and who is shown as its sender to the payload."""
    escape: Callable[[str], str] = str
    """Keeps a value from calling people or being a link under another name."""


def _slack(text: str, username: str | None) -> Body:
    return {"text": text} if username is None else {"text": text, "username": username}


def _discord(text: str, username: str | None) -> Body:
    body: Body = {"content": text, "allowed_mentions": {"parse": []}}
    return body if username is None else body | {"username": username}


def _teams(text: str, _username: str | None) -> Body:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": text, "wrap": True}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _text_only(text: str, _username: str | None) -> Body:
    return {"text": text}


def _matrix(text: str, _username: str | None) -> Body:
    return {"msgtype": "m.text", "body": text, "m.mentions": {}}


def _escape_slack(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _break_mentions(value: str) -> str:
    return value.replace("@", f"@{_BREAK}")


def _break_tags(value: str) -> str:
    return value.replace("<", f"<{_BREAK}")


PROVIDERS: Final[Mapping[Kind, Provider]] = MappingProxyType(
    {
        "slack": Provider(
            page="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
            limit=40_000,
            body=_slack,
            escape=_escape_slack,
        ),
        "mattermost": Provider(
            page="https://developers.mattermost.com/integrate/webhooks/incoming/",
            limit=16_383,
            body=_slack,
            escape=_break_mentions,
        ),
        "rocketchat": Provider(
            page="https://docs.rocket.chat/docs/integrations", limit=5_000, body=_slack, escape=_break_mentions
        ),
        "discord": Provider(
            page="https://discord.com/developers/docs/resources/webhook#execute-webhook", limit=2_000, body=_discord
        ),
        # 28 KB in all, four bytes a character at most.
        "teams": Provider(
            page="https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using",
            limit=6_000,
            body=_teams,
        ),
        # 32,000 bytes.
        "googlechat": Provider(
            page="https://developers.google.com/workspace/chat/quickstart/webhooks",
            limit=7_900,
            body=_text_only,
            escape=_break_tags,
        ),
        # 65,536 bytes of a whole event.
        "matrix": Provider(
            page="https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid",
            limit=15_000,
            body=_matrix,
        ),
    }
)


def cut(text: str, limit: int) -> tuple[str, bool]:
    """The text within a limit, and whether something was cut off."""
    return (text, False) if len(text) <= limit else (f"{text[: limit - 1]}…", True)
