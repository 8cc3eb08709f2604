"""Which form counts, key pairs, RFC 9421, and what a lax verifier would let through."""

import base64
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Literal, cast

import pytest
from tests.unit.outbound.signing.lab import (
    BODY,
    ID,
    KEY,
    NOW,
    OTHER,
    PLAIN,
    PLAIN_OTHER,
    PUBLIC,
    SECRET,
    URL,
    V1,
    V1_OTHER,
    V1A,
    rendered,
)
from tests.unit.outbound.signing.lab import form as form_with

from hookyard.client import SecretError, VerificationError, Verified, sign, verify
from hookyard.client.verify import Form, Step
from hookyard.client.verify.fields import labelled
from hookyard.client.verify.headers import Fields, Headers
from hookyard.client.verify.keys import known
from hookyard.client.verify.message import Request, base
from hookyard.client.verify.signatures import whose

STANDARD = {"webhook-id": ID, "webhook-timestamp": str(NOW), "webhook-signature": V1}


def ended(
    headers: Headers,
    *secrets: str,
    body: bytes = BODY,
    form: Form | Literal["auto"] = "auto",
    now: float = NOW,
    url: str | None = None,
    method: str = "POST",
) -> Step | Verified:
    """Where verification ended, or what is certain."""
    try:
        return verify(headers, body, secrets or (SECRET,), form=form, now=now, url=url, method=method)
    except VerificationError as error:
        return error.step


def test_it_says_who_signed_what_and_when() -> None:
    assert verify(STANDARD, BODY, [OTHER, SECRET], now=NOW) == Verified("standard", "v1", 1, ID, NOW)
    by_pair = STANDARD | {"webhook-signature": f"{V1_OTHER} {V1A}"}
    assert verify(by_pair, BODY, [SECRET, PUBLIC], now=NOW) == Verified("standard", "v1a", 1, ID, NOW)
    plain = {"x-webhook-signature": f"{PLAIN_OTHER},{PLAIN}"}
    assert verify(plain, BODY, SECRET, form="plain") == Verified("plain", "sha256", 0)
    http = rendered(form_with(KEY, SECRET, http=True, url=URL)).headers
    assert ended(http, form="http", url=URL) == Verified("http", "hmac-sha256", 0, ID, NOW)
    assert ended(http, PUBLIC, form="http", url=URL) == Verified("http", "ed25519", 0, ID, NOW)


def test_every_form_that_is_sent_is_verified_with_one_of_several_keys_of_both_kinds() -> None:
    forms: tuple[Form, ...] = ("standard", "plain", "http")
    for each in forms:
        headers = sign(BODY, [OTHER, KEY], form=each, now=NOW, url=URL, id=ID, event="job.succeeded")
        for keys in ([SECRET, OTHER], [SECRET, PUBLIC], [PUBLIC, OTHER]):
            if each != "plain" or OTHER in keys:
                found = ended(headers, *keys, form=each, url=URL)
                assert isinstance(found, Verified)
                assert found.form == each


def test_a_cloudevent_is_verified_as_any_other_body() -> None:
    made = rendered(form_with(SECRET, KEY, envelope="cloudevents", http=True))
    forms: tuple[Form, ...] = ("standard", "http")
    for chosen in forms:
        assert isinstance(ended(made.headers, body=made.body, form=chosen), Verified)
    assert ended(made.headers) == "mismatch"


def test_the_plain_form_has_to_be_insisted_on_and_then_no_other_counts() -> None:
    plain = rendered(form_with(signature="plain")).headers
    assert ended(plain) == "form"
    assert ended(plain, form="plain") == Verified("plain", "sha256", 0)
    assert ended(plain, form="standard") == "missing"
    assert ended(STANDARD, form="plain") == "missing"
    assert ended(STANDARD, form="http") == "missing"
    assert ended({}) == "form"


def test_a_bad_signature_is_never_made_up_for_by_one_of_another_form() -> None:
    plain, http = {"x-webhook-signature": PLAIN}, sign(BODY, SECRET, form="http", now=NOW, id=ID)
    bad = {**http, **plain, "webhook-signature": V1_OTHER}
    assert ended(bad) == "mismatch"
    assert ended({**http, "webhook-signature": ""}) == "missing"
    only_http = {name: value for name, value in http.items() if name != "webhook-signature"}
    assert ended(only_http) == "missing"  # the id and the timestamp say that it is of Standard Webhooks
    only_http = {name: value for name, value in only_http.items() if name != "webhook-timestamp"}
    assert ended({**only_http, **plain}, form="http") == Verified("http", "hmac-sha256", 0, ID, NOW)


