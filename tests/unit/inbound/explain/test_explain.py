"""Explanations: each mistake that senders, proxies and people make is named, and nothing secret is shown."""

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote_plus

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.explain.lab import BODY, NOW, SECRET, captured, lines, sent, small, source, told

from hookyard.config.model import PresetScheme, TemplateScheme
from hookyard.config.scalars import parse_value
from hookyard.inbound import presets
from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.explain.exemplar import exemplar_of
from hookyard.inbound.explain.looks import verifier_of
from hookyard.inbound.explain.subject import Subject
from hookyard.inbound.request import InboundRequest

HOUR = 3_600_000


def template(**fields: object) -> TemplateScheme:
    raw = {"signature": {"header": "X-Sig"}} | fields
    return msgspec.convert(raw, TemplateScheme, dec_hook=parse_value)


def found(capture: Capture, subject: Subject) -> str:
    """What is said to be what was signed."""
    explained = told(capture, subject)
    assert not explained.verified
    assert "✗" in {step.mark for step in explained.steps}
    return lines(explained, "·")


# --- good ones ----------------------------------------------------------------------------------------------------


def test_a_good_request_verifies_step_by_step() -> None:
    subject = small("old", SECRET)
    explained = told(captured(sent(subject, SECRET)), subject)
    assert explained.verified
    assert [str(step) for step in explained.steps] == [
        f"✓ the capture is raw HTTP: POST, 2 headers, a body of {len(BODY)} bytes",
        "✓ what carries the signature is there: X-Small",
        "✓ it is signed with secret 2 of 2",
        f"✓ it is the event 'webhook', with the delivery id {sha256(BODY).hexdigest()}",
    ]


def test_a_good_request_of_a_preset_says_what_it_is() -> None:
    subject = source("github", SECRET)
    request = sent(subject, SECRET, headers={"X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1"})
    explained = told(captured(request), subject)
    assert explained.verified
    assert str(explained.steps[-1]) == "✓ it is the event 'push', with the delivery id d-1"
    bare = told(captured(sent(subject, SECRET)), subject)
    assert bare.verified
    assert "it is refused all the same" in lines(bare, "·")


@pytest.mark.parametrize("name", presets.names())
def test_what_the_verifier_of_a_preset_signs_verifies_here_and_with_another_secret_does_not(name: str) -> None:
    verifier = verifier_of(name)
    if verifier is None:
        pytest.skip(f"{name} needs settings")
    pair, other = verifier.pair(), verifier.pair()
    url = "https://x.example/hooks/hub"
    good, wrong = (source(name, one.verifying, url=url) for one in (pair, other))
    request = sent(good, pair.signing)
    assert told(captured(request), good, now=NOW + 86_400_000).verified
    explained = told(captured(request), wrong)
    assert not explained.verified


@pytest.mark.parametrize("name", presets.names())
def test_whatever_is_done_to_a_request_of_a_preset_is_explained(name: str) -> None:
    verifier = verifier_of(name)
    if verifier is None:
        pytest.skip(f"{name} needs settings")
    pair = verifier.pair()
    subject = source(name, pair.verifying, url="https://x.example/hooks/hub")
    request = sent(subject, pair.signing)
    whole = captured(request)
    spoilt = [replace(whole, body=body) for body in (b"", b"\xff", BODY[:-1], b"[" * 1000)]
    for at, (header, _) in enumerate(whole.headers):
        before, after = whole.headers[:at], whole.headers[at + 1 :]
        spoilt.append(replace(whole, headers=before + after))
        spoilt.append(replace(whole, headers=(*whole.headers, whole.headers[at])))
        spoilt += [
            replace(whole, headers=(*before, (header, value), *after)) for value in (b"", b"\xff=,", b"9" * 9000)
        ]
    needed = {header.decode() for header in exemplar_of(subject.scheme.verifier, NOW).headers}
    for capture in spoilt:
        explained = told(capture, subject, at=NOW)
        assert explained.steps
        if not needed <= {header for header, _ in capture.headers}:
            assert not explained.verified
            assert "✗" in {step.mark for step in explained.steps}


# --- secrets ------------------------------------------------------------------------------------------------------


