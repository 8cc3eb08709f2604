"""HTTP Message Signatures: the vectors of RFC 9421 and 9530, and what a signature must cover."""

from base64 import b64encode
from hashlib import sha256, sha512

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.verifiers.lab import HEADERS, NOW, URL, keys, request, step, vectors

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Pair
from hookyard.inbound.verifiers.rfc9421 import MessageSignatures
from hookyard.inbound.verifiers.rfc9421.base import base
from hookyard.inbound.verifiers.rfc9421.keys import load, sign
from hookyard.inbound.verifiers.rfc9421.structured import written
from hookyard.webhook_secret import SecretError

SHARED = "base64:uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
ED25519 = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
    "-----END PUBLIC KEY-----\n"
)
AT = 1618884473
BODY = b'{"hello": "world"}'
SHA_512 = "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew=="
MESSAGE = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": f"sha-512=:{SHA_512}:",
    "Content-Length": "18",
}
B_2_5 = {
    "Signature-Input": 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    "Signature": "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
}
B_2_6 = {
    "Signature-Input": (
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    ),
    "Signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
}
# What the configuration refuses and the vectors need: components without the digest of the body.
B_2_5_COVERS, B_2_6_COVERS = ("date", "@authority", "content-type"), ("@method", "@path", "@authority")
DEFAULT = MessageSignatures()
KEY = "a shared secret of some length"
FOUND = keys(DEFAULT, KEY)
NAMES = '"@method" "@target-uri" "content-digest"'


def message(more: dict[str, str]) -> InboundRequest:
    """The request of appendix B.2, whose query no vector of ours covers."""
    return request({**MESSAGE, **more}, BODY, now=AT * 1000, url="https://example.com/foo", query="param=Value&Pet=dog")


def signed(inner: str = "", *, headers: dict[bytes, bytes] | None = None, query: str = "") -> InboundRequest:
    """A request signed with these components and parameters."""
    digest = b64encode(sha256(BODY).digest())
    made = request({"x-more": " a, b "}, BODY, query=query)
    made = replace(made, headers={**made.headers, b"content-digest": b"sha-256=:" + digest + b":", **(headers or {})})
    inner = inner or f"({NAMES});created={NOW // 1000}"
    names = tuple(name.strip('"') for name in inner[1 : inner.index(")")].split())
    signature = b64encode(sign(KEY, base(made, names, inner)))
    added = {b"signature-input": f"s={inner}".encode(), b"signature": b"s=:" + signature + b":"}
    return replace(made, headers={**made.headers, **added})


def test_the_vector_with_a_shared_secret_is_good() -> None:
    verifier = MessageSignatures(B_2_5_COVERS)
    assert step(verifier, message(B_2_5), keys(verifier, SHARED)) is None
    assert step(verifier, message({**B_2_5, "Date": "Tue, 20 Apr 2021 02:07:56 GMT"}), keys(verifier, SHARED)) == (
        "mismatch"
    )


def test_the_vector_with_ed25519_is_good() -> None:
    verifier = MessageSignatures(B_2_6_COVERS)
    assert step(verifier, message(B_2_6), keys(verifier, ED25519)) is None
    assert step(verifier, replace(message(B_2_6), method="PUT"), keys(verifier, ED25519)) == "mismatch"
    assert step(verifier, replace(message(B_2_6), url="https://example.org/foo"), keys(verifier, ED25519)) == "mismatch"


def test_the_shared_vector_has_our_signature_base() -> None:
    for one in vectors("rfc9421/hmac-sha256"):
        parameters = written(B_2_5_COVERS, {"created": AT}) + ';keyid="test-shared-secret"'
        assert base(message({}), B_2_5_COVERS, parameters).decode() == one["base"]


def test_the_vectors_cover_too_little_for_a_source() -> None:
    for vector, key in ((B_2_5, SHARED), (B_2_6, ED25519)):
        assert step(DEFAULT, message(vector), keys(DEFAULT, key)) == "coverage"


