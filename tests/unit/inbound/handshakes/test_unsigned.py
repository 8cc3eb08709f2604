"""Questions that senders do not sign: answered to whom they should be, and nothing can be made of the answer."""

import hmac
import json
from base64 import b64encode

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.inbound.handshakes.lab import KEY, SECRET, asked, echo, parsed

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.verifier import BadSignature, Key

WORD = Terms(verify_token="a word")
FEED = "https://feed.test/a?b=c"
META = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "a word"}
WEBSUB = {"hub.mode": "subscribe", "hub.topic": FEED, "hub.challenge": "c_-~.1", "hub.lease_seconds": "864000"}


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize("query", [b"", b"&", b"hub.mode", b"%", b"=&==", b"\xff=\xff", b"hub.mode=%ff&crc_token"])
def test_what_asks_nothing_is_answered_nothing(name: str, method: str, query: bytes) -> None:
    assert asked(name, query, method=method, terms=Terms(verify_token="w", origins=("*",), topics=("t",))) is None


# --- Meta, WebSub ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_meta_has_its_challenge_said_back_when_it_knows_the_word(mode: str) -> None:
    assert asked("meta", META | {"hub.mode": mode}, terms=WORD) == echo("1158201444")


@pytest.mark.parametrize(
    "other",
    [
        {"hub.verify_token": "a wor"},
        {"hub.verify_token": "a word "},
        {"hub.verify_token": "A word"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "\N{SNOWMAN}"},
        {"hub.mode": "publish"},
        {"hub.mode": "Subscribe"},
        {"hub.mode": ""},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>alert(1)</script>"},
        {"hub.challenge": "a b"},
        {"hub.challenge": "a\r\nb"},
        {"hub.challenge": "\N{SNOWMAN}"},
        {"hub.challenge": "x" * 513},
    ],
)
def test_whoever_does_not_know_the_word_or_asks_otherwise_gets_nothing_of_meta(other: dict[str, str]) -> None:
    assert asked("meta", META | other, terms=WORD) is None


@pytest.mark.parametrize("name", META)
def test_a_question_of_meta_with_a_part_missing_or_twice_gets_nothing(name: str) -> None:
    assert asked("meta", {key: value for key, value in META.items() if key != name}, terms=WORD) is None
    assert asked("meta", [*META.items(), (name, META[name])], terms=WORD) is None


@pytest.mark.parametrize("terms", [Terms(), Terms(verify_token="")])
def test_where_there_is_no_word_nobody_knows_it(terms: Terms) -> None:
    assert asked("meta", META | {"hub.verify_token": ""}, terms=terms) is None
    assert asked("meta", META, terms=terms) is None


@pytest.mark.parametrize("name", ["meta", "websub", "x"])
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "HEAD"])
def test_hubs_and_x_ask_by_get(name: str, method: str) -> None:
    terms = Terms(verify_token="a word", topics=(FEED,))
    query = {**META, **WEBSUB, "crc_token": "abc"}
    assert asked(name, query, terms=terms) is not None
    assert asked(name, query, method=method, terms=terms) is None


def test_a_hub_may_subscribe_us_to_topics_of_the_configuration_only() -> None:
    terms = Terms(topics=("https://feed.test/other", FEED))
    assert asked("websub", WEBSUB, terms=terms) == echo("c_-~.1")
    assert asked("websub", WEBSUB | {"hub.topic": FEED + "x"}, terms=terms) is None
    assert asked("websub", WEBSUB | {"hub.topic": ""}, terms=terms) is None
    assert asked("websub", {key: value for key, value in WEBSUB.items() if key != "hub.topic"}, terms=terms) is None