def test_a_secret_that_has_expired_is_named_with_its_time() -> None:
    subject = small("old one", SECRET, until=NOW - 1)
    said = found(captured(sent(subject, "old one")), subject)
    assert "it is signed with secret 1 of 2, which was good until 2023-11-14T22:13:19.999Z only" in said


def test_an_old_secret_that_is_still_good_is_named_with_its_time() -> None:
    subject = small("old one", SECRET, until=NOW + 1)
    explained = told(captured(sent(subject, "old one")), subject)
    assert explained.verified
    assert "secret 1 of 2, which is good until 2023-11-14T22:13:20.001Z" in lines(explained, "✓")


@pytest.mark.parametrize(
    ("configured", "used", "words"),
    [
        (SECRET + "\n", SECRET, "without the white space around it"),
        (SECRET, SECRET + "\n", "with a line end (LF) after it"),
        (f'"{SECRET}"', SECRET, "without the quotes around it"),
        (f"'{SECRET}'\n", SECRET, "without the quotes around it"),
        ("whsec_abcdef", "abcdef", "without its 'whsec_'"),
        ("abcdef", "whsec_abcdef", "with 'whsec_' before it"),
        ("a%2Bb", "a+b", "with its percent-encoding undone"),
    ],
)
def test_a_secret_that_was_copied_wrongly_is_told_how(configured: str, used: str, words: str) -> None:
    subject = small("another", configured)
    assert f"the sender's key is secret 2 of 2 {words}" in found(captured(sent(subject, used)), subject)


@pytest.mark.parametrize(
    ("form", "text", "key", "words"),
    [
        ("raw", b64encode(bytes(range(200, 232))).decode(), bytes(range(200, 232)), "decoded from base64"),
        ("raw", bytes(range(200, 232)).hex(), bytes(range(200, 232)), "decoded from hex"),
        ("raw", "whsec_" + b64encode(bytes(24)).decode(), bytes(24), "without its 'whsec_', and decoded from base64"),
        ("base64", b64encode(bytes(24)).decode(), b64encode(bytes(24)), "as it is written, without decoding it"),
        ("hex", bytes(range(24)).hex(), bytes(range(24)).hex().encode(), "as it is written, without decoding it"),
        ("whsec", "whsec_" + b64encode(bytes(24)).decode(), b"whsec_" + b64encode(bytes(24)), "as it is written"),
        ("whsec", "whsec_" + b64encode(bytes(24)).decode(), b64encode(bytes(24)), "without its 'whsec_', and as it is"),
    ],
)
def test_a_key_that_was_decoded_or_was_not_is_told_how(form: str, text: str, key: bytes, words: str) -> None:
    subject = source(template(key=form), text)
    capture = captured(sent(subject, text), x_sig=hmac.digest(key, BODY, "sha256").hex())
    assert f"the sender's key is secret 1 of 1 {words}" in found(capture, subject)


def test_a_secret_that_cannot_be_one_is_a_step_that_fails() -> None:
    subject = source(template(key="base64"), "no base64 at all!")
    explained = told(captured(sent(source(template(), "no base64 at all!"), "no base64 at all!")), subject)
    assert "secret 1 of 1 is of no use: the secret is not base64" in lines(explained, "✗")
    assert "as it is written, without decoding it" in lines(explained, "·")


def test_a_wrong_secret_is_said_to_be_wrong_and_nothing_else() -> None:
    subject = small(SECRET)
    explained = told(captured(sent(subject, "an entirely different one")), subject)
    assert lines(explained, "✗") == "none of the secrets signed this"
    assert "variations of the request and the secrets verifies" in lines(explained, "·")


# --- bodies -------------------------------------------------------------------------------------------------------

TREE = json.loads(BODY, parse_float=str)
PRETTY = b'{\r\n  "ref": "refs/heads/main"\r\n}'


