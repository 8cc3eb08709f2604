"""What a request that nobody signed may cost: no memory of many times its size, whatever stands in it."""

import tracemalloc

import msgspec
import pytest
from tests.unit.inbound.verifiers.lab import keys, request, step

from hookyard.config.model import Place, SignatureSettings, TemplateScheme
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import Verifier
from hookyard.inbound.verifiers.aws_sns import AwsSns
from hookyard.inbound.verifiers.microsoft_graph import MicrosoftGraph
from hookyard.inbound.verifiers.twilio import Twilio

SIZE = 3 << 20
TWILIO = {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "content-type": "application/x-www-form-urlencoded"}
TOPICS = ("arn:aws:sns:eu-central-1:123456789012:b",)
SNS = {"x-amz-sns-message-type": "Notification"}


def filled(before: bytes, item: bytes, after: bytes = b"") -> bytes:
    return before + item * (SIZE // len(item)) + after


@pytest.mark.parametrize(
    ("verifier", "secret", "made", "expected"),
    [
        (Twilio(), "12345", request(TWILIO, filled(b"a=", b"%41")), "mismatch"),
        (Twilio(), "12345", request(TWILIO, filled(b"a=", b"%")), "malformed"),
        (Twilio(), "12345", request(TWILIO, filled(b"a=", b"&a=")), "malformed"),
        (MicrosoftGraph(), "state-12", request({}, filled(b'{"value": [{}', b",{}", b"]}")), "missing"),
        (
            MicrosoftGraph(),
            "state-12",
            request({}, filled(b'{"value": [{"clientState": ""}', b',{"clientState": ""}', b"]}")),
            "malformed",
        ),
        (
            compile_template(
                TemplateScheme(signature=SignatureSettings(json="$.sig"), content="{id}", delivery=Place(header="x-id"))
            ),
            "secret",
            request({"x-id": "1"}, filled(b'{"sig": "00", "x": [{}', b",{}", b"]}")),
            "malformed",
        ),
        (AwsSns(TOPICS), None, request(SNS, filled(b'{"x": "', b"\\u0041", b'"}')), "malformed"),
    ],
)
def test_a_large_body_that_nobody_signed_takes_little_memory(
    verifier: Verifier, secret: str | None, made: InboundRequest, expected: str
) -> None:
    found = [] if secret is None else keys(verifier, secret)
    tracemalloc.start()
    try:
        assert step(verifier, made, found) == expected
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * SIZE


def test_a_message_of_amazons_is_taken_however_its_text_is_escaped() -> None:
    verifier = AwsSns(TOPICS)
    pair = verifier.pair()
    signed = verifier.sign(request(SNS, b'{"Message": "' + b"\\u0001" * (256 << 10) + b'"}'), pair.signing)
    assert len(signed.body) > 6 * (256 << 10)
    assert len(msgspec.json.decode(signed.body)["Message"]) >= 256 << 10
    assert step(verifier, signed, keys(verifier, pair.verifying)) is None
