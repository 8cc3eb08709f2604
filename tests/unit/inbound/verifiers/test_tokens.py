"""Senders that send a secret along: Azure DevOps, Event Grid, Microsoft Graph, CloudEvents; and WebSub and Meta."""

import hmac
from base64 import b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.verifiers.lab import HEADERS, NOW, keys, request, step

from hookyard.config.model import PresetScheme
from hookyard.inbound import presets
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import Key, Verifier
from hookyard.inbound.verifiers import build
from hookyard.inbound.verifiers.cloudevents import CloudEvents
from hookyard.inbound.verifiers.microsoft_graph import MicrosoftGraph
from hookyard.inbound.verifiers.websub import WebSub
from hookyard.webhook_secret import SecretError

BASIC = build("azure-devops", PresetScheme(preset="azure-devops"))
IN_HEADER = build("azure-devops", PresetScheme(preset="azure-devops", header="X-Devops-Key"))
GRID = build("azure-event-grid", PresetScheme(preset="azure-event-grid"))
GRID_HEADER = build("azure-event-grid", PresetScheme(preset="azure-event-grid", header="X-Grid-Key"))
SECRET = "ada:lovelace-1843"


def basic(text: str) -> InboundRequest:
    return request({"Authorization": "Basic " + b64encode(text.encode()).decode()})


@pytest.mark.parametrize(
    ("verifier", "made", "is_good"),
    [
        (BASIC, basic(SECRET), True),
        (BASIC, basic("ada:guess"), False),
        (BASIC, basic("ada"), False),
        (BASIC, request({"Authorization": f"Basic {SECRET}"}), False),
        (BASIC, request({"Authorization": f"Bearer {SECRET}"}), False),
        (BASIC, request({}), False),
        (IN_HEADER, request({"x-devops-key": SECRET}), True),
        (IN_HEADER, request({"x-devops-key": SECRET + "x"}), False),
        (IN_HEADER, basic(SECRET), False),
        (GRID, request({}, query=f"token={SECRET}"), True),
        (GRID, request({}, query=f"token={SECRET.replace(':', '%3A')}&x=1"), True),
        (GRID, request({}, query="token=guess"), False),
        (GRID, request({}, query=f"token={SECRET}&token={SECRET}"), False),
        (GRID, request({}, query="token="), False),
        (GRID, request({"x-grid-key": SECRET}), False),
        (GRID_HEADER, request({"x-grid-key": SECRET}), True),
        (GRID_HEADER, request({}, query=f"token={SECRET}"), False),
    ],
)
def test_the_secret_is_where_the_settings_say(verifier: Verifier, made: InboundRequest, is_good: bool) -> None:
    assert (step(verifier, made, keys(verifier, "other:secret-1843", SECRET)) is None) is is_good


def test_basic_needs_a_user_and_a_password() -> None:
    with pytest.raises(SecretError, match="user:password"):
        BASIC.load("lovelace")


GRAPH = MicrosoftGraph()


def notifications(*states: object) -> InboundRequest:
    items = [{"subscriptionId": "1", "changeType": "created", "clientState": state} for state in states]
    return request({}, msgspec.json.encode({"value": items}))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (notifications("state-12"), None),
        (notifications("state-12", "state-12", "state-old"), None),
        (notifications("state-12", "guess"), "mismatch"),
        (notifications("guess", "state-12"), "mismatch"),
        (notifications("state-12", None), "missing"),
        (notifications("state-12", ""), "mismatch"),
        (notifications("state-12", 5), "malformed"),
        (notifications(*["state-12"] * 1000), None),
        (notifications(*["state-12"] * 1001), "malformed"),
        (notifications(), "missing"),
        (request({}, b"{}"), "malformed"),
        (request({}, b'{"value": [{}]}'), "missing"),
        (request({}, b'{"value": {"clientState": "state-12"}}'), "malformed"),
        (request({}, b'{"clientState": "state-12", "value": []}'), "missing"),
        (request({}, b"[" * 100_000), "malformed"),
        (request({}, b""), "malformed"),
    ],
)
def test_every_notification_must_have_the_client_state(made: InboundRequest, expected: str | None) -> None:
    assert step(GRAPH, made, keys(GRAPH, "state-12", "state-old")) == expected


def test_of_several_client_states_the_one_that_ends_is_told_of() -> None:
    found = [Key(material=b"new"), Key(material=b"old", number=1, until=NOW + 1)]
    assert GRAPH.verify(notifications("new", "old", "new"), found).number == 1
    assert GRAPH.verify(notifications("new"), found).number == 0
    assert step(GRAPH, notifications("new"), []) == "no_secret"


