"""Amazon SNS: signatures over some members of the body, by certificates that are fetched from Amazon.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html and
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html. All that can be refused without a
certificate is refused before one is asked for: a caller who does not know a topic has nothing fetched.
"""

from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from hookyard.inbound.decoding import NO_JSON
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template.encoding import decode_base64
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.aws_sns import forge
from hookyard.inbound.verifiers.aws_sns.certificates import Cache, Certificate, place, read
from hookyard.inbound.verifiers.aws_sns.message import DECODER, Message
from hookyard.inbound.verifiers.parts import header
from hookyard.webhook_secret import SecretError

TOLERANCE: Final = 3_600_000
"""Milliseconds: Amazon repeats a delivery for up to an hour with the time of the first."""
TYPE: Final = b"x-amz-sns-message-type"
_LARGEST: Final = 2 << 20
"""Bytes of a body that is decoded: a message has at most 256 KiB, as JSON up to six times that."""


class AwsSns:
    """Verifies; and signs with a certificate of one's own, for which that must be among the source's secrets.

    Args:
        topics: the ARNs of those that may send.
        tolerance: milliseconds, in both directions.
    """

    def __init__(self, topics: Sequence[str], tolerance: int = TOLERANCE) -> None:
        self._topics = frozenset(topics)
        self.tolerance = tolerance
        self._cache = Cache()
        self._pinned = False

    def load(self, secret: str) -> object:
        """A certificate in PEM, which is trusted instead of any that would be fetched; see :class:`Verifier`."""
        found = None if "PRIVATE KEY" in secret else read(secret.encode())
        if found is None:
            msg = (
                "is not needed, and if there is one it must be a certificate in PEM of an RSA key of 2048 bits or more"
            )
            raise SecretError(msg)
        self._pinned = True
        return found

    def needs(self, request: InboundRequest) -> str | None:
        """The URL of the certificate, while it was not had; see :class:`Fetching`."""
        url = place(self._read(request).certificate)
        if self._pinned or self._cache.get(url) is not None:
            return None
        self._cache.ask(url, request.now)
        return url

    def take(self, url: str, document: bytes) -> None:
        """Keep a certificate; see :class:`Fetching`."""
        found = read(document)
        if found is None:
            raise BadSignature("certificate", "what SigningCertURL has is no certificate")
        self._cache.put(place(url), found)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The certificate that signed it, if that was given; see :class:`Verifier`."""
        message = self._read(request)
        url, content, signature = (
            place(message.certificate),
            message.canonical(),
            decode_base64(message.signature.encode()),
        )
        if content is None or signature is None:
            raise BadSignature("malformed", "the message lacks what is signed" if content is None else "Signature")
        candidates = [(key, key.material) for key in keys if isinstance(key.material, Certificate)]
        fetched = None if candidates else self._cache.get(url)
        if fetched is not None:
            candidates = [(Key(material=None), fetched)]
        if not candidates:
            raise BadSignature("certificate", "it was not fetched")
        in_time = [(key, one) for key, one in candidates if one.begins <= request.now <= one.ends]
        if not in_time:
            raise BadSignature("certificate", "it is not valid at this time")
        matched = [key for key, one in in_time if _signed(one, signature, content, message.version)]
        if not matched:
            raise BadSignature("mismatch")
        return matched[0]

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The message signed, or one made of the body, which becomes its `Message`."""
        return forge.sign(request, secret, min(self._topics, default="arn:aws:sns:eu-central-1:000000000000:hookyard"))

    def pair(self) -> Pair:
        """A key with a certificate of its own."""
        return forge.pair()

    def _read(self, request: InboundRequest) -> Message:
        """The message, when it could be one: all checks that need no certificate."""
        kind = header(request, TYPE)
        if len(request.body) > _LARGEST:
            raise BadSignature("malformed", "the body is larger than any message")
        try:
            message = DECODER.decode(request.body)
        except NO_JSON:
            raise BadSignature("malformed", "the body is no message of Amazon SNS") from None
        if message.type.encode() != kind:
            raise BadSignature("malformed", f"{TYPE.decode()} is not the Type of the message")
        if message.topic not in self._topics:
            raise BadSignature("not_allowed", "TopicArn is none of the source's topics")
        sent = message.sent()
        if sent is None:
            raise BadSignature("timestamp_malformed", "Timestamp")
        if abs(request.now - sent) > self.tolerance:
            raise BadSignature("timestamp_range", "Timestamp")
        return message


def _signed(certificate: Certificate, signature: bytes, content: bytes, version: str) -> bool:
    # Version 1 is SHA-1 and still Amazon's default.
    algorithm = SHA1() if version == "1" else SHA256()  # noqa: S303
    try:
        certificate.key.verify(signature, content, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        return False
    return True