@pytest.mark.parametrize(
    ("signed", "seen", "words"),
    [
        (BODY, BODY + b"\n", "without the line end at its end"),
        (BODY + b"\n", BODY, "with a line end (LF) after it"),
        (BODY + b"\r\n", BODY, "with a line end (CRLF) after it"),
        (PRETTY, PRETTY.replace(b"\r", b""), "with CRLF for its line ends"),
        (PRETTY.replace(b"\r", b""), PRETTY, "with LF for its line ends"),
        (b"\xef\xbb\xbf" + BODY, BODY, "with a byte order mark before it"),
        (BODY, b"\xef\xbb\xbf" + BODY, "without the byte order mark before it"),
        (b'{"a":[1,{"b":null}]}', b'{"a": [1, {"b": null}]}', "as JSON that is compact"),
        (
            b'{"a":[1,{"b":null}]}',
            b'{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}',
            "JSON that is compact",
        ),
        (b'{"a": [1, {"b": 1.50}]}', b'{"a":[1,{"b":1.50}]}', "with a blank after each comma and colon"),
        (b'{\n  "a": [\n    1,\n    {}\n  ]\n}', b'{"a":[1,{}]}', "as JSON that is indented by 2"),
        (b'{\n    "a": 1\n}\n', b'{"a":1}', "as JSON that is indented by 4, and a line end after it"),
        (b'{\n\t"a": 1\n}', b'{"a":1}', "as JSON that is indented by tabs"),
        (b'{"a":1,"b":2}', b'{"b":2,"a":1}', "as JSON that is compact, keys sorted"),
        (b'{"a":"https:\\/\\/x\\u00e9"}', '{"a":"https://xé"}'.encode(), "slashes and non-ASCII escaped"),
        (b'{"a":"\\u00e9"}', '{"a": "é"}'.encode(), "compact, non-ASCII escaped"),
        (
            b'{"a":"<x> \\u0026"}'.replace(b"<", b"\\u003c").replace(b">", b"\\u003e"),
            b'{"a":"<x> &"}',
            "<, > and & escaped",
        ),
        ('{"a":"é/"}'.encode(), b'{"a":"\\u00e9\\/"}', "as JSON that is compact"),
        (BODY, b"payload=" + quote_plus(BODY).encode(), "that the form's field 'payload' holds, instead of the form"),
        (b"payload=" + quote_plus(BODY).encode(), BODY, "as a form that holds it in the field 'payload'"),
        (
            b'{"a": 1}',
            b"x=1&payload=%7B%22a%22%3A1%7D",
            "the form's field 'payload' holds, instead of the form, as JSON",
        ),
        ('{"a":"é"}'.encode("latin-1"), '{"a":"é"}'.encode(), "in Latin-1"),
        ('{"a":"é"}'.encode(), '{"a":"é"}'.encode().decode("latin-1").encode(), "in Latin-1, where it has UTF-8"),
        (BODY, json.dumps(BODY.decode()).encode(), "that stands in it as a JSON text"),
        (b"", BODY, "that is empty"),
    ],
)
def test_a_body_that_was_rewritten_is_told_how(signed: bytes, seen: bytes, words: str) -> None:
    subject = small("another", SECRET)
    said = found(captured(sent(subject, SECRET, signed), body=seen), subject)
    assert "the body that was signed is the captured one" in said
    assert words in said
    assert "it was signed with secret 2 of 2" in said


def test_a_rewritten_body_and_a_wrongly_copied_secret_are_found_together() -> None:
    subject = small(SECRET + "\n")
    said = found(captured(sent(subject, SECRET, BODY), body=BODY + b"\n"), subject)
    assert "without the line end at its end; the sender's key is secret 1 of 1 without the white space" in said


