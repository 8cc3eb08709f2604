"""Signed questions at the gateway: nothing is said back, and nobody visited, before the signature is found good."""

import asyncio
import json
from dataclasses import dataclass

import pytest
from msgspec import Struct
from tests.unit.gateway.lab import Headers, House, Reply, config_of, house_of

from hookyard.config.model import Config, PresetName, PresetScheme, RouteSettings, SourceSettings
from hookyard.config.values import Rate, Secret
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import scheme_of

TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
VISIT = f"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=23364"
JSON = (b"content-type", b"application/json")
TWITCH = (b"twitch-eventsub-message-type", b"webhook_callback_verification")


class Question(Struct):
    """What a sender asks, and is answered."""

    preset: PresetName
    body: object
    status: int
    answer: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


QUESTIONS = [
    Question("slack", {"type": "url_verification", "challenge": "c"}, 200, b"c"),
    Question("discord", {"id": "1", "type": 1}, 200, b'{"type":1}'),
    Question("discord", {"version": 1, "type": 0}, 204, b""),
    Question("twitch", {"challenge": "c", "subscription": {"type": "channel.follow"}}, 200, b"c", (TWITCH,)),
]
questions = pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: f"{each.preset} {each.status}")


@dataclass
class Sender:
    """One who has the secret of the source `there`, at which a gateway listens."""

    preset: PresetName
    lean: bool = True
    rate: Rate | None = None

    def __post_init__(self) -> None:
        self.verifier = scheme_of(self.preset).verifier
        self.pair = self.verifier.pair()
        source = SourceSettings(
            scheme=self.preset,
            secrets=(Secret(self.pair.verifying),),
            routes=(RouteSettings(run="hello/look"),),
            rate=self.rate,
        )
        config = Config(sources={**config_of().sources, "there": source})
        self.house: House = house_of(config, lean=self.lean)

    def send(self, body: bytes, *headers: tuple[bytes, bytes], secret: str | None = None) -> Reply:
        request = InboundRequest(
            headers=dict([JSON, (b"twitch-eventsub-message-id", b"84c1e79a"), *headers]),
            body=body,
            now=self.house.clock.now(),
        )
        signed = self.verifier.sign(request, secret or self.pair.signing)
        return self.post(signed.body, list(signed.headers.items()))

    def post(self, body: bytes, headers: Headers) -> Reply:
        return self.house.call("POST", "/hooks/there", headers, body)


@questions
@pytest.mark.parametrize("lean", [True, False])
def test_a_signed_question_is_answered_and_makes_no_job(question: Question, lean: bool) -> None:
    sender = Sender(question.preset, lean)
    reply = sender.send(json.dumps(question.body).encode(), *question.headers)
    assert (reply.status, reply.body) == (question.status, question.answer)
    assert ("content-length" in reply) == (question.status != 204)
    assert not sender.house.dispatcher.jobs


@questions
@pytest.mark.parametrize("lean", [True, False])
def test_the_same_question_unsigned_or_signed_by_somebody_else_gets_the_401_of_any(
    question: Question, lean: bool
) -> None:
    sender = Sender(question.preset, lean)
    body = json.dumps(question.body).encode()
    unsigned = sender.post(body, [JSON, *question.headers])
    forged = sender.send(body, *question.headers, secret=sender.verifier.pair().signing)
    for reply in (unsigned, forged):
        assert (reply.status, reply.code) == (401, "invalid_signature")
    assert "there" not in unsigned.body.decode()


def test_zoom_is_answered_with_what_only_the_secret_can_make() -> None:
    sender = Sender("zoom")
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}}
    assert set(sender.send(json.dumps(body).encode()).json) == {"plainToken", "encryptedToken"}
    assert sender.post(json.dumps(body).encode(), [JSON]).code == "invalid_signature"


def test_a_question_that_cannot_be_answered_is_400_with_its_place() -> None:
    reply = Sender("slack").send(b'{"type": "url_verification", "challenge": "<b> </b>"}')
    assert (reply.status, reply.code, reply.json["path"]) == (400, "invalid_input", "$.challenge")
    assert b"<b>" not in reply.body


@pytest.mark.parametrize("lean", [True, False])
def test_what_x_signs_for_a_stranger_is_no_event_and_does_not_use_up_the_rate(lean: bool) -> None:
    sender = Sender("x", lean, rate=Rate(1, 60_000))
    crc = sender.house.call("GET", "/hooks/there", query=b"crc_token=a%3d").json["response_token"]
    for kind in (b"application/json", b"application/x-www-form-urlencoded", b"text/plain"):
        reply = sender.post(b"a=", [(b"content-type", kind), (b"x-twitter-webhooks-signature", crc.encode())])
        assert (reply.status, reply.code) == (401, "invalid_signature")
    assert sender.send(b"{}").status == 202


