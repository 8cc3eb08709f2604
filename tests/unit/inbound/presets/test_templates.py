"""What presets that are templates take and refuse, step by step."""

import re

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.inbound.presets.forge import NOW, Case, case, repeated, with_header

from hookyard.config.model import PresetName
from hookyard.inbound.places import compile_places
from hookyard.inbound.presets import load, names
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.source import Source
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import BadSignature, Key

TEMPLATES = {name: template for name in names() if (template := load(name).template) is not None}
HEX = [name for name, one in TEMPLATES.items() if one.encoding == "hex" and one.mac != "token"]
BASE64 = [name for name, one in TEMPLATES.items() if one.encoding == "base64"]
PARTS = [name for name, one in TEMPLATES.items() if one.signature.part]
TIMED = [name for name, one in TEMPLATES.items() if one.timestamp is not None and one.timestamp.json is None]
ORDERED = [name for name, one in TEMPLATES.items() if one.content != "{body}"]
FORM = b"Application/X-WWW-Form-URLencoded"
FIELDS = [name for name, one in TEMPLATES.items() if one.form_signs == "field"]


def carrier(one: Case) -> bytes:
    assert one.template is not None
    assert one.template.signature.header is not None
    return one.template.signature.header.lower().encode()


@pytest.mark.parametrize("name", HEX)
def test_hex_is_taken_in_any_case(name: str) -> None:
    one = case(name)
    text = one.good.headers[carrier(one)].decode()
    upper = re.sub("[0-9a-f]{40,}", lambda found: found[0].upper(), text)
    assert upper != text
    assert one.step(with_header(one.good, carrier(one), upper.encode())) is None


@pytest.mark.parametrize("name", HEX)
def test_hex_that_is_too_long_or_short_or_no_hex_is_malformed(name: str) -> None:
    one = case(name)
    text = one.good.headers[carrier(one)]
    for spoilt in (text[:-1], text[:-2], text + b"0", text + b"00", text[:-1] + b"g", text[:-2] + b" 0"):
        assert one.step(with_header(one.good, carrier(one), spoilt)) == "malformed", spoilt


@pytest.mark.parametrize("name", BASE64)
def test_base64_is_taken_with_its_padding_or_without(name: str) -> None:
    one = case(name)
    text = one.good.headers[carrier(one)]
    assert one.step(with_header(one.good, carrier(one), text.rstrip(b"="))) is None
    for spoilt in (text + b"=", text.rstrip(b"=") + b"===", text[:4] + b"=" + text[4:], b"=" + text, text + b"AAAA"):
        assert one.step(with_header(one.good, carrier(one), spoilt)) in {"malformed", "mismatch"}, spoilt


@pytest.mark.parametrize("name", PARTS)
def test_entries_of_other_names_are_passed_over_and_the_order_is_free(name: str) -> None:
    one = case(name)
    assert one.template is not None
    how, text = one.template.signature, one.good.headers[carrier(one)].decode()
    entries = text.split(how.separator)
    bad = f"{how.part}{how.assign}{'0' * 64}"
    for taken in (
        ["v9=zzz", *entries], [*entries, "v0=" + "f" * 64], list(reversed(entries)), [bad, *entries],
        [*entries, bad, "", "nonsense", "="], [f" {entry}" for entry in entries],
    ):  # fmt: skip
        assert one.step(with_header(one.good, carrier(one), how.separator.join(taken).encode())) is None, taken
    only_others = [entry.replace(f"{how.part}{how.assign}", f"v9{how.assign}") for entry in entries]
    assert one.step(with_header(one.good, carrier(one), how.separator.join(only_others).encode())) == "malformed"
    hidden = [*(["x=1"] * 40), *entries]
    assert one.step(with_header(one.good, carrier(one), how.separator.join(hidden).encode())) is not None


@pytest.mark.parametrize("name", [name for name in PARTS if name in TIMED])
def test_a_second_time_of_sending_is_refused(name: str) -> None:
    one = case(name)
    assert one.template is not None
    assert one.template.timestamp is not None
    how, text = one.template.signature, one.good.headers[carrier(one)].decode()
    again = f"{text}{how.separator}{one.template.timestamp.part}{how.assign}{NOW // 1000}"
    assert one.step(with_header(one.good, carrier(one), again.encode())) == "repeated"