def test_the_digest_of_the_vectors_is_held_against_the_body() -> None:
    made = signed(headers={b"content-digest": f"sha-512=:{SHA_512}:".encode()})
    assert step(DEFAULT, made, FOUND) is None
    assert step(DEFAULT, replace(made, body=BODY + b"\n"), FOUND) == "content_digest"


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        (f"sha-256=:{b64encode(sha256(BODY).digest()).decode()}:, sha-512=:{SHA_512}:", None),
        (f"md5=:AAAA:, sha-512=:{SHA_512}:", None),
        (f"sha-256=:{b64encode(bytes(32)).decode()}:, sha-512=:{SHA_512}:", "content_digest"),  # all must be right
        ("md5=:AAAA:", "content_digest"),
        (f"sha-512={SHA_512[:8]}", "content_digest"),
        ("sha-512=?1", "content_digest"),
        ("sha-512", "content_digest"),
        ('sha-512=("a")', "content_digest"),
        (f"sha-512=:{b64encode(sha512(BODY).digest()[:32]).decode()}:", "content_digest"),
        ("\xff", "malformed"),
    ],
)
def test_all_digests_that_are_known_must_be_right(digest: str, expected: str | None) -> None:
    assert step(DEFAULT, signed(headers={b"content-digest": digest.encode("latin-1")}), FOUND) == expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (f"({NAMES});created={NOW // 1000}", None),
        (f'("@method" "@authority" "@path" "content-digest" "x-more");created={NOW // 1000};nonce="n";tag="t"', None),
        (f'("@scheme" "@query" "@request-target" {NAMES});created={NOW // 1000}', None),
        (f'({NAMES});created={NOW // 1000};keyid="any";alg="hmac-sha256"', None),
        (f'({NAMES});created={NOW // 1000};alg="ed25519"', "no_secret"),  # the key says the algorithm
        (f"({NAMES});created={NOW // 1000};alg=hmac-sha256", "malformed"),
        (f"({NAMES});created={NOW // 1000};keyid=1", "malformed"),
        (f'("@target-uri" "content-digest");created={NOW // 1000}', "coverage"),
        (f'("@method" "content-digest");created={NOW // 1000}', "coverage"),
        (f'("@method" "@authority" "content-digest");created={NOW // 1000}', "coverage"),
        (f'("@method" "@target-uri");created={NOW // 1000}', "coverage"),
        (f"({NAMES})", "timestamp_missing"),
        (f"({NAMES});expires={NOW // 1000 + 60}", "timestamp_missing"),
        (f'({NAMES});created="{NOW // 1000}"', "timestamp_malformed"),
        (f"({NAMES});created={NOW // 1000}.0", "timestamp_malformed"),
        (f"({NAMES});created", "timestamp_malformed"),
        (f"({NAMES});created={NOW // 1000 - 300}", None),
        (f"({NAMES});created={NOW // 1000 + 300}", None),
        (f"({NAMES});created={NOW // 1000 - 301}", "timestamp_range"),
        (f"({NAMES});created={NOW // 1000 + 301}", "timestamp_range"),
        (f"({NAMES});created={NOW // 1000 - 10};expires={NOW // 1000 + 1}", None),
        (f"({NAMES});created={NOW // 1000 - 10};expires={NOW // 1000}", "timestamp_range"),
        (f"({NAMES});created={NOW // 1000 - 10};expires=x", "timestamp_malformed"),
    ],
)
def test_what_a_signature_must_cover_and_when_it_is_good(inner: str, expected: str | None) -> None:
    assert step(DEFAULT, signed(inner=inner), FOUND) == expected


@pytest.mark.parametrize(
    "inner",
    [
        f'({NAMES} "x-missing");created=1',
        f'({NAMES} "@status");created=1',
        f'({NAMES} "@signature-params");created=1',
        f'({NAMES} "@method");created=1',  # twice
        f'({NAMES} "X-More");created=1',
        f'({NAMES} "@method";req);created=1',
        f'({NAMES} "x-more";sf);created=1',
        f"({NAMES} x-more);created=1",
        f"({NAMES} 1);created=1",
        f"({NAMES};created=1",
        "1",
        "",
    ],
)
def test_what_cannot_be_signed_here_is_malformed(inner: str) -> None:
    made = signed()
    text = inner.replace("created=1", f"created={NOW // 1000}").encode()
    assert (
        step(DEFAULT, replace(made, headers={**made.headers, b"signature-input": b"s=" + text}), FOUND) == "malformed"
    )


def test_a_value_cannot_add_a_line() -> None:
    inner = f'({NAMES} "x-more");created={NOW // 1000}'
    made = signed(inner=inner)
    spoilt = {**made.headers, b"x-more": b'a\n"@method": GET'}
    assert step(DEFAULT, replace(made, headers=spoilt), FOUND) == "malformed"


def test_the_place_is_that_of_the_configuration_and_its_usual_port_is_left_out() -> None:
    inner = f'("@method" "@authority" "@path" "content-digest");created={NOW // 1000}'
    made = signed(inner=inner)
    assert step(DEFAULT, replace(made, url="https://EXAMPLE.com:443/foo"), FOUND) is None
    assert step(DEFAULT, replace(made, url="https://example.com:8443/foo"), FOUND) == "mismatch"
    assert step(DEFAULT, replace(made, url="https://example.com/bar"), FOUND) == "mismatch"
    assert step(DEFAULT, replace(made, headers={**made.headers, b"host": b"evil.example"}), FOUND) is None
    with_query = signed(query="a=1")
    assert step(DEFAULT, with_query, FOUND) is None
    assert step(DEFAULT, replace(with_query, query=b"a=2"), FOUND) == "mismatch"


def test_the_id_of_a_key_picks_it() -> None:
    inner = f'({NAMES});created={NOW // 1000};keyid="new"'
    secrets = ("the old secret of this sender", KEY)
    found = keys(DEFAULT, *secrets, ids=("old", "new"))
    assert DEFAULT.verify(signed(inner=inner), found).id == "new"
    assert step(DEFAULT, signed(inner=inner), keys(DEFAULT, *secrets, ids=("new", "old"))) == "mismatch"
    assert step(DEFAULT, signed(inner=inner), keys(DEFAULT, *secrets, ids=("a", "b"))) == "no_secret"
    assert DEFAULT.verify(signed(inner=inner), keys(DEFAULT, *secrets, ids=("a", None))).number == 1
    assert DEFAULT.verify(signed(), found).number == 1