@pytest.mark.parametrize("secret", ["", "short", "x" * 129])
def test_what_graph_would_not_take_is_no_client_state(secret: str) -> None:
    with pytest.raises(SecretError):
        GRAPH.load(secret)


CLOUD = CloudEvents()


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (request({"Authorization": "Bearer token-1a"}), None),
        (request({"Authorization": "bearer  token-1a"}), None),
        (request({}, query="access_token=token-1a"), None),
        (request({}, query="a=b&access_token=token%2D1a"), None),
        (request({"Authorization": "Bearer token-2"}), "mismatch"),
        (request({}, query="access_token=token-2"), "mismatch"),
        (request({}, query="access_token="), "mismatch"),
        (request({}, query="access_token"), "missing"),
        (request({}), "missing"),
        (request({"Authorization": "token-1a"}), "malformed"),
        (request({"Authorization": "Basic token-1a"}), "malformed"),
        (request({"Authorization": "Bearer token-1a x"}), "malformed"),
        (request({"Authorization": "Bearer token-1a"}, query="access_token=token-1a"), "malformed"),
        (request({}, query="access_token=token-1a&access_token=token-1a"), "repeated"),
        (request({"Authorization": "Bearer token-1a"}, repeated=("authorization",)), "repeated"),
    ],
)
def test_the_token_is_in_the_header_or_in_the_query(made: InboundRequest, expected: str | None) -> None:
    assert step(CLOUD, made, keys(CLOUD, "token-old", "token-1a")) == expected


@pytest.mark.parametrize("secret", ["", "short", "two words", "t\u00f6ken", "a\n"])
def test_what_no_header_could_carry_is_no_token(secret: str) -> None:
    with pytest.raises(SecretError):
        CLOUD.load(secret)


HUB = WebSub()
BODY = b'{"a": 1}'


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_the_signature_of_a_hub_names_its_method(method: str) -> None:
    digest = hmac.digest(b"secret", BODY, method).hex()
    found = keys(HUB, "old", "secret")
    assert HUB.verify(request({"X-Hub-Signature": f"{method}={digest}"}, BODY), found).number == 1
    assert step(HUB, request({"X-Hub-Signature": f"{method}={digest.upper()}"}, BODY), found) is None
    assert step(HUB, request({"X-Hub-Signature": f"{method}={digest}"}, BODY + b" "), found) == "mismatch"
    other = "sha256" if method != "sha256" else "sha512"
    assert step(HUB, request({"X-Hub-Signature": f"{other}={digest}"}, BODY), found) == "malformed"


@pytest.mark.parametrize("text", ["sha256=", "md5=" + "0" * 32, "SHA256=" + "0" * 64, "0" * 64, "sha256=" + "g" * 64])
def test_other_methods_are_none(text: str) -> None:
    assert step(HUB, request({"X-Hub-Signature": text}, BODY), keys(HUB, "secret")) == "malformed"


def test_a_hub_takes_no_longer_secret() -> None:
    with pytest.raises(SecretError, match="at most 199"):
        HUB.load("x" * 200)


def test_meta_signs_the_body() -> None:
    template = presets.load("meta").template
    assert template is not None
    meta = compile_template(template)
    digest = hmac.digest(b"app-secret", BODY, "sha256").hex()
    made = request({"X-Hub-Signature-256": f"sha256={digest}"}, BODY)
    assert step(meta, made, keys(meta, "app-secret")) is None
    assert step(meta, replace(made, body=BODY + b" "), keys(meta, "app-secret")) == "mismatch"


@given(authorization=HEADERS, hub=HEADERS, query=st.binary(max_size=60), body=st.binary(max_size=60))
def test_nothing_that_is_sent_raises_anything_else(authorization: bytes, hub: bytes, query: bytes, body: bytes) -> None:
    headers = {b"authorization": authorization, b"x-hub-signature": hub, b"x-grid-key": hub, b"x-devops-key": hub}
    for verifier in (BASIC, IN_HEADER, GRID, GRID_HEADER, GRAPH, CLOUD, HUB):
        found = keys(verifier, SECRET)
        for made in (headers, {b"x-hub-signature": b"sha1=" + hub}, {}):
            assert step(verifier, InboundRequest(headers=made, body=body, query=query, now=NOW), found) is not None