def test_a_stranger_cannot_have_a_subscription_ended_that_is_wanted() -> None:
    end = WEBSUB | {"hub.mode": "unsubscribe"}
    assert asked("websub", end, terms=Terms(topics=(FEED,))) is None
    assert asked("websub", end, terms=Terms(topics=("https://feed.test/other",))) == echo("c_-~.1")


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("topics", [(), (FEED,)])
def test_where_there_is_a_word_a_hub_has_to_know_it(mode: str, topics: tuple[str, ...]) -> None:
    terms = Terms(verify_token="a word", topics=topics)
    query = WEBSUB | {"hub.mode": mode}
    assert asked("websub", query, terms=terms) is None
    assert asked("websub", query | {"hub.verify_token": "another"}, terms=terms) is None
    assert asked("websub", query | {"hub.verify_token": "a word"}, terms=terms) == echo("c_-~.1")


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe", "denied"])
def test_a_hub_gets_nothing_where_neither_word_nor_topics_are_configured(mode: str) -> None:
    assert asked("websub", WEBSUB | {"hub.mode": mode}) is None


# --- Microsoft Graph ---------------------------------------------------------------------------------------


def test_graph_has_its_token_said_back_decoded_and_as_text_that_is_nothing_else() -> None:
    query = b"validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+522a"
    text = "Validation: Testing client application reachability for subscription Request-Id: 522a"
    assert asked("microsoft-graph", query, method="POST") == echo(text)


@pytest.mark.parametrize("token", ["", "<b>", "a\nb", "a\rb", "a\0b", "\N{SNOWMAN}", "x" * 1025])
def test_nothing_but_a_line_of_plain_text_is_said_back_to_graph(token: str) -> None:
    assert asked("microsoft-graph", {"validationToken": token}, method="POST") is None


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_graph_asks_by_post(method: str) -> None:
    assert asked("microsoft-graph", {"validationToken": "t"}, method=method) is None


def test_a_token_of_graph_that_comes_twice_gets_nothing() -> None:
    assert asked("microsoft-graph", b"validationToken=a&validationToken=b", method="POST") is None


# --- CloudEvents -------------------------------------------------------------------------------------------

ORIGIN = b"eventemitter.example.com"


def options(terms: Terms, origin: bytes = ORIGIN, **headers: bytes) -> Reply | None:
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return asked("cloudevents", method="OPTIONS", headers={b"webhook-request-origin": origin, **named}, terms=terms)


def allowed(rate: str = "*") -> Reply:
    headers = (("allow", "POST"), ("webhook-allowed-origin", ORIGIN.decode()), ("webhook-allowed-rate", rate))
    return Reply(headers=headers)


@pytest.mark.parametrize("origins", [("*",), ("eventemitter.example.com",), ("x.test", "EventEmitter.Example.COM")])
def test_an_origin_that_the_configuration_names_may_send(origins: tuple[str, ...]) -> None:
    assert options(Terms(origins=origins)) == allowed()


@pytest.mark.parametrize(
    ("origins", "origin"),
    [
        ((), ORIGIN),
        (("example.com",), ORIGIN),
        (("eventemitter.example.co",), ORIGIN),
        (("*.example.com",), ORIGIN),
        (("*",), b""),
        (("*",), b"*"),
        (("*",), b"a b"),
        (("*",), b"a\r\nset-cookie: x"),
        (("*",), b"a, b"),
        (("*",), b"\xc3\xa4.test"),
        (("*",), b"x" * 254),
    ],
)
def test_any_other_origin_is_answered_as_if_there_were_no_handshake(origins: tuple[str, ...], origin: bytes) -> None:
    assert options(Terms(origins=origins), origin) is None


def test_without_an_origin_there_is_no_question() -> None:
    assert asked("cloudevents", method="OPTIONS", terms=Terms(origins=("*",))) is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cloudevents_asks_by_options(method: str) -> None:
    headers = {b"webhook-request-origin": ORIGIN}
    assert asked("cloudevents", method=method, headers=headers, terms=Terms(origins=("*",))) is None


@pytest.mark.parametrize(
    ("rate", "asked_for", "answer"),
    [
        (None, b"120", "*"),
        (100, b"120", "100"),
        (1000, b"120", "120"),
        (100, b"*", "100"),
        (100, b"-5", "100"),
        (100, b"1" * 30, "100"),
        (None, b"x\r\ny", "*"),
    ],
)
def test_who_asks_for_a_rate_is_told_one(rate: int | None, asked_for: bytes, answer: str) -> None:
    assert options(Terms(origins=("*",), rate=rate), webhook_request_rate=asked_for) == allowed(answer)