def test_one_of_several_signatures_will_do() -> None:
    made = signed()
    inputs, signatures = made.headers[b"signature-input"], made.headers[b"signature"]
    proxy = b'proxy=("@method");created=1;keyid="p"'
    both = {
        **made.headers,
        b"signature-input": proxy + b", " + inputs,
        b"signature": b"proxy=:AAAA:, " + signatures,
    }
    assert step(DEFAULT, replace(made, headers=both), FOUND) is None
    assert step(DEFAULT, replace(made, headers=both, body=b""), FOUND) == "content_digest"
    other = {**both, b"signature": b"proxy=:AAAA:, s=:AAAA:"}
    assert step(DEFAULT, replace(made, headers=other), FOUND) == "mismatch"
    apart = {**both, b"signature-input": proxy}
    assert step(DEFAULT, replace(made, headers={**apart, b"signature": signatures}), FOUND) == "missing"
    many = b", ".join(b's%d=("@method")' % at for at in range(9))
    more = {**made.headers, b"signature-input": many, b"signature": many}
    assert step(DEFAULT, replace(made, headers=more), FOUND) == "malformed"


@pytest.mark.parametrize("name", [b"signature", b"signature-input", b"content-digest"])
def test_each_header_must_be_there_once(name: bytes) -> None:
    made = signed()
    without = {key: value for key, value in made.headers.items() if key != name}
    assert step(DEFAULT, replace(made, headers=without), FOUND) == "missing"
    assert step(DEFAULT, replace(made, repeated=frozenset({name})), FOUND) == "repeated"


def test_a_signature_can_be_written_in_one_way() -> None:
    made = signed()
    text = made.headers[b"signature"]
    assert text.endswith(b"=:")
    last = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(text[-3])
    other = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last ^ 1 : (last ^ 1) + 1]
    spoilt = {**made.headers, b"signature": text[:-3] + other + b"=:"}
    assert step(DEFAULT, replace(made, headers=spoilt), FOUND) == "malformed"
    bare = {**made.headers, b"signature": text[:-2] + b":"}
    assert step(DEFAULT, replace(made, headers=bare), FOUND) is None


def test_without_secrets_nothing_is_good() -> None:
    assert step(DEFAULT, signed(), []) == "no_secret"


def _pair(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Pair:
    return Pair(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"])
def test_every_algorithm_signs_and_verifies(algorithm: str) -> None:
    pair = {
        "hmac-sha256": lambda: Pair(KEY, KEY),
        "ed25519": lambda: _pair(ed25519.Ed25519PrivateKey.generate()),
        "ecdsa-p256-sha256": lambda: _pair(ec.generate_private_key(ec.SECP256R1())),
        "rsa-pss-sha512": lambda: _pair(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    }[algorithm]()
    assert load(pair.verifying).algorithm == algorithm
    made = DEFAULT.sign(request({}, BODY, url=URL), pair.signing)
    found = keys(DEFAULT, pair.verifying)
    assert step(DEFAULT, made, found) is None
    assert step(DEFAULT, replace(made, body=b""), found) == "content_digest"
    assert step(DEFAULT, made, keys(DEFAULT, "another secret of the house")) == "mismatch"
    for signature in (b"sig1=:AAAA:", b"sig1=:" + b64encode(bytes(64)) + b":", b"sig1=::"):
        assert step(DEFAULT, replace(made, headers={**made.headers, b"signature": signature}), found) == "mismatch"


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "is empty"),
        ("short", "at least 16 bytes"),
        ("base64:AAAA", "at least 16 bytes"),
        ("base64:!", "not base64"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "public key in PEM"),
        (_pair(ed25519.Ed25519PrivateKey.generate()).signing, "private one"),
        (_pair(ec.generate_private_key(ec.SECP384R1())).verifying, "public key in PEM"),
        (_pair(rsa.generate_private_key(public_exponent=65537, key_size=1024)).verifying, "at least 2048 bits"),  # noqa: S505  weak
    ],
    ids=lambda value: value[:24].strip("-"),
)
def test_what_can_be_no_secret_is_refused(secret: str, why: str) -> None:
    with pytest.raises(SecretError, match=why):
        DEFAULT.load(secret)


def test_keys_do_not_show_when_they_are_printed() -> None:
    assert KEY not in repr(FOUND)


@given(inputs=HEADERS, signature=HEADERS, digest=HEADERS, body=st.binary(max_size=30))
def test_nothing_that_is_sent_raises_anything_else(inputs: bytes, signature: bytes, digest: bytes, body: bytes) -> None:
    good = signed()
    for spoilt in (
        {b"signature-input": inputs, b"signature": signature, b"content-digest": digest},
        {b"signature-input": b"s=" + inputs},
        {b"signature": b"s=" + signature},
        {b"signature-input": good.headers[b"signature-input"] + inputs[:20] + b"x"},
    ):
        assert step(DEFAULT, replace(good, headers={**good.headers, **spoilt}, body=body), FOUND) is not None
