"""Handshakes at the gateway: who asks as a sender is answered, and whoever else asks learns nothing."""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import pytest
from structlog.testing import CapturingLogger
from tests.unit.gateway.lab import House, Reply, config_of, house_of, run

from hookyard.config.model import Config, HandshakeSettings, PresetName, PresetScheme, RouteSettings, SourceSettings
from hookyard.config.values import Secret
from hookyard.errors import Refused
from hookyard.gateway import handshake
from hookyard.gateway.handshake import after, no_visits
from hookyard.inbound.handshake import Reply as Said
from hookyard.inbound.handshake import Terms
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.handshakes.parts import Quiet
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

FEED = "https://feed.test/a"
META = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "a word"}
WEBSUB = {"hub.mode": "subscribe", "hub.challenge": "c1", "hub.topic": FEED}
ORIGIN = (b"webhook-request-origin", b"eventgrid.azure.net")
Lines = Sequence[tuple[str, tuple[object, ...], dict[str, object]]]
MINE = (b"x-request-id", b"mine")


def source_of(
    scheme: PresetName | PresetScheme,
    settings: HandshakeSettings | None = None,
    *,
    secrets: Sequence[str] = ("old-and-long-enough",),
    allow: tuple[str, ...] = (),
) -> SourceSettings:
    return SourceSettings(
        scheme=scheme,
        secrets=tuple(map(Secret, secrets)),
        routes=(RouteSettings(run="hello/look"),),
        handshake=settings or HandshakeSettings(),
        allow=allow,
    )


def houses() -> Config:
    word = HandshakeSettings(verify_token=Secret("a word"))
    sources = {
        "meta": source_of("meta", word),
        "wordless": source_of("meta"),
        "elsewhere": source_of("meta", word, allow=("203.0.113.0/24",)),
        "here": source_of("meta", word, allow=("192.0.2.0/24",)),
        "websub": source_of(PresetScheme(preset="websub", topics=(FEED,))),
        "graph": source_of("microsoft-graph"),
        "events": source_of("cloudevents", HandshakeSettings(origins=("eventgrid.azure.net",), rate=60)),
        "closed": source_of("cloudevents"),
        "x": source_of("x", secrets=("the-first-secret", "the-second-secret")),
    }
    return Config(sources={**config_of().sources, **sources})


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def house(request: pytest.FixtureRequest) -> House:
    return house_of(houses(), lean=request.param)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """The lines that handshakes write to the log."""
    logger = CapturingLogger()
    monkeypatch.setattr(handshake, "_log", logger)
    return logger.calls