def test_a_large_body_is_explained_within_bounds() -> None:
    subject = small(SECRET)
    body = b'{"a":"' + b"x" * (4 << 20) + b'"}'
    assert "without the line end" in found(captured(sent(subject, SECRET, body), body=body + b"\n"), subject)
    said = found(captured(sent(subject, "wrong", body)), subject)
    assert "variations" in said
    assert "more than 1 MiB is not tried as JSON that is written otherwise" in said
    quoted = small(f'"{SECRET}"')
    assert "without the quotes around it" in found(captured(sent(quoted, SECRET, body)), quoted)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    JSON.map(lambda value: {"a": value}),
    st.sampled_from([None, 2, 4, "\t"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "\n"]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_json_python_made_of_a_compact_body_is_recognised(
    tree: object, indent: int | str | None, ascii_only: bool, compact: bool, end: str
) -> None:
    subject = small(SECRET)
    signed = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    seen = json.dumps(tree, indent=indent, ensure_ascii=ascii_only).encode() + end.encode()
    if compact:
        signed, seen = seen, signed
    explained = told(captured(sent(subject, SECRET, signed), body=seen), subject)
    assert explained.verified is (signed == seen)
    assert explained.verified or "found: the body that was signed" in lines(explained, "·")


# --- headers ------------------------------------------------------------------------------------------------------

HEX = hmac.digest(SECRET.encode(), BODY, "sha256")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (HEX.hex(), "the signature has nothing before it and not 'sha256='"),
        (f"sha1={HEX.hex()}", "the signature has 'sha1=' before it and not 'sha256='"),
        (f"SHA256={HEX.hex().upper()}", "the signature has 'SHA256=' before it"),
        (f"sha256={b64encode(HEX).decode()}", "the signature is written in base64 and not in hex"),
        (b64encode(HEX).decode(), "is written in base64 and not in hex, and has nothing before it"),
        (f'"sha256={HEX.hex()}"', "has quotes or blanks around it"),
    ],
)
def test_a_signature_that_is_written_otherwise_is_told_how(value: str, words: str) -> None:
    subject = source("github", SECRET)
    assert words in found(captured(sent(subject, SECRET), x_hub_signature_256=value), subject)


def test_a_signature_in_hex_where_base64_is_wanted_is_told() -> None:
    subject = source("shopify", SECRET)
    said = found(captured(sent(subject, SECRET), x_shopify_hmac_sha256=HEX.hex()), subject)
    assert "the signature is written in hex and not in base64" in said


def test_an_empty_signature_means_that_the_sender_has_no_secret() -> None:
    subject = source("github", SECRET)
    explained = told(captured(sent(subject, SECRET), x_hub_signature_256="sha256="), subject)
    assert "X-Hub-Signature-256 is empty: the sender has no secret" in lines(explained, "✗")


def test_a_signature_that_was_cut_off_is_told_by_its_length() -> None:
    subject = source("github", SECRET)
    explained = told(captured(sent(subject, SECRET), x_hub_signature_256=f"sha256={HEX.hex()[:-2]}"), subject)
    assert "it has 62 hex digits, and one of this kind has 64 hex digits, as of SHA-256" in lines(explained, "✗")


def test_a_sha1_header_alone_is_no_substitute_and_its_own_signature_is_judged() -> None:
    subject = source("github", "another", SECRET)
    sha1 = f"sha1={hmac.digest(SECRET.encode(), BODY, 'sha1').hex()}"
    capture = captured(sent(subject, SECRET), x_hub_signature_256=None, x_hub_signature=sha1)
    explained = told(capture, subject)
    assert not explained.verified
    assert "not there: X-Hub-Signature-256; there is X-Hub-Signature (40 hex digits, as of SHA-1)" in lines(
        explained, "✗"
    )
    assert "it is good as hmac-sha1, written in hex, in x-hub-signature with secret 2 of 2" in lines(explained, "·")


def test_a_signature_in_a_header_of_another_name_is_found() -> None:
    subject = source("github", SECRET)
    capture = captured(sent(subject, SECRET), x_hub_signature_256=None, x_signature_256=f"sha256={HEX.hex()}")
    assert "the signature stands in x-signature-256" in found(capture, subject)


def test_a_header_that_came_twice_is_told() -> None:
    subject = source("github", SECRET)
    once = captured(sent(subject, SECRET))
    twice = msgspec.structs.replace(once, headers=once.headers + once.headers)
    assert "came several times" in lines(told(twice, subject), "✗")


# --- other senders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "title"), [("stripe", "Stripe"), ("slack", "Slack"), ("shopify", "Shopify"), ("gitea", "Gitea")]
)
def test_a_request_of_another_sender_is_recognised_by_its_headers(name: str, title: str) -> None:
    other = source(name, SECRET)
    said = found(captured(sent(other, SECRET)), source("linear", SECRET))
    assert f"this looks like {title}: it has" in said
    assert f"(`scheme: {name}`)" in said
    assert f"with these secrets it is good for {title}" in said


