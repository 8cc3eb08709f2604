"""An Amazon SNS message: what it must look like, and what of it is signed.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. The values are signed with line
ends between them, so of those behind `Message` none may have one: what was signed could be read in two ways.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

_LINE = Annotated[str, Meta(pattern=r"^[^\r\n]*$(?!\n)", max_length=8192)]
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z", re.ASCII)
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


class Message(
    Struct, frozen=True, kw_only=True, rename={"certificate": "SigningCertURL", "version": "SignatureVersion"}
):
    """The members that are signed, and those that say by whom."""

    type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"] = field(name="Type")
    message: str = field(name="Message")
    id: _LINE = field(name="MessageId")
    subject: _LINE | None = field(name="Subject", default=None)
    subscribe: _LINE | None = field(name="SubscribeURL", default=None)
    timestamp: _LINE = field(name="Timestamp")
    token: _LINE | None = field(name="Token", default=None)
    topic: _LINE = field(name="TopicArn")
    version: Literal["1", "2"]
    signature: _LINE = field(name="Signature")
    certificate: _LINE

    def canonical(self) -> bytes | None:
        """What is signed; None when a member is lacking."""
        values = {
            "Message": self.message,
            "MessageId": self.id,
            "Subject": self.subject,
            "SubscribeURL": self.subscribe,
            "Timestamp": self.timestamp,
            "Token": self.token,
            "TopicArn": self.topic,
            "Type": self.type,
        }
        names = _NOTIFICATION if self.type == "Notification" else _CONFIRMATION
        if any(values[name] is None for name in names if name != "Subject"):
            return None
        text = "".join(f"{name}\n{value}\n" for name in names if (value := values[name]) is not None)
        return text.encode(errors="surrogatepass")

    def sent(self) -> int | None:
        """Milliseconds UTC of the time of sending; None when it is written in another way."""
        if not _TIME.fullmatch(self.timestamp):
            return None
        try:
            return round(datetime.fromisoformat(self.timestamp).astimezone(UTC).timestamp() * 1000)
        except (ValueError, OverflowError):
            return None


DECODER: Final = msgspec.json.Decoder(Message)