@pytest.mark.parametrize("name", ORDERED)
def test_the_same_pieces_signed_in_another_order_are_refused(name: str) -> None:
    one = case(name)
    assert one.template is not None
    pieces = re.findall(r"\{[a-z]+\}|[^{}]+", one.template.content)
    turned = compile_template(replace(one.template, content="".join(reversed(pieces))))
    assert one.step(turned.sign(one.unsigned(), one.pair.signing)) == "mismatch"


@pytest.mark.parametrize("name", ORDERED)
def test_a_signature_over_the_body_alone_is_refused(name: str) -> None:
    one = case(name)
    assert one.template is not None
    bare = compile_template(replace(one.template, content="{body}", timestamp=None))
    step = one.step(bare.sign(one.unsigned(), one.pair.signing))
    assert step == ("timestamp_missing" if name in TIMED else "mismatch")


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(
    "text", ["", " ", "hello", "1e9", "1_700_000_000", "+1700000000", "-1", "1700000000.0", "٠١٢٣"]
)
def test_a_time_of_sending_is_read_strictly(name: str, text: str) -> None:
    one = case(name)
    assert one.template is not None
    timestamp, how = one.template.timestamp, one.template.signature
    assert timestamp is not None
    if timestamp.header is not None:
        spoilt = with_header(one.good, timestamp.header.lower().encode(), text.encode())
    else:
        good = one.good.headers[carrier(one)].decode()
        entry = f"{timestamp.part}{how.assign}"
        text = re.sub(rf"{entry}\d+", lambda _: entry + text, good)
        spoilt = with_header(one.good, carrier(one), text.encode())
    assert one.step(spoilt) == "timestamp_malformed"


@pytest.mark.parametrize("name", TIMED)
def test_another_time_of_sending_within_the_tolerance_is_refused_because_it_is_signed(name: str) -> None:
    one = case(name)
    later = one.signed(now=NOW + 2000)
    assert one.template is not None
    how = one.template.signature
    if one.template.timestamp is not None and one.template.timestamp.header is not None:
        at = one.template.timestamp.header.lower().encode()
        spoilt = with_header(one.good, at, later.headers[at])
    else:
        ours, theirs = (each.headers[carrier(one)].decode().split(how.separator) for each in (one.good, later))
        spoilt = with_header(one.good, carrier(one), how.separator.join([theirs[0], *ours[1:]]).encode())
    assert one.step(spoilt) == "mismatch"


@pytest.mark.parametrize("name", FIELDS)
def test_of_a_form_the_json_in_its_field_is_signed(name: str) -> None:
    one = case(name)
    form = b"payload=" + b"%7B%22a%22%3A+%22%C3%B6%22%7D"
    request = with_header(
        replace(one.unsigned(), body=form), b"content-type", b"Application/X-WWW-Form-URLencoded; charset=utf-8"
    )
    signed = one.verifier.sign(request, one.pair.signing)
    json = replace(with_header(signed, b"content-type", b"application/json"), body='{"a": "ö"}'.encode())
    assert one.step(signed) is None
    assert one.step(json) is None, "the same bytes are signed"
    assert one.step(repeated(signed, b"content-type")) == "repeated"
    for spoilt in (form + b"&payload=1", b"other=1", b"payload", b"&" * 1000 + form):
        assert one.step(replace(signed, body=spoilt)) == "malformed"
    assert one.step(replace(signed, body=form + b"x")) == "mismatch"
    assert one.step(replace(signed, body=form + b"&more=1")) is None, "only the field is signed, and only it is read"


def test_github_signs_the_whole_form() -> None:
    one = case("github")
    form = with_header(
        replace(one.unsigned(), body=b"payload=%7B%7D"), b"content-type", b"application/x-www-form-urlencoded"
    )
    signed = one.verifier.sign(form, one.pair.signing)
    assert one.step(signed) is None
    assert one.step(replace(signed, body=b"payload=%7b%7d")) == "mismatch"