def ask(house: House, source: str, query: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
    return house.call(method, f"/hooks/{source}", [MINE], query=urlencode(query or {}).encode())


def whole(reply: Reply) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return reply.status, sorted(reply.headers), reply.body


def as_text(reply: Reply) -> bytes:
    assert reply.status == 200
    assert reply["content-type"] == "text/plain; charset=utf-8"
    assert reply["x-content-type-options"] == "nosniff"
    assert reply["content-length"] == str(len(reply.body))
    assert reply["x-request-id"] == "mine"
    return reply.body


# --- what is answered --------------------------------------------------------------------------------------


def test_a_hub_that_knows_the_word_or_the_topic_has_its_challenge_said_back(house: House) -> None:
    assert as_text(ask(house, "meta", META)) == b"1158201444"
    assert as_text(ask(house, "here", META)) == b"1158201444"
    assert as_text(ask(house, "websub", WEBSUB)) == b"c1"


def test_a_post_of_graph_that_is_a_question_is_answered_though_nothing_proves_who_asks(house: House) -> None:
    reply = ask(house, "graph", {"validationToken": "Validation: 522a+"}, "POST")
    assert as_text(reply) == b"Validation: 522a+"
    assert not house.dispatcher.jobs


def test_a_post_with_another_query_is_verified_as_any(house: House) -> None:
    assert ask(house, "graph", {"validationtoken": "x"}, "POST").code == "invalid_signature"
    assert ask(house, "meta", META, "POST").code == "invalid_signature"


def test_an_origin_that_may_send_is_told_so(house: House) -> None:
    reply = house.call("OPTIONS", "/hooks/events", [ORIGIN, (b"webhook-request-rate", b"120")])
    assert (reply.status, reply.body) == (200, b"")
    assert reply["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert (reply["webhook-allowed-rate"], reply["allow"]) == ("60", "POST")


def test_x_is_answered_with_the_first_secret(house: House) -> None:
    digest = b64encode(hmac.digest(b"the-first-secret", b"abc", "sha256")).decode()
    assert ask(house, "x", {"crc_token": "abc"}).json == {"response_token": f"sha256={digest}"}


# --- what is not -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "query"),
    [
        ("hub", META),
        ("plain", {**META, "crc_token": "abc"}),
        ("meta", {}),
        ("meta", META | {"hub.verify_token": "another word"}),
        ("meta", META | {"hub.challenge": "<b>"}),
        ("meta/", META),
        ("wordless", META),
        ("elsewhere", META),
        ("websub", WEBSUB | {"hub.topic": "https://feed.test/b"}),
        ("websub", WEBSUB | {"hub.mode": "unsubscribe"}),
        ("graph", {"validationToken": "t"}),
        ("x", {"crc_token": "{"}),
        ("x", {"crc_token": '{"a":1}'}),
        ("x", {"crc_token": "1"}),
        ("events", META),
    ],
)
def test_a_question_that_is_not_answered_is_a_wrong_method_as_it_is_where_there_is_no_source(
    house: House, source: str, query: dict[str, str]
) -> None:
    reply = ask(house, source, query)
    assert (reply.status, reply.code) == (405, "method_not_allowed")
    assert set(reply["allow"].split(", ")) == {"OPTIONS", "POST"}
    assert whole(reply) == whole(ask(house, "nowhere", query))


@pytest.mark.parametrize("source", ["hub", "meta", "events", "closed", "elsewhere", "x"])
def test_an_origin_that_may_not_send_is_answered_as_where_there_is_no_source(house: House, source: str) -> None:
    origin = (b"webhook-request-origin", b"evil.test")
    reply, nowhere = (house.call("OPTIONS", f"/hooks/{name}", [origin, MINE]) for name in (source, "nowhere"))
    assert (reply.status, "webhook-allowed-origin" in reply) == (204, False)
    assert set(reply["allow"].split(", ")) == {"OPTIONS", "POST"}
    assert whole(reply) == whole(nowhere)


def test_an_origin_that_comes_twice_is_none(house: House) -> None:
    assert house.call("OPTIONS", "/hooks/events", [ORIGIN, ORIGIN]).status == 204


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_ask_nothing(house: House, method: str) -> None:
    reply = ask(house, "meta", META, method)
    assert reply.status == 405
    assert set(reply["allow"].split(", ")) == {"OPTIONS", "POST"}


@pytest.mark.parametrize("query", [b"\xff", b"%ff=%ff", b"&&==", b"hub.mode=%", b"crc_token=%00", b"a" * 5000])
def test_no_query_is_answered_with_a_500(house: House, query: bytes) -> None:
    for source in houses().sources:
        for method in ("GET", "OPTIONS", "POST"):
            assert house.call(method, f"/hooks/{source}", query=query).status in {204, 400, 401, 405}


# --- the log -----------------------------------------------------------------------------------------------


def test_a_handshake_is_a_line_in_the_log_and_a_flood_of_them_is_not(house: House, said: Lines) -> None:
    ask(house, "meta", META)
    ask(house, "meta", META | {"hub.verify_token": "another"})
    [line] = said
    assert (line[0], line[1], line[2]) == ("info", ("webhook.handshake",), {"source": "meta", "handshake": "meta"})
    for _ in range(200):
        ask(house, "meta", META)
    assert len(said) == 99  # of the hundred lines one is of the question that was refused


# --- once verified -----------------------------------------------------------------------------------------


class Asks(Quiet):
    """A handshake that answers everything."""

    name = "asks"

    def __init__(self, reply: Said | None) -> None:
        self.reply = reply

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Said | None:
        return self.reply


class Places:
    """What is visited."""

    def __init__(self, fails: str = "") -> None:
        self.seen: list[str] = []
        self.fails = fails

    async def visit(self, url: str) -> None:
        await asyncio.sleep(0)
        self.seen.append(url)
        if self.fails:
            raise OSError(self.fails)


def answered(reply: Said | None, places: Places, *before_it: Said | None) -> Reply | None:
    shakes = [*map(Asks, before_it), Asks(reply)]
    request = InboundRequest(headers={}, now=0, body=b"{}")

    async def ask_it() -> Reply | None:
        answer = await after(
            shakes, request, "webhook", {}, Key(material=b"k"), Terms(), places.visit, source="the-source"
        )
        return None if answer is None else Reply(answer.status, answer.headers, answer.body)

    return run(ask_it())


def test_an_event_as_any_other_is_left_to_the_routes() -> None:
    assert answered(None, Places()) is None


def test_the_first_handshake_that_has_an_answer_gives_it(
    said: Lines,
) -> None:
    reply = answered(
        Said(status=204), Places(), None, Said(body=b"c", content_type="text/plain", headers=(("a", "b"),))
    )
    assert reply is not None
    assert (reply.status, reply.body, reply["content-type"], reply["content-length"]) == (200, b"c", "text/plain", "1")
    assert reply["a"] == "b"
    assert said[0][1:] == (("webhook.handshake",), {"source": "the-source", "handshake": "asks"})


def test_a_reply_without_content_says_no_length() -> None:
    reply = answered(Said(status=204), Places())
    assert reply is not None
    assert (reply.status, reply.headers, reply.body) == (204, [], b"")


def test_a_url_is_visited_before_the_reply_is_given() -> None:
    places = Places()
    reply = answered(Said(visit="https://sns.test/?Token=1"), places)
    assert reply is not None
    assert (reply.status, places.seen) == (200, ["https://sns.test/?Token=1"])


def test_a_visit_that_fails_is_502_and_neither_the_caller_nor_the_log_learns_the_url(
    said: Lines,
) -> None:
    with pytest.raises(Refused) as caught:
        answered(Said(visit="https://sns.test/?Token=1"), Places("it answered 500"))
    assert caught.value.code == "sender_unreachable"
    assert list(said) == [
        (
            "warning",
            ("webhook.visit_failed",),
            {"source": "the-source", "handshake": "asks", "why": "it answered 500"},
        )
    ]
    assert "Token" not in caught.value.detail


def test_who_visits_nobody_fails() -> None:
    with pytest.raises(OSError, match="nothing is visited"):
        run(no_visits("https://sns.test/"))


def test_every_handshake_of_a_preset_is_there() -> None:
    assert all(name == each.name for name, each in BY_NAME.items())
