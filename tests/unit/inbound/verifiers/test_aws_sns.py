"""Amazon SNS, signed by certificates of our own; nothing is fetched from anywhere."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.verifiers.lab import HEADERS, NOW, keys, request, step

from hookyard.clock import rfc3339
from hookyard.errors import Refused
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Fetching, Step
from hookyard.inbound.verifiers.aws_sns import AwsSns
from hookyard.inbound.verifiers.aws_sns.forge import pair, sign
from hookyard.inbound.verifiers.aws_sns.message import DECODER
from hookyard.webhook_secret import SecretError

TOPIC = "arn:aws:sns:eu-central-1:123456789012:builds"
PAIR, OTHER = pair(), pair()
MESSAGE = {"Type": "Notification", "MessageId": "22b80b92-fdea", "TopicArn": TOPIC, "Message": "Hello\nworld"}
CONFIRMATION = MESSAGE | {
    "Type": "SubscriptionConfirmation",
    "Token": "2336412f37",
    "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
}


def sent(message: dict[str, str] | None = None, *, secret: str = PAIR.signing, now: int = NOW) -> InboundRequest:
    return sign(request({}, msgspec.json.encode(message or MESSAGE), now=now), secret, TOPIC)


SENT = sent()


def members(given: InboundRequest) -> dict[str, Any]:
    return msgspec.json.decode(given.body, type=dict[str, Any])


def changed(given: InboundRequest, **more: object) -> InboundRequest:
    """The message with other members; None takes one away."""
    found = {name: value for name, value in (members(given) | more).items() if value is not None}
    return replace(given, body=msgspec.json.encode(found))


def fetched(given: InboundRequest, certificate: str = PAIR.verifying) -> AwsSns:
    """A verifier that has been handed the certificate that it asked for."""
    verifier = AwsSns([TOPIC])
    url = verifier.needs(given)
    assert url is not None
    verifier.take(url, certificate.encode())
    return verifier


def needs(given: InboundRequest, verifier: AwsSns | None = None) -> str | Step | None:
    try:
        return (verifier or AwsSns([TOPIC])).needs(given)
    except BadSignature as error:
        return error.step


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("message", [MESSAGE, MESSAGE | {"Subject": "A subject"}, CONFIRMATION], ids=["n", "s", "c"])
def test_what_the_certificate_signed_is_good_in_both_versions(message: dict[str, str], version: str) -> None:
    given = sent(message | {"SignatureVersion": version})
    assert step(fetched(given), given, []) is None


def test_what_is_signed_are_names_and_values_in_order_each_on_its_line() -> None:
    given = sent(CONFIRMATION)
    found = members(given)
    names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{found[name]}\n" for name in names)
    assert DECODER.decode(given.body).canonical() == text.encode()
    given = SENT
    found = members(given)
    text = "".join(f"{name}\n{found[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
    assert DECODER.decode(given.body).canonical() == text.encode()


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Subject"])
def test_no_member_that_is_signed_can_be_changed(name: str) -> None:
    given = sent(MESSAGE | {"Subject": "s"})
    verifier = fetched(given)
    other = rfc3339(NOW + 1000) if name == "Timestamp" else "another"
    assert step(verifier, changed(given, **{name: other}), []) == "mismatch"


def test_another_key_another_version_and_a_spoilt_signature_are_no_match() -> None:
    given = SENT
    assert step(fetched(given, OTHER.verifying), given, []) == "mismatch"
    verifier = fetched(given)
    assert step(verifier, changed(given, SignatureVersion="1"), []) == "mismatch"
    assert step(verifier, changed(given, Signature="AAAA"), []) == "mismatch"
    assert step(verifier, changed(given, Signature=""), []) == "mismatch"
    assert step(verifier, changed(given, Signature="!"), []) == "malformed"


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
        "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    ],
)
def test_a_certificate_is_asked_for_where_amazon_has_them(url: str) -> None:
    assert needs(changed(SENT, SigningCertURL=url)) == url


GOOD = "sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


@pytest.mark.parametrize(
    "url",
    [
        f"http://{GOOD}",
        f"HTTPS://{GOOD}",
        f"https://{GOOD}#",
        f"https://{GOOD}?x",
        f"https://{GOOD}\n",
        f"https://user@{GOOD}",
        f"https://evil.example/{GOOD}",
        f"https://evil.example\\@{GOOD}",
        f"https://{GOOD.replace('.com/', '.com:443/')}",
        f"https://{GOOD.replace('.com/', '.com.evil.example/')}",
        f"https://{GOOD.replace('.com/', '.co/')}",
        f"https://{GOOD.replace('.amazonaws', 'xamazonaws')}",
        f"https://{GOOD.replace('sns.', 'sns-')}",
        f"https://{GOOD.replace('sns.', 's3.')}",
        f"https://{GOOD.replace('sns.eu-central-1', 'sns.bucket.s3')}",
        f"https://{GOOD.replace('eu', 'EU')}",
        "https://sns.eu-central-1.amazonaws.com/?Action=GetTopic.pem",
        "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-%30.pem",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_place_that_is_not_amazons_is_refused_before_anything_is_asked(url: str) -> None:
    given = changed(SENT, SigningCertURL=url)
    assert needs(given) in {"certificate", "malformed"}
    assert step(AwsSns([TOPIC]), given, []) in {"certificate", "malformed"}
    with pytest.raises(BadSignature):
        AwsSns([TOPIC]).take(url, PAIR.verifying.encode())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"TopicArn": TOPIC + "2"}, "not_allowed"),
        ({"TopicArn": None}, "malformed"),
        ({"Type": "UnsubscribeConfirmation"}, "malformed"),  # the header says Notification
        ({"Type": "Other"}, "malformed"),
        ({"Timestamp": "2023-11-14T22:13:20"}, "timestamp_malformed"),
        ({"Timestamp": "2023-11-14 22:13:20Z"}, "timestamp_malformed"),
        ({"Timestamp": "2023-99-14T22:13:20.000Z"}, "timestamp_malformed"),
        ({"Timestamp": "1700000000"}, "timestamp_malformed"),
        ({"Timestamp": rfc3339(NOW - 3_600_001)}, "timestamp_range"),
        ({"Timestamp": rfc3339(NOW + 3_600_001)}, "timestamp_range"),
        ({"SignatureVersion": "3"}, "malformed"),
        ({"SignatureVersion": 2}, "malformed"),
        ({"MessageId": "a\nSubject\nb"}, "malformed"),
        ({"Subject": "a\nTimestamp\nb"}, "malformed"),
        ({"Message": 5}, "malformed"),
        ({"Signature": None}, "malformed"),
    ],
)
def test_whatever_needs_no_certificate_is_refused_without_asking_for_one(
    more: dict[str, object], expected: str
) -> None:
    given = changed(SENT, **more)
    assert needs(given) == expected
    assert step(fetched(SENT), given, []) == expected


def test_a_confirmation_without_its_token_is_malformed() -> None:
    given = sent(CONFIRMATION)
    assert step(fetched(given), changed(given, Token=None), []) == "malformed"


def test_the_header_must_be_there_once_and_agree() -> None:
    given = SENT
    name = b"x-amz-sns-message-type"
    assert needs(replace(given, headers={})) == "missing"
    assert needs(replace(given, repeated=frozenset({name}))) == "repeated"
    assert needs(replace(given, headers={name: b"SubscriptionConfirmation"})) == "malformed"
    assert needs(replace(given, body=b"[]")) == "malformed"


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (NOW - 86_400_000, NOW + 86_400_000, None),
        (NOW - 86_400_000, NOW - 1000, "certificate"),
        (NOW + 1000, NOW + 86_400_000, "certificate"),
    ],
)
def test_a_certificate_is_good_between_its_dates_by_the_time_of_the_request(
    begins: int, ends: int, expected: str | None
) -> None:
    first, last = (datetime.fromtimestamp(at / 1000, UTC) for at in (begins, ends))
    made = pair(first, last)
    given = sent(secret=made.signing)
    assert step(fetched(given, made.verifying), given, []) == expected


def test_a_certificate_is_fetched_once_and_forgotten_when_there_are_too_many() -> None:
    verifier = AwsSns([TOPIC])
    assert isinstance(verifier, Fetching)
    given = SENT
    assert step(verifier, given, []) == "certificate"
    url = verifier.needs(given)
    assert url is not None
    verifier.take(url, PAIR.verifying.encode())
    assert verifier.needs(given) is None
    for at in range(16):
        verifier.take(f"https://{GOOD.replace('0123456789abcdef.', f'{at:016x}.')}", OTHER.verifying.encode())
    assert verifier.needs(given) == url


def test_strangers_who_name_ever_new_certificates_have_few_fetched() -> None:
    verifier = AwsSns([TOPIC])
    named = [
        changed(SENT, SigningCertURL=f"https://{GOOD.replace('0123456789abcdef.', f'{at:016x}.')}") for at in range(65)
    ]
    assert len({verifier.needs(one) for one in named[:64]}) == 64
    with pytest.raises(Refused) as caught:
        verifier.needs(named[64])
    assert (caught.value.code, caught.value.retry_after) == ("sender_unreachable", 60)
    assert str(verifier.needs(sent(now=NOW + 60_000))).startswith("https://sns.")


def test_one_place_that_has_nothing_is_not_asked_for_ever() -> None:
    verifier = AwsSns([TOPIC])
    assert len({verifier.needs(SENT) for _ in range(512)}) == 1
    with pytest.raises(Refused) as caught:
        verifier.needs(SENT)
    assert caught.value.code == "sender_unreachable"


@pytest.mark.parametrize("document", [b"", b"<html>", PAIR.signing.encode(), PAIR.verifying.encode() * 20, b"\xff"])
def test_what_is_no_certificate_is_not_kept(document: bytes) -> None:
    verifier = AwsSns([TOPIC])
    url = verifier.needs(SENT)
    assert url is not None
    with pytest.raises(BadSignature) as caught:
        verifier.take(url, document)
    assert caught.value.step == "certificate"
    assert verifier.needs(SENT) == url


def test_certificates_of_ones_own_are_trusted_alone() -> None:
    verifier = AwsSns([TOPIC])
    found = keys(verifier, OTHER.verifying, PAIR.verifying)
    given = SENT
    assert verifier.needs(given) is None
    assert verifier.verify(given, found).number == 1
    assert step(verifier, given, found[:1]) == "mismatch"
    assert step(verifier, given, []) == "certificate"


@pytest.mark.parametrize("secret", ["", "secret", PAIR.signing, "-----BEGIN CERTIFICATE-----"])
def test_other_secrets_are_of_no_use(secret: str) -> None:
    with pytest.raises(SecretError, match="is not needed"):
        AwsSns([TOPIC]).load(secret)


def test_a_body_that_is_no_message_becomes_one() -> None:
    verifier = AwsSns([TOPIC])
    given = verifier.sign(request({}, b'{"a": 1}'), PAIR.signing)
    assert members(given)["Message"] == '{"a": 1}'
    assert given.headers[b"content-type"] == b"text/plain; charset=UTF-8"
    assert step(fetched(given), given, []) is None


@given(
    kind=HEADERS, body=st.binary(max_size=60), name=st.sampled_from(sorted(members(SENT))), text=st.text(max_size=20)
)
def test_nothing_that_is_sent_raises_anything_else(kind: bytes, body: bytes, name: str, text: str) -> None:
    verifier = fetched(SENT)
    header = {b"x-amz-sns-message-type": kind}
    assert step(verifier, replace(SENT, headers=header), []) is not None
    assert step(verifier, replace(SENT, body=body), []) is not None
    found = msgspec.json.encode(members(SENT) | {name: text})
    if text != members(SENT)[name]:
        assert step(verifier, replace(SENT, body=found), []) is not None