def test_linear_says_the_time_in_its_body_which_is_read_after_the_signature() -> None:
    one = case("linear")
    assert msgspec.json.decode(one.good.body, type=dict[str, object])["webhookTimestamp"] == NOW
    assert one.step(replace(one.good, now=NOW + 61_000)) == "timestamp_range"
    assert one.step(replace(one.good, body=b"[" * 100_000)) == "mismatch"
    wrong = {
        b'{"webhookTimestamp": "x"}': "timestamp_malformed",
        b'{"webhookTimestamp": 1e12}': "timestamp_missing",
        b"[1]": "timestamp_missing",
        b"[" * 100_000: "timestamp_missing",
    }
    bare = compile_template(replace(TEMPLATES["linear"], timestamp=None))
    for body, step in wrong.items():
        assert one.step(bare.sign(replace(one.unsigned(), body=body), one.pair.signing)) == step


def test_square_signs_the_url_of_the_configuration() -> None:
    one = case("square")
    assert one.step(replace(one.good, url="https://hooks.example.com/hooks/other")) == "mismatch"
    assert one.step(replace(one.good, url="")) == "missing"
    assert compile_template(TEMPLATES["square"]).needs_url
    assert not compile_template(TEMPLATES["github"]).needs_url


def test_twitch_signs_the_delivery_id() -> None:
    one = case("twitch")
    name = b"twitch-eventsub-message-id"
    assert one.step(with_header(one.good, name, b"another")) == "mismatch"
    assert one.step(with_header(one.good, name, None)) == "missing"
    for spoilt in (b"", b"a b", b"a\n", b"\xe9", b"a" * 256):
        assert one.step(with_header(one.good, name, spoilt)) == "malformed"
    assert one.step(repeated(one.good, name)) == "repeated"


KIN = ["forgejo", "gitea", "gogs", "github"]


@pytest.mark.parametrize("sender", KIN)
@pytest.mark.parametrize("name", KIN)
def test_a_host_that_sends_anothers_headers_with_the_same_signature_is_not_taken_for_it(name: str, sender: str) -> None:
    """Each sends the headers of those behind it in the list, too, and is taken only where it is named."""
    request = InboundRequest(headers={}, body=b"{}", now=NOW)
    for kin in KIN[KIN.index(sender) :]:
        template = compile_template(TEMPLATES[kin])
        settings = TEMPLATES[kin]
        for place in (settings.event, settings.delivery):
            made = compile_places(place)
            assert made is not None
            request = made.put(request, "push")
        request = template.sign(request, "secret")
    source = Source(
        name="x",
        principal="source:x",
        scheme=scheme_of(msgspec.convert(name, PresetName)),
        keys=(Key(material=b"secret"),),
        routes=(),
        window=1,
    )
    step = None
    try:
        source.verify(request)
    except BadSignature as error:
        step = error.step
    expected = {True: None, False: "masquerade" if KIN.index(sender) < KIN.index(name) else "missing"}
    assert step == expected[name == sender]


@pytest.mark.parametrize("name", ["github", "gitea", "gogs", "forgejo"])
def test_hosts_that_send_anothers_headers_are_told_apart_by_their_own(name: str) -> None:
    order = ["X-Forgejo-Event", "X-Gitea-Event", "X-Gogs-Event"]
    own = {"forgejo": 0, "gitea": 1, "gogs": 2, "github": 3}[name]
    assert sorted(TEMPLATES[name].never_with) == order[:own]


@pytest.mark.parametrize(
    ("kind", "body", "event"),
    [
        (
            b"application/json",
            b'{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention","text":"hi"}}',
            "app_mention",
        ),
        (b"application/json", b'{"type":"app_rate_limited","minute_rate_limited":1518467820}', "app_rate_limited"),
        (b"application/json", b'{"type":"event_callback","event":"odd"}', "event_callback"),
        (b"application/x-www-form-urlencoded", b"payload=%7B%22type%22%3A%22block_actions%22%7D", "block_actions"),
        (b"application/x-www-form-urlencoded", b"command=%2Fweather&text=94070", "weather"),
        (b"application/x-www-form-urlencoded", b"text=94070", "webhook"),
    ],
)
def test_an_event_of_slacks_is_what_happened(kind: bytes, body: bytes, event: str) -> None:
    request = InboundRequest(headers={b"content-type": kind}, body=body, now=NOW)
    assert scheme_of("slack").reader.read(request, source="x", keep_headers=False).event == event