def test_what_another_form_signed_is_not_taken_for_a_plain_body() -> None:
    content = f"{ID}.{NOW}.".encode() + BODY
    stolen = base64.b64decode(V1.removeprefix("v1,")).hex()
    assert ended({"x-webhook-signature": f"sha256={stolen}"}, body=content, form="plain") == "form"
    http = rendered(form_with(http=True, url=URL)).headers
    request = Request(Fields(http), "POST", URL)
    (one,) = labelled(http["signature-input"], http["signature"])
    signed = base(request, one.components, one.text)
    assert ended({"x-webhook-signature": f"sha256={one.signature.hex()}"}, body=signed, form="plain") == "form"


@pytest.mark.parametrize(
    "body", [b'{"v":"1.123456789.3"}', b"[1.5]", b'"a"', b"12.5", b"", b"version=1.2.3", b'{"a":1}']
)
def test_any_body_that_no_other_form_signs_is_taken_by_the_plain_one(body: bytes) -> None:
    assert ended(sign(body, SECRET, form="plain"), body=body, form="plain") == Verified("plain", "sha256", 0)


def test_versions_are_never_confused() -> None:
    raw = V1.removeprefix("v1,")
    assert ended(STANDARD | {"webhook-signature": f"v1a,{raw}"}) == "malformed"  # 32 bytes are no Ed25519
    assert ended(STANDARD | {"webhook-signature": V1A}) == "version"
    assert ended(STANDARD, PUBLIC) == "version"
    # Somebody who has only the public key signs with it as if it were a shared secret.
    forged = sign(BODY, "whsec_" + PUBLIC.removeprefix("whpk_"), now=NOW, id=ID)
    assert ended(forged, PUBLIC) == "version"
    assert (
        ended(forged | {"webhook-signature": forged["webhook-signature"].replace("v1,", "v1a,")}, PUBLIC) == "malformed"
    )
    http = sign(BODY, "whsec_" + PUBLIC.removeprefix("whpk_"), form="http", now=NOW, id=ID)
    assert ended(http, PUBLIC, form="http") == "version"
    lying = http | {"signature-input": http["signature-input"].replace("hmac-sha256", "ed25519")}
    assert ended(lying, PUBLIC, form="http") == "mismatch"


