"""Who has not signed learns nothing of a source, not even that it is there, and uses nothing up."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import CapturingLogger
from tests.examples import examples
from tests.unit.gateway.hook_lab import PUSH, config_with, github, hook, push, shown, signed
from tests.unit.gateway.lab import CAP, JSON, Headers, House, bearer, house_of

from hookyard.config.model import LimitSettings, PresetScheme, SecretSettings, SourceSettings
from hookyard.config.values import Rate, Secret

Lines = Sequence[tuple[str, tuple[object, ...], dict[str, object]]]
SOURCES = {
    "hub": github(),  # signed wrongly, as nobody here knows its secret
    "away": github(allow=("198.51.100.0/24", "2001:db8::/32")),
    "twelve": github(rate=Rate(1, 60_000)),
    "shaken": SourceSettings(scheme="slack", secrets=(Secret("x" * 32),), routes=github().routes),
    "moving": SourceSettings(
        scheme=PresetScheme(preset="standard-webhooks"), secrets=(Secret("whsec_" + "a" * 32),), routes=github().routes
    ),
}


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def lean(request: pytest.FixtureRequest) -> bool:
    """Whether there is the lean path."""
    return bool(request.param)


def houses() -> tuple[House, House]:
    """One with the lean path and one without."""
    config = config_with(SOURCES)
    return house_of(config), house_of(config, lean=False)


HOUSES = houses()
NAMES = st.sampled_from(
    [b"x-hub-signature-256", b"x-github-event", b"x-github-delivery", b"content-type", b"x-request-id", b"expect",
     b"content-encoding", b"x-slack-signature", b"x-slack-request-timestamp", b"webhook-id", b"webhook-signature",
     b"webhook-timestamp", b"x-forwarded-for", b"authorization", b"x-gitea-event"]
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"sha256=" + b"0" * 64, b"push", b"d-1", b"application/xml", b"gzip", b"mine", b"1700000000",
                     b"v0=" + b"0" * 64, b"v1," + b"A" * 43 + b"=", b"198.51.100.7", b"100-continue"]),
)  # fmt: skip


@st.composite
def forged(draw: st.DrawFn) -> tuple[Headers, bytes | list[bytes], bytes]:
    """Headers, body and query of a request that nobody signed."""
    headers: list[tuple[bytes, bytes]] = draw(st.lists(st.tuples(NAMES, VALUES), max_size=6))
    body = draw(st.one_of(st.just(PUSH), st.binary(max_size=100), st.just(b"x" * CAP), st.just(b"x" * (CAP + 1))))
    pieces: bytes | list[bytes] = body
    if draw(st.booleans()):
        cut = draw(st.integers(0, len(body)))
        pieces = [body[:cut], body[cut:], b""]
    if draw(st.integers(0, 5)) == 0:
        headers.append((b"content-length", draw(st.sampled_from([b"5", b"x", b"%d" % (CAP + 1), b"-1", b"9" * 20]))))
    return headers, pieces, draw(st.sampled_from([b"", b"", b"a=1", b"token=x"]))


@settings(max_examples=examples(80), deadline=None)
@given(forged())
@example((signed(PUSH, secret="guess"), PUSH, b""))
@example((signed(PUSH, secret="guess"), [b"x" * CAP, b"x"], b""))
@example(([], b"x" * (CAP + 1), b""))
def test_a_source_that_is_not_there_one_that_one_may_not_use_and_a_wrong_signature_cannot_be_told_apart(
    request_: tuple[Headers, bytes | list[bytes], bytes],
) -> None:
    headers, body, query = request_
    seen = [
        shown(
            house.call("POST", f"/hooks/{name}", headers, list(body) if isinstance(body, list) else body, query=query)
        )
        for house in HOUSES
        for name in ("nowhere", *SOURCES)
    ]
    assert [one for one in seen if one != seen[0]] == []
    assert seen[0][0] in (400, 401, 413)
    assert not any(house.dispatcher.jobs for house in HOUSES)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "/", "/more"])
def test_other_methods_and_paths_tell_nothing_either(method: str, path: str) -> None:
    for house in HOUSES:
        seen = [shown(house.call(method, f"/hooks/{name}{path}", [JSON])) for name in ("nowhere", *SOURCES)]
        assert [one for one in seen if one != seen[0]] == []


@pytest.mark.parametrize(
    ("source", "headers", "step"),
    [
        ("nowhere", signed(PUSH), "unknown_source"),
        ("away", signed(PUSH), "not_allowed"),
        ("hub", signed(PUSH, secret="guess"), "mismatch"),
        ("hub", [JSON], "missing"),
        ("hub", [*signed(PUSH), (b"x-gitea-event", b"push")], "masquerade"),
    ],
)
def test_the_log_says_the_step_and_the_caller_is_not_told(
    lean: bool, lines: Lines, source: str, headers: Headers, step: str
) -> None:
    house = house_of(config_with(SOURCES), lean=lean)
    assert hook(house, PUSH, headers, source).code == "invalid_signature"
    [line] = [facts for _, _, facts in lines]
    assert (line["step"], line["status"]) == (step, 401)
    assert (line["principal"] is None) == (source == "nowhere")


def test_who_is_not_known_uses_nothing_up(lean: bool) -> None:
    source = github(rate=Rate(2, 60_000))
    house = house_of(config_with({"hub": source}, limits=LimitSettings(triggers=Rate(1, 60_000))), lean=lean)
    for at in range(20):
        assert hook(house, PUSH, signed(PUSH, delivery=f"d-{at}", secret="guess")).status == 401
        assert hook(house, PUSH, [bearer("t-admin"), JSON]).status == 401
    assert [push(house, delivery=f"d-{at}").status for at in range(3)] == [202, 202, 429]
    assert len(house.dispatcher.jobs) == 2


def test_a_flood_of_strangers_writes_a_bounded_number_of_lines(lines: Lines) -> None:
    house = HOUSES[0]
    for name in ("nowhere", "hub", "away"):
        for _ in range(100):
            hook(house, PUSH, signed(PUSH, secret="guess"), name)
    assert len(lines) <= 101


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "/hooks/hub", [(b"content-length", b"%d" % (CAP + 1))], b"", 413),
        ("POST", "/hooks/nobody", [(b"content-length", b"%d" % (CAP + 1))], b"", 413),
        ("POST", "/hooks/hub", [(b"content-length", b"x")], b"", 400),
        ("PUT", "/hooks/hub", [], b"{}", 405),
        ("POST", "/nowhere", [], b"{}", 404),
    ],
)
def test_whatever_else_strangers_are_refused_for_is_bounded_too(  # noqa: PLR0917  a request's parts
    lines: Lines, method: str, path: str, headers: Headers, body: bytes, status: int
) -> None:
    house = house_of(config_with(SOURCES))
    for _ in range(120):
        assert house.call(method, path, list(headers), body).status == status
    assert len(lines) == 100


# --- networks ---------------------------------------------------------------------------------------------------


@pytest.fixture
def allowing(lean: bool) -> House:
    """A gateway behind a proxy, whose source takes requests of two networks."""
    source = github(allow=("198.51.100.0/24", "2001:db8::/32", "203.0.113.9"))
    return house_of(config_with({"hub": source}, proxies=("192.0.2.0/24",)), lean=lean)


@pytest.mark.parametrize(
    ("peer", "forwarded", "allowed"),
    [
        ("198.51.100.7", None, True),
        ("::ffff:198.51.100.7", None, True),
        ("2001:db8::5", None, True),
        ("203.0.113.9", None, True),
        ("203.0.113.10", None, False),
        ("192.0.2.1", None, False),
        ("192.0.2.1", b"198.51.100.7", True),
        ("192.0.2.1", b"198.51.100.7, 203.0.113.10", False),
        ("203.0.113.10", b"198.51.100.7", False),
        ("192.0.2.1", b"nonsense", False),
        ("not an address", None, False),
    ],
)
def test_only_the_networks_of_a_source_may_send_and_a_proxy_that_is_trusted_says_who_does(
    allowing: House, peer: str, forwarded: bytes | None, allowed: bool
) -> None:
    allowing.peer = peer
    more = [] if forwarded is None else [(b"x-forwarded-for", forwarded)]
    reply = hook(allowing, PUSH, [*signed(PUSH), *more])
    assert reply.status == (202 if allowed else 401)
    assert len(allowing.dispatcher.jobs) == allowed


# --- rate -------------------------------------------------------------------------------------------------------


def test_a_source_takes_so_many_verified_requests_and_says_how_it_stands(lean: bool) -> None:
    house = house_of(config_with({"hub": github(rate=Rate(2, 60_000)), "other": github()}), lean=lean)
    first, second, third = (push(house, delivery=f"d-{at}") for at in range(3))
    assert (first.status, second.status, third.status) == (202, 202, 429)
    assert (first["ratelimit"], second["ratelimit"]) == ('"source";r=1;t=30', '"source";r=0;t=60')
    assert (third.code, third["retry-after"], third["ratelimit"]) == ("rate_limited", "30", '"source";r=0;t=60')
    assert third["ratelimit-policy"] == '"source";q=2;w=60'
    ping = hook(house, b"{}", signed(b"{}", "ping"))
    assert ping.status == 429
    other = push(house, source="other")
    assert other.status == 202
    assert "ratelimit" not in other
    house.clock.advance(30_000)
    assert push(house, delivery="d-2").status == 202


# --- secrets ----------------------------------------------------------------------------------------------------


def test_an_old_secret_is_good_until_its_end_and_its_use_is_logged_now_and_then(
    lean: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = CapturingLogger()
    monkeypatch.setattr("hookyard.gateway.old_secrets._log", logger)
    source = github()
    old = SecretSettings(value=Secret("the old one"), until="2023-11-14T22:15:20Z")
    house = house_of(config_with({"hub": replace(source, secrets=(*source.secrets, old))}), lean=lean)

    def come(secret: str, delivery: str) -> int:
        return hook(house, PUSH, signed(PUSH, delivery=delivery, secret=secret)).status

    assert come("hush", "d-0") == 202
    assert logger.calls == []
    for at in range(5):
        assert come("the old one", f"d-{at}") == 202
    said = [(call.args, call.kwargs) for call in logger.calls]
    facts = {"source": "hub", "number": 1, "until": "2023-11-14T22:15:20+00:00"}
    assert said == [(("secret.old_used",), facts)]
    house.clock.advance(60_000)
    assert come("the old one", "d-9") == 202
    assert [call.kwargs for call in logger.calls[1:]] == [facts | {"unsaid": 4}]
    house.clock.advance(60_000)
    assert come("the old one", "d-10") == 401
    assert come("hush", "d-10") == 202
