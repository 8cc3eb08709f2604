"""What a verifier needs of its sender's is fetched from the sender's places only, once, and never for strangers."""

import asyncio
import json
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from tests.unit.gateway.lab import Headers, House, Reply, house_of, run

from hookyard.config.model import Config, PresetScheme, RouteSettings, SourceSettings
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import scheme_of

TOPIC = "arn:aws:sns:us-east-1:123456789012:builds"
SCHEME = PresetScheme(preset="aws-sns", topics=(TOPIC,))
SIGNER = scheme_of(SCHEME).verifier
PAIR = SIGNER.pair()


class Amazon:
    """A source of SNS, and what is fetched for it."""

    def __init__(self, *, lean: bool = True, answer: bytes | OSError | None = None) -> None:
        source = SourceSettings(scheme=SCHEME, routes=(RouteSettings(run="hello/look"),))
        self.fetched: list[str] = []
        self.answer = PAIR.verifying.encode() if answer is None else answer
        self.house: House = house_of(Config(sources={"sns": source}), lean=lean, fetch=self._fetch)

    async def _fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        await asyncio.sleep(0)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer

    def signed(self, at: int, members: Mapping[str, str]) -> tuple[Headers, bytes]:
        """A notification, some members of which are changed once it is signed."""
        body = {"Type": "Notification", "TopicArn": TOPIC, "MessageId": f"m-{at}", "Message": '{"note": "done"}'}
        asked = InboundRequest(headers={}, body=json.dumps(body).encode(), now=self.house.clock.now())
        found = SIGNER.sign(asked, PAIR.signing)
        changed = json.loads(found.body) | dict(members)
        return list(found.headers.items()), json.dumps(changed).encode() if members else found.body

    async def send(self, at: int = 0, members: Mapping[str, str] = MappingProxyType({})) -> Reply:
        """Send it."""
        return await self.house.acall("POST", "/hooks/sns", *self.signed(at, members))


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def lean(request: pytest.FixtureRequest) -> bool:
    """Whether there is the lean path."""
    return bool(request.param)


def test_a_certificate_is_fetched_once_however_many_wait_for_it(lean: bool) -> None:
    amazon = Amazon(lean=lean)

    async def main() -> list[Reply]:
        return await asyncio.gather(*(amazon.send(at) for at in range(40)))

    assert {reply.status for reply in run(main())} == {202}
    assert len(amazon.fetched) == 1
    assert run(amazon.send(100)).status == 202
    assert len(amazon.fetched) == 1


@pytest.mark.parametrize(
    "members",
    [
        {
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com.evil.test/SimpleNotificationService-0123456789abcdef.pem"
        },
        {"SigningCertURL": "http://169.254.169.254/latest/meta-data"},
        {"SigningCertURL": "https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"},
        {"TopicArn": "arn:aws:sns:us-east-1:123456789012:others"},
        {"Timestamp": "2001-01-01T00:00:00.000Z"},
        {"Type": "SubscriptionConfirmation"},
    ],
)
def test_for_who_is_not_the_sender_nothing_is_fetched(lean: bool, members: dict[str, str]) -> None:
    amazon = Amazon(lean=lean)
    assert run(amazon.send(0, members)).code == "invalid_signature"
    assert amazon.fetched == []
    assert not amazon.house.dispatcher.jobs


def test_a_certificate_that_cannot_be_had_is_502_so_that_the_sender_comes_again(lean: bool) -> None:
    amazon = Amazon(lean=lean, answer=OSError("it answered 500"))
    reply = run(amazon.send())
    assert (reply.status, reply.code, reply.json["retryable"]) == (502, "sender_unreachable", True)
    assert int(reply["retry-after"]) > 0
    assert "500" not in reply.json["detail"]
    amazon.answer = PAIR.verifying.encode()
    assert run(amazon.send()).status == 202


@pytest.mark.parametrize("document", [b"", b"<html>", SIGNER.pair().verifying.encode()])
def test_what_is_no_certificate_or_not_the_one_that_signed_lets_nobody_in(lean: bool, document: bytes) -> None:
    amazon = Amazon(lean=lean, answer=document)
    assert run(amazon.send()).code == "invalid_signature"
    assert not amazon.house.dispatcher.jobs