def test_forgejo_that_masquerades_as_github_is_unmasked() -> None:
    subject = source("github", SECRET)
    request = sent(source("forgejo", SECRET), SECRET, headers={"X-Forgejo-Event": "push", "X-Gitea-Event": "push"})
    request = subject.scheme.verifier.sign(request, SECRET)
    explained = told(captured(request), subject)
    assert not explained.verified
    assert "X-Forgejo-Event is there" in lines(explained, "✗") or "X-Gitea-Event is there" in lines(explained, "✗")
    assert "this looks like Forgejo" in lines(explained, "·")


# --- templates of one's own ---------------------------------------------------------------------------------------


TIMED = {"timestamp": {"header": "X-Time"}, "content": "{timestamp}.{body}"}


@pytest.mark.parametrize(
    ("own", "sender", "words"),
    [
        ({}, {"mac": "hmac-sha512"}, "as hmac-sha512, written in hex"),
        ({}, {"mac": "hmac-sha1", "encoding": "base64"}, "as hmac-sha1, written in base64"),
        (TIMED, TIMED | {"content": "{timestamp}:{body}"}, "with `content: '{timestamp}:{body}'`"),
        (TIMED, {}, "with `content: '{body}'`"),
        ({}, TIMED, "with `content: '{timestamp}.{body}'` and `timestamp: {header: x-time, unit: s}`"),
        ({"form": "payload"}, {"form": "payload", "form_signs": "field"}, "with `form_signs: field`"),
    ],
)
def test_a_template_that_is_almost_right_is_put_right(
    own: dict[str, object], sender: dict[str, object], words: str
) -> None:
    body = b"payload=%7B%7D" if "form" in own else BODY
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if "form" in own else {}
    request = sent(source(template(**sender), SECRET), SECRET, body, headers | {"X-Time": str(NOW // 1000)})
    assert f"it is good {words}" in found(captured(request), source(template(**own), SECRET))


# --- time ---------------------------------------------------------------------------------------------------------


def test_a_capture_is_judged_at_its_own_time_when_nothing_else_is_said() -> None:
    subject = source("slack", SECRET)
    assert told(captured(sent(subject, SECRET)), subject, now=NOW + 1000 * HOUR).verified


def test_a_clock_that_is_off_is_told_by_how_much_and_that_the_signature_is_good() -> None:
    subject = source("slack", "another", SECRET)
    explained = told(captured(sent(subject, SECRET)), subject, at=NOW + 2 * HOUR + 60_000)
    assert not explained.verified
    assert (
        "the time of sending, 2023-11-14T22:13:20.000Z, is 2 h 1 min before --at, 2023-11-15T00:14:20.000Z, "
        "and may be 5 min off" in lines(explained, "✗")
    )
    assert "the signature is good with secret 2 of 2: only the clocks differ" in lines(explained, "✓")


def test_the_date_of_the_request_shows_a_clock_that_runs_ahead() -> None:
    subject = source("slack", SECRET)
    capture = captured(sent(subject, SECRET), date="Tue, 14 Nov 2023 22:03:20 GMT")
    explained = told(capture, subject)
    assert "is 10 min after the time that the capture says it came" in lines(explained, "✗")
    taken = msgspec.structs.replace(captured(sent(subject, SECRET)), taken=NOW - 600_000)
    assert "is 10 min after the time that the capture says it came" in lines(told(taken, subject), "✗")


def test_a_late_request_with_a_wrong_signature_is_both() -> None:
    subject = source("slack", SECRET)
    explained = told(captured(sent(subject, SECRET), body=BODY + b"\n"), subject, at=NOW - HOUR)
    assert "is 1 h after --at" in lines(explained, "✗")
    assert "none of the secrets signed this" in lines(explained, "✗")
    assert "without the line end at its end" in lines(explained, "·")


@pytest.mark.parametrize("value", [None, "soon", ""])
def test_a_time_that_is_missing_or_no_time_is_told(value: str | None) -> None:
    subject = source("slack", SECRET)
    explained = told(captured(sent(subject, SECRET), x_slack_request_timestamp=value), subject)
    assert not explained.verified
    assert "the time of sending is not" in lines(explained, "✗")


# --- URLs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configured", "signed", "host", "target"),
    [
        ("http://x.example/hooks/hub", "https://x.example/hooks/hub", "", ""),
        ("https://x.example/hooks/hub", "https://x.example:443/hooks/hub", "", ""),
        ("https://x.example:8443/hooks/hub", "https://x.example/hooks/hub", "", ""),
        ("https://x.example/hooks/hub", "https://x.example/hooks/hub/", "", ""),
        ("https://inner.example/hooks/hub", "https://outer.example/hooks/hub", "outer.example", ""),
        ("https://inner.example/hooks/hub", "http://outer.example:8080/in", "", "http://outer.example:8080/in"),
    ],
)
def test_a_sender_who_signs_another_url_is_told_which(configured: str, signed: str, host: str, target: str) -> None:
    subject = source("square", SECRET, url=configured)
    request = sent(source("square", SECRET, url=signed), SECRET)
    capture = captured(request, target=target, x_forwarded_host=host or None)
    said = found(capture, subject)
    assert f"the URL that was signed is {signed}, and the source's is {configured}" in said


def test_a_query_that_is_signed_too_is_left_as_it_came() -> None:
    subject = source("twilio", SECRET, url="http://x.example/hooks/hub")
    right = source("twilio", SECRET, url="https://x.example/hooks/hub")
    blank = InboundRequest(
        headers={b"content-type": b"application/x-www-form-urlencoded"},
        body=b"a=1&b=2",
        now=NOW,
        url=right.url,
        query=b"call=7",
    )
    capture = captured(right.scheme.verifier.sign(blank, SECRET))
    assert told(capture, right).verified
    assert "the URL that was signed is https://x.example/hooks/hub, and" in found(capture, subject)


def test_a_standard_webhook_that_was_signed_with_the_undecoded_secret_is_told() -> None:
    secret = "whsec_" + b64encode(bytes(range(100, 132))).decode()
    subject = source("standard-webhooks", secret)
    request = sent(subject, secret)
    content = b"%b.%b.%b" % (request.headers[b"webhook-id"], request.headers[b"webhook-timestamp"], BODY)
    signature = b64encode(hmac.digest(secret.encode(), content, "sha256")).decode()
    assert told(captured(request), subject).verified
    said = found(captured(request, webhook_signature=f"v1,{signature}"), subject)
    assert "the sender's key is secret 1 of 1 as it is written, without decoding it" in said


def test_a_request_without_any_signature_asks_whether_the_sender_has_a_secret() -> None:
    capture = captured(sent(source("github", SECRET), SECRET), x_hub_signature_256=None)
    said = lines(told(capture, source("github", SECRET)), "✗")
    assert said == "not there: X-Hub-Signature-256; is a secret entered at the sender?"


# --- certificates -------------------------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-central-1:123456789012:builds"


def test_a_certificate_is_asked_for_by_its_url_and_taken_from_a_file() -> None:
    subject = source(PresetScheme(preset="aws-sns", topics=(TOPIC,)))
    pair = subject.scheme.verifier.pair()
    capture = captured(sent(subject, pair.signing, b"hello"))
    explained = told(capture, subject, now=NOW + 1000 * HOUR)
    assert not explained.verified
    assert "give it by --document; it is at https://sns.eu-central-1.amazonaws.com/" in lines(explained, "✗")
    assert told(capture, subject, now=NOW + 1000 * HOUR, document=pair.verifying.encode()).verified
    other = source(PresetScheme(preset="aws-sns", topics=(TOPIC,)))
    assert "no certificate" in lines(told(capture, other, document=b"x"), "✗")
    elsewhere = source(PresetScheme(preset="aws-sns", topics=(TOPIC + "2",)))
    assert "it may not come in here (TopicArn is none of the source's topics)" in lines(told(capture, elsewhere), "✗")


# --- anything -----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=80), st.binary(max_size=120))
@settings(max_examples=40, deadline=None)
def test_any_signature_and_any_body_are_explained(value: bytes, body: bytes) -> None:
    bare = value.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"").strip(b" \t")
    headers = (("X-Hub-Signature-256", bare), ("X-Slack-Signature", bare), ("X-Slack-Request-Timestamp", bare))
    capture = Capture(kind="raw HTTP", headers=headers, body=body)
    for name in ("github", "slack", "stripe"):
        assert not told(capture, source(name, SECRET)).verified