def test_a_receiver_with_a_private_key_or_none_is_told_so() -> None:
    for wrong in (KEY, PUBLIC[:-4], "", "whsec_", "whpk_"):
        with pytest.raises(SecretError):
            verify(STANDARD, BODY, wrong, now=NOW)
    with pytest.raises(ValueError, match="at least one"):
        verify(STANDARD, BODY, [], now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_matters_may_be_there_once(name: str) -> None:
    pairs = [*STANDARD.items(), (name.title(), STANDARD[name])]
    assert ended(pairs) == "repeated"
    assert ended([*STANDARD.items(), ("accept", "a"), ("accept", "b")]) == Verified("standard", "v1", 0, ID, NOW)


def test_headers_may_be_a_mapping_or_pairs_of_texts_or_of_bytes() -> None:
    class Framework:
        """As most have it: not a mapping, and with what is repeated."""

        def items(self) -> Iterator[tuple[str, str]]:
            yield from STANDARD.items()

    given: list[Headers] = [
        STANDARD,
        list(STANDARD.items()),
        [(name.upper().encode(), value.encode()) for name, value in STANDARD.items()],
        Framework(),
    ]
    for headers in given:
        assert isinstance(ended(headers), Verified)
    with pytest.raises(TypeError, match="int"):
        verify(cast("Mapping[str, str]", {"webhook-id": 7}), BODY, SECRET)


def test_a_text_is_no_body_and_any_bytes_are() -> None:
    for body in (bytearray(BODY), memoryview(BODY)):
        assert verify(STANDARD, body, SECRET, now=NOW).id == ID
    with pytest.raises(TypeError, match="must be bytes as they came, not str"):
        verify(STANDARD, cast("bytes", BODY.decode()), SECRET, now=NOW)


@pytest.mark.parametrize("tolerance", [-1, float("nan")])
def test_a_tolerance_that_is_none_is_an_error(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        verify(STANDARD, BODY, SECRET, now=NOW, tolerance=tolerance)


@pytest.mark.parametrize(
    ("signatures", "step"),
    [
        (f"{V1} {V1}", "repeated"),
        (f"{V1} " + " ".join(f"v9,{number}" for number in range(16)), "malformed"),
        (V1.replace("=", ""), "malformed"),  # no padding
        (V1[:-2] + "l=", "malformed"),  # bits that base64 leaves open
        (V1.replace("/", "_"), "malformed"),
        (V1 + "\n", "malformed"),
        (f"{V1},{V1}", "malformed"),
        (V1.upper(), "malformed"),
        ("v1," + base64.b64encode(bytes(31)).decode(), "malformed"),
        (V1_OTHER, "mismatch"),
    ],
)
def test_a_list_of_signatures_is_read_strictly(signatures: str, step: Step) -> None:
    assert ended(STANDARD | {"webhook-signature": signatures}) == step


@pytest.mark.parametrize("identifier", ["a.b", "a b", "ä", "a\n", "x" * 256])
def test_an_id_that_could_shift_what_is_signed_is_refused(identifier: str) -> None:
    assert ended(sign(BODY, SECRET, now=NOW, id=identifier)) == "malformed"


@pytest.mark.parametrize(
    ("signatures", "step"),
    [
        (PLAIN.upper(), "malformed"),
        (PLAIN.removeprefix("sha256="), "malformed"),
        (PLAIN[:-1], "malformed"),
        (f"{PLAIN}, {PLAIN_OTHER}x", None),
        (f"{PLAIN},{PLAIN}", "repeated"),
        (",".join([PLAIN, *("x" * 20)]), "malformed"),
        (PLAIN_OTHER, "mismatch"),
        (PLAIN.replace("sha256", "sha1"), "malformed"),
    ],
)
def test_a_plain_signature_is_read_strictly(signatures: str, step: Step | None) -> None:
    found = ended({"x-webhook-signature": signatures}, form="plain")
    assert found == (step or Verified("plain", "sha256", 0))
    assert ended({"x-webhook-signature": signatures}, PUBLIC, form="plain") == "version"


def http(secrets: tuple[str, ...] = (SECRET,), **changed: str) -> dict[str, str]:
    headers = rendered(form_with(*secrets, http=True, url=URL)).headers
    return headers | {name.replace("_", "-"): value for name, value in changed.items()}


def test_a_signature_of_rfc9421_covers_method_url_type_id_and_body() -> None:
    good = http()
    assert isinstance(ended(good, form="http", url=URL), Verified)
    assert ended(good, form="http") == "url"
    assert ended(good, form="http", url=URL + "2") == "mismatch"
    assert ended(good, form="http", url=URL, method="PUT") == "mismatch"
    assert ended(good, form="http", url=URL, body=BODY + b" ") == "content_digest"
    assert ended(http(content_type="text/plain"), form="http", url=URL) == "mismatch"
    assert ended(http(webhook_id="other"), form="http", url=URL) == "mismatch"
    assert ended(good, OTHER, form="http", url=URL) == "mismatch"
    assert ended(good, PUBLIC, form="http", url=URL) == "version"
    assert ended(good, form="http", url=URL, now=NOW + 301) == "timestamp"
    assert ended(good, form="http", url=URL, now=NOW - 301) == "timestamp"
    other = sign(BODY + b" ", SECRET, form="http", now=NOW)["content-digest"]
    assert ended(good | {"content-digest": other}, form="http", url=URL) == "mismatch"


def test_a_signature_without_the_url_is_refused_where_the_receiver_says_it() -> None:
    headers = sign(BODY, SECRET, form="http", now=NOW)
    assert isinstance(ended(headers, form="http"), Verified)
    assert ended(headers, form="http", url=URL) == "coverage"


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (('"content-digest" ', ""), "coverage"),
        (('"@method" ', ""), "coverage"),
        ((' "webhook-id"', ""), "coverage"),
        (('"@method"', '"@method" "@method"'), "repeated"),
        (('"@method"', '"@method";req'), "malformed"),
        (('"@method" ', '"@method"  '), "malformed"),
        (('"@method"', '"@status" "@method"'), "malformed"),
        ((";created", ";nonce"), "malformed"),
        ((f"created={NOW}", f'created="{NOW}"'), "malformed"),
        ((f"created={NOW}", f"created={NOW};created={NOW}"), "repeated"),
        ((f"created={NOW}", f"created={NOW};expires={NOW}"), "timestamp"),
        (("sig1=", "sig2="), "malformed"),
        (("sig1=", "Sig1="), "malformed"),
        (("hmac-sha256", "rsa-pss-sha512"), "version"),
        (('"hmac-sha256"', '"hmac-sha256",'), "malformed"),
        (('"hmac-sha256"', '"hmac-sha256", sig1=()'), "repeated"),
    ],
)
def test_signature_input_is_read_strictly(change: tuple[str, str], step: Step) -> None:
    changed = http()["signature-input"].replace(*change)
    assert changed != http()["signature-input"]
    assert ended(http(signature_input=changed), form="http", url=URL) == step