# --- SNS, whose keys are certificates that its messages name ---------------------------------------------


class Amazon:
    """A topic with a source that is to be subscribed; `visited` are the URLs that were asked."""

    def __init__(self, *, lean: bool = True, broken: bool = False) -> None:
        scheme = PresetScheme(preset="aws-sns", topics=(TOPIC,))
        source = SourceSettings(scheme=scheme, routes=(RouteSettings(run="hello/look"),))
        self.verifier = scheme_of(scheme).verifier
        self.pair = self.verifier.pair()
        self.visited: list[str] = []
        self.broken = broken
        self.house = house_of(Config(sources={"there": source}), lean=lean, visit=self._visit, fetch=self._fetch)

    async def _visit(self, url: str) -> None:
        await asyncio.sleep(0)
        self.visited.append(url)
        if self.broken:
            raise OSError("it answered 500")

    async def _fetch(self, url: str) -> bytes:
        await asyncio.sleep(0)
        return self.pair.verifying.encode()

    def send(self, url: str, kind: str = "SubscriptionConfirmation", *, secret: str | None = None) -> Reply:
        body = {"Type": kind, "TopicArn": TOPIC, "Token": "23364", "SubscribeURL": url, "Message": "m"}
        request = InboundRequest(headers={}, body=json.dumps(body).encode(), now=self.house.clock.now())
        signed = self.verifier.sign(request, secret or self.pair.signing)
        return self.house.call("POST", "/hooks/there", list(signed.headers.items()), signed.body)


@pytest.mark.parametrize("lean", [True, False])
def test_a_signed_confirmation_of_sns_has_its_url_visited(lean: bool) -> None:
    amazon = Amazon(lean=lean)
    assert amazon.send(VISIT).status == 200
    assert amazon.visited == [VISIT]
    assert not amazon.house.dispatcher.jobs


@pytest.mark.parametrize(
    "url",
    [
        VISIT.replace("https", "http"),
        VISIT.replace(".com/", ".com:8443/"),
        VISIT.replace("https://", "https://user@"),
        VISIT.replace("https://", "https://user:word@"),
        VISIT.replace("amazonaws.com", "amazonaws.com.evil.test"),
        VISIT.replace("sns.us-west-2.amazonaws.com", "169.254.169.254"),
        VISIT.replace("ConfirmSubscription", "Publish"),
        VISIT.replace("23364", "23365"),
    ],
)
def test_a_url_of_another_place_is_400_and_never_visited_though_it_is_signed(url: str) -> None:
    amazon = Amazon()
    reply = amazon.send(url)
    assert (reply.status, reply.code, reply.json["path"]) == (400, "invalid_input", "$.SubscribeURL")
    assert url not in reply.body.decode()
    assert amazon.visited == []


def test_a_confirmation_that_somebody_else_signed_has_nothing_visited() -> None:
    amazon = Amazon()
    assert amazon.send(VISIT, secret=amazon.verifier.pair().signing).code == "invalid_signature"
    assert amazon.visited == []


def test_sns_is_answered_502_when_the_visit_fails_and_may_try_again() -> None:
    amazon = Amazon(broken=True)
    reply = amazon.send(VISIT)
    assert (reply.status, reply.code, reply.json["retryable"]) == (502, "sender_unreachable", True)
    amazon.broken = False
    assert amazon.send(VISIT).status == 200
    assert amazon.visited == [VISIT, VISIT]


def test_the_end_of_a_subscription_is_answered_and_its_url_left_alone() -> None:
    amazon = Amazon()
    assert amazon.send(VISIT, "UnsubscribeConfirmation").status == 200
    assert (amazon.visited, amazon.house.dispatcher.jobs) == ([], [])


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_notification_under_the_header_of_a_question_is_refused_and_visits_nothing(kind: str) -> None:
    amazon = Amazon()
    body = {"Type": "Notification", "TopicArn": TOPIC, "SubscribeURL": VISIT, "Message": "m"}
    request = InboundRequest(headers={}, body=json.dumps(body).encode(), now=amazon.house.clock.now())
    signed = amazon.verifier.sign(request, amazon.pair.signing)
    headers = {**signed.headers, b"x-amz-sns-message-type": kind.encode()}
    reply = amazon.house.call("POST", "/hooks/there", list(headers.items()), signed.body)
    assert (reply.status, reply.code) == (401, "invalid_signature")
    assert amazon.visited == []