def test_a_rate_that_is_configured_is_told_to_everybody() -> None:
    assert options(Terms(origins=("*",), rate=100)) == allowed("100")


def test_what_a_sender_wants_called_back_is_not_called() -> None:
    reply = options(Terms(origins=("*",)), webhook_request_callback=b"https://evil.test/")
    assert reply == allowed()


# --- X -----------------------------------------------------------------------------------------------------


def crc(token: str | bytes, keys: tuple[Key, ...] = (KEY,)) -> Reply | None:
    return asked("x", b"crc_token=" + token if isinstance(token, bytes) else {"crc_token": token}, keys=keys)


def test_x_gets_the_hmac_of_its_token_by_the_first_of_the_secrets() -> None:
    token = "NDk5YjNmNTMtYmNkNi00ZTQw_-+/="
    digest = b64encode(hmac.new(SECRET, token.encode(), "sha256").digest()).decode()
    assert parsed(crc(token, (KEY, Key(material=b"old", number=1)))) == {"response_token": f"sha256={digest}"}


def test_a_token_as_x_sends_it_is_signed_whatever_comes_beside_it() -> None:
    token = "M2IxZjBjNTItOGE3ZS00ZDE5LTljNTUtMGUyZDZmN2E4Yjkw"
    assert asked("x", f"crc_token={token}&nonce=MTc2NzIyNTYwMDAwMA".encode()) == crc(token)
    assert crc(token) is not None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "{",
        "{}",
        "[]",
        '""',
        "a b",
        "a,b",
        "a:b",
        "a&b",
        "\N{SNOWMAN}",
        "a\n",
        "x" * 257,
        "true",
        "false",
        "null",
        "0",
        "-1",
        "1e5",
        "1E+5",
        "123456789",
    ],
)
def test_a_token_that_could_be_an_event_is_not_signed(token: str) -> None:
    assert crc(token) is None


def test_a_token_that_comes_twice_is_not_signed() -> None:
    assert asked("x", b"crc_token=a&crc_token=b") is None


@pytest.mark.parametrize("keys", [(), (Key(material=b""),), (Key(material=None),), (Key(material=object()),)])
def test_without_a_secret_nothing_is_signed(keys: tuple[Key, ...]) -> None:
    assert crc("abc", keys) is None


X = scheme_of("x").verifier
X_KEY = Key(material=X.load(SECRET.decode()))


def taken(body: bytes) -> bool:
    """Whether a body that was signed with the secret, and says that it is a form, passes for an event of X."""
    headers = {b"content-type": b"application/x-www-form-urlencoded"}
    request = X.sign(InboundRequest(headers=headers, now=0, body=body), SECRET.decode())
    try:
        return X.verify(request, [X_KEY]) is X_KEY
    except BadSignature:
        return False


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(json_values, st.booleans())
@example({}, False)
@example([], False)
@example("", False)
@example(1e25, False)
def test_no_json_can_be_had_signed_by_the_check(value: object, spaced: bool) -> None:
    text = json.dumps(value, indent=1 if spaced else None, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert crc(text) is None
    assert crc(b"".join(b"%%%02x" % byte for byte in text)) is None


@given(st.text(alphabet="abctrufalsn0123456789eE+-._/=", min_size=1) | st.text() | st.binary())
@example("a=")
@example("payload=e30=")
@example("abc")
def test_whatever_the_check_signs_is_no_json_and_never_an_event(token: str | bytes) -> None:
    raw = token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
    if crc(b"".join(b"%%%02x" % byte for byte in raw)) is None:
        return
    assert not taken(raw)
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(raw)


def test_what_the_check_signs_is_the_signature_of_the_same_bytes_as_a_body() -> None:
    """Otherwise the tests around this one would show nothing."""
    request = X.sign(InboundRequest(headers={}, now=0, body=b"abc="), SECRET.decode())
    assert parsed(crc("abc=")) == {"response_token": request.headers[b"x-twitter-webhooks-signature"].decode()}


@pytest.mark.parametrize("body", [b'{"for_user_id":"1"}', b"{}", b"[]", b' {"a": 1}'])
def test_an_event_of_x_is_taken(body: bytes) -> None:
    assert taken(body)