def test_fields_without_bounds_or_in_another_spelling_are_refused() -> None:
    good = http()
    flood = ", ".join(f"s{number}=:AAAA:" for number in range(17))
    assert ended(http(signature=flood), form="http", url=URL) == "malformed"
    assert ended(http(signature=f"sig1=:{'A' * 9000}:"), form="http", url=URL) == "malformed"
    assert ended(http(signature=good["signature"].replace("=:", "=", 1)), form="http", url=URL) == "malformed"
    assert ended(http(signature=good["signature"].replace("=:", ":")), form="http", url=URL) == "malformed"
    assert ended(http(signature="sig1=:AAAA:"), form="http", url=URL) == "mismatch"
    for digest in ("md5=:AAAA:", "sha-256=:AAA:"):
        assert ended(http(content_digest=digest), form="http", url=URL) == "mismatch"


@pytest.mark.parametrize("value", ["a\u20ac", "\xe9", 'x\n"@method": PUT', "a\rb"])
def test_a_covered_header_that_could_be_written_in_several_ways_is_refused(value: str) -> None:
    assert ended(http(webhook_id=value), form="http", url=URL) == "malformed"
    assert ended(http(content_type=value), form="http", url=URL) == "malformed"


def test_members_beyond_what_anybody_needs_are_not_even_compared() -> None:
    inputs = ",".join(f"a{number}=()" for number in [*range(17), 0])
    assert ended({"signature-input": inputs, "signature": "a0=::"}, form="http") == "malformed"


@pytest.mark.parametrize(
    "url", ["https://[::1/in", "https://x]/in", "https://x/\N{LATIN SMALL LETTER E WITH ACUTE}", "https://x/\udce9"]
)
def test_a_url_that_is_none_is_the_end_of_a_verification_and_no_error(url: str) -> None:
    signed = rendered(form_with(http=True, url=URL)).headers
    assert ended(signed, form="http", url=url) == "url"


def test_one_good_signature_of_several_is_enough() -> None:
    headers = http((KEY, OTHER, SECRET))
    assert isinstance(ended(headers, form="http", url=URL), Verified)
    assert isinstance(ended(headers, OTHER, form="http", url=URL), Verified)
    assert isinstance(ended(headers, PUBLIC, form="http", url=URL), Verified)


# RFC 9421, appendices B.2.5 and B.2.6: they do not cover the body, so they are held against the parts.
MESSAGE = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Length": "18",
}
B_2_5 = (
    "whsec_uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
)
B_2_6 = (
    "whpk_JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=",
    (
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    ),
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
)


@pytest.mark.parametrize(("key", "inputs", "signatures"), [B_2_5, B_2_6])
def test_the_examples_of_the_rfc_are_good(key: str, inputs: str, signatures: str) -> None:
    (one,) = labelled(inputs, signatures)
    request = Request(Fields(MESSAGE), "POST", "https://example.com/foo?param=Value&Pet=dog")
    content = base(request, one.components, one.text)
    keys = known(key)
    assert whose(keys, [one.signature], [one.signature], content) == (keys[0], key.startswith("whpk_"))
    assert whose(keys, [one.signature], [one.signature], content + b" ") is None
    everything = {**MESSAGE, "signature-input": inputs, "signature": signatures}
    assert ended(everything, key, form="http", now=1618884473) == "coverage"


def test_shared_secrets_need_nothing_but_the_standard_library() -> None:
    asked = (
        "import sys; from hookyard.client import verify\n"
        f"headers = {STANDARD!r}\n"
        f"verify(headers, {BODY!r}, {SECRET!r}, now={NOW})\n"
        "print(any(name.partition('.')[0] in {'cryptography', 'http_sf', 'httpx'} for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
