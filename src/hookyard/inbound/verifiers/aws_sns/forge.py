"""Messages as Amazon SNS sends them, signed by somebody else: for tests, and for trying a source out."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import uuid4

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hookyard.clock import rfc3339
from hookyard.inbound.decoding import decoded_as
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Pair
from hookyard.inbound.verifiers.aws_sns.message import DECODER
from hookyard.webhook_secret import SecretError

_HOST: Final = "https://sns.{region}.amazonaws.com/SimpleNotificationService-{name}.pem"
_MEMBERS: Final = frozenset(
    {"Message", "MessageId", "SignatureVersion", "Subject", "SubscribeURL", "Token", "TopicArn", "Type"}
)
_IDS: Final = frozenset({"MessageId", "TopicArn"})
"""What also a body may have that becomes the `Message`."""
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def pair(begins: datetime = _FIRST, ends: datetime = _LAST) -> Pair:
    """A key with the certificate that it signed for itself.

    Args:
        begins: from when it is good.
        ends: until when.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.hookyard.invalid")])
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(max(ends, begins + timedelta(seconds=1)))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Pair(private, certificate)


def sign(request: InboundRequest, secret: str, topic: str) -> InboundRequest:
    """Sign a message; a body that is none becomes the `Message` of a notification.

    Args:
        request: whose body is signed, with the time of its coming.
        secret: a private RSA key in PEM.
        topic: the ARN of a message that has none.

    Raises:
        SecretError: that is none.
    """
    try:
        key = load_pem_private_key(secret.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        msg = "must be a private RSA key in PEM"
        raise SecretError(msg)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    given = _members(request.body)
    here = given.get("TopicArn", topic)
    region = here.split(":")[3] if here.count(":") == 5 else "eu-central-1"  # noqa: PLR2004  of an ARN's form
    members = {
        "Type": "Notification",
        "MessageId": str(uuid4()),
        "TopicArn": here,
        "Message": request.body.decode(errors="replace"),
        "SignatureVersion": "2",
        **given,
        "Timestamp": rfc3339(request.now),
        "SigningCertURL": _HOST.format(region=region, name=sha256(der).hexdigest()[:32]),
        "Signature": "",
    }
    message = DECODER.decode(msgspec.json.encode(members))
    algorithm = SHA1() if message.version == "1" else SHA256()  # noqa: S303  as Amazon does
    signature = key.sign(message.canonical() or b"", padding.PKCS1v15(), algorithm)
    members["Signature"] = b64encode(signature).decode()
    kind = {b"x-amz-sns-message-type": members["Type"].encode()}
    return msgspec.structs.replace(
        request,
        headers={b"content-type": b"text/plain; charset=UTF-8", **request.headers, **kind},
        body=msgspec.json.encode(members),
        repeated=request.repeated - kind.keys(),
    )


def _members(body: bytes) -> dict[str, str]:
    """The members of a message that a body has already."""
    found = decoded_as(dict[str, object], body) or {}
    names = _MEMBERS if "Message" in found else _IDS
    return {name: value for name, value in found.items() if name in names and isinstance(value, str)}
