"""What a compiled template takes, whatever its axes."""

from base64 import b64encode

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from msgspec.structs import replace

from hookyard.config.model import Place, SignatureSettings, TemplateScheme, TimestampSettings
from hookyard.config.model.schemes import Mac
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import Template, compile_template
from hookyard.inbound.template.key import KeyForm
from hookyard.inbound.template.timestamp import Unit, read
from hookyard.inbound.verifier import BadSignature, Key, Step
from hookyard.webhook_secret import SecretError

NOW = 1_700_000_000_000
HEADER = SignatureSettings(header="X-Sig")
REQUEST = InboundRequest(headers={}, body=b'{"a":1}', now=NOW, url="https://h.example/hooks/x")
HMACS: list[Mac] = ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
MACS: list[tuple[Mac, KeyForm]] = [
    *((mac, key) for mac in HMACS for key in ("raw", "base64", "hex", "whsec")),
    *((mac, key) for mac in ("ed25519", "ecdsa-p256-sha256") for key in ("pem", "hex", "base64")),
    *((mac, key) for mac in ("rsa-sha1", "rsa-sha256") for key in ("pem", "base64")),
    ("token", "raw"),
]  # fmt: skip


def step(template: Template, request: InboundRequest, secret: str) -> Step | None:
    try:
        template.verify(request, [Key(material=template.load(secret))])
    except BadSignature as error:
        return error.step
    return None


@pytest.mark.parametrize(("mac", "key"), MACS)
def test_every_mac_signs_and_verifies_with_every_form_of_key(mac: Mac, key: KeyForm) -> None:
    template = compile_template(TemplateScheme(signature=HEADER, mac=mac, key=key))
    pair, other = template.pair(), template.pair()
    signed = template.sign(REQUEST, pair.signing)
    assert step(template, signed, pair.verifying) is None
    assert step(template, signed, other.verifying) == "mismatch"
    assert step(template, replace(signed, body=b"{}"), pair.verifying) == (None if mac == "token" else "mismatch")


@pytest.mark.parametrize(
    ("key", "secret", "words"),
    [
        ("raw", "", "is empty"),
        ("raw", " \n", "is empty"),
        ("base64", "!!!", "is not base64"),
        ("base64", b64encode(b"x" * 15).decode(), "at least 16 bytes, and is of 15"),
        ("hex", "xyz", "is not hex"),
        ("hex", "ab", "at least 16 bytes, and is of 1"),
        ("whsec", "whsec_", "must be base64 of 24 to 64"),
    ],
)
def test_a_secret_that_can_be_none_is_refused_without_being_said(key: KeyForm, secret: str, words: str) -> None:
    template = compile_template(TemplateScheme(signature=HEADER, key=key))
    with pytest.raises(SecretError, match=words) as caught:
        template.load(secret)
    assert not secret.strip() or secret not in str(caught.value).replace("whsec_", "")


@pytest.mark.parametrize(
    ("basic", "secret", "words"),
    [
        (False, "short", "at least 8 characters"),
        (True, "user-without-password", "user:password"),
        (True, "user:", "user:password"),
        (True, ":password", "user:password"),
        (True, "a-long-user:short", "at least 8 characters"),
    ],
)
def test_a_token_that_could_be_guessed_is_refused(basic: bool, secret: str, words: str) -> None:
    where = SignatureSettings(basic=True) if basic else HEADER
    with pytest.raises(SecretError, match=words):
        compile_template(TemplateScheme(signature=where, mac="token")).load(secret)


def _pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_public_key_of_another_kind_or_a_private_one_or_a_weak_one_is_refused() -> None:
    small = ed25519.Ed25519PrivateKey.generate()
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  to be refused
    of_mac: list[tuple[Mac, KeyForm, str, str]] = [
        ("ed25519", "pem", _pem(ec.generate_private_key(ec.SECP256R1())), "a public key of Ed25519 in PEM"),
        ("ecdsa-p256-sha256", "pem", _pem(ec.generate_private_key(ec.SECP384R1())), "a public key of P-256"),
        ("rsa-sha256", "pem", _pem(small), "a public key of RSA"),
        ("rsa-sha256", "pem", _pem(weak), "at least 2048 bits"),
        ("ed25519", "pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "a public key of Ed25519"),
        ("ed25519", "hex", "ab" * 31, "a public key of Ed25519 in hex"),
        ("ed25519", "hex", "zz" * 32, "is not hex"),
        ("ed25519", "pem", " ", "is empty"),
        ("ecdsa-p256-sha256", "base64", b64encode(b"\x04" + b"\x01" * 64).decode(), "a public key of P-256 in base64"),
    ]
    private = small.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    of_mac.append(("ed25519", "pem", private, "which only the sender may have"))
    for mac, form, secret, words in of_mac:
        with pytest.raises(SecretError, match=words):
            compile_template(TemplateScheme(signature=HEADER, mac=mac, key=form)).load(secret)


def test_a_point_of_p256_is_a_key_too() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    template = compile_template(TemplateScheme(signature=HEADER, mac="ecdsa-p256-sha256", key="hex"))
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
    assert step(template, template.sign(REQUEST, der), point) is None


@pytest.mark.parametrize(
    "where",
    [
        SignatureSettings(header="X-Sig", prefix="sha256="),
        SignatureSettings(query="sig"),
        SignatureSettings(header="X-Sig", separator=" ", part="v1", assign=","),
        SignatureSettings(header="X-Sig", separator=","),
        SignatureSettings(header="X-Sig", part="v1"),
    ],
)
def test_a_signature_may_stand_anywhere(where: SignatureSettings) -> None:
    template = compile_template(TemplateScheme(signature=where))
    signed = template.sign(REQUEST, "secret")
    assert step(template, signed, "secret") is None
    assert step(template, signed, "other") == "mismatch"
    assert step(template, REQUEST, "secret") == "missing"
    assert template.sign(signed, "secret") == signed, "what was there is not signed twice"


def test_a_signature_in_the_body_signs_what_is_beside_it() -> None:
    template = compile_template(
        TemplateScheme(
            signature=SignatureSettings(json="$.signature.signature"),
            content="{timestamp}{id}",
            timestamp=TimestampSettings(json="$.signature.timestamp"),
            delivery=Place(json="$.signature.token"),
        )
    )
    signed = template.sign(replace(REQUEST, body=b'{"signature":{"token":"abc"}}'), "secret")
    assert step(template, signed, "secret") is None
    assert step(template, replace(signed, body=signed.body.replace(b"abc", b"abd")), "secret") == "mismatch"
    assert step(template, replace(signed, now=NOW + 301_000), "secret") == "timestamp_range"
    for body in (b"", b"{}", b"[" * 100_000, b'{"signature":[]}', b"\xff"):
        assert step(template, replace(signed, body=body), "secret") == "missing"


@pytest.mark.parametrize("name", ["Basic", "basic", "BASIC"])
def test_user_and_password_are_compared_whole(name: str) -> None:
    template = compile_template(TemplateScheme(signature=SignatureSettings(basic=True), mac="token"))

    def asked(text: bytes) -> InboundRequest:
        return replace(REQUEST, headers={b"authorization": name.encode() + b" " + text})

    secret = "user:pass:wörd"
    assert template.sign(REQUEST, secret).headers[b"authorization"].startswith(b"Basic ")
    assert step(template, asked(b64encode(secret.encode())), secret) is None
    assert step(template, asked(b64encode(secret.encode()).rstrip(b"=")), secret) is None
    assert step(template, asked(b64encode(b"user:pass")), secret) == "mismatch"
    for wrong in (b"", b"user:pass", b"!", b"\xff"):
        assert step(template, asked(wrong), secret) == "malformed"
    assert step(template, replace(REQUEST, headers={b"authorization": b"Bearer x"}), secret) == "malformed"


def test_what_stands_for_the_url_is_of_the_configuration() -> None:
    settings = TemplateScheme(signature=HEADER, content="{method} {path}\n{url}\n{body}")
    template = compile_template(settings)
    signed = template.sign(REQUEST, "secret")
    assert step(template, signed, "secret") is None
    assert step(template, replace(signed, url="https://h.example/hooks/y"), "secret") == "mismatch"
    assert step(template, replace(signed, method="PUT"), "secret") == "mismatch"
    assert step(template, replace(signed, query=b"a=1"), "secret") is None, "senders sign the URL without query"
    assert step(template, replace(signed, url=""), "secret") == "missing"


def test_a_signed_delivery_id_cannot_reach_into_what_follows_it() -> None:
    template = compile_template(
        TemplateScheme(
            signature=HEADER,
            content="{id}.{timestamp}.{body}",
            timestamp=TimestampSettings(header="X-Time"),
            delivery=Place(header="X-Id"),
        )
    )
    whole = replace(REQUEST, headers={b"x-id": b"1"}, body=b"1700000000.{}")
    signed = template.sign(whole, "secret")
    shifted = replace(signed, headers={**signed.headers, b"x-id": b"1.1700000000"}, body=b"{}")
    assert step(template, signed, "secret") is None
    assert step(template, shifted, "secret") == "malformed"


@pytest.mark.parametrize(
    ("text", "unit", "millis"),
    [
        ("1700000000", "s", NOW),
        ("0", "s", 0),
        ("1234567890123", "s", None),
        ("1700000000123", "ms", NOW + 123),
        ("1234567890123456", "ms", None),
        ("2023-11-14T22:13:20Z", "rfc3339", NOW),
        ("2023-11-14t22:13:20.123456789z", "rfc3339", NOW + 123),
        ("2023-11-15T00:13:20+02:00", "rfc3339", NOW),
        ("2023-11-14T20:43:20-01:30", "rfc3339", NOW),
        ("0001-01-01T00:00:00+23:59", "rfc3339", -62_135_596_800_000 - 86_340_000),
        ("2023-11-14T22:13:20", "rfc3339", None),
        ("2023-11-14 22:13:20Z", "rfc3339", None),
        ("2023-02-30T00:00:00Z", "rfc3339", None),
        ("2023-11-14T24:00:00Z", "rfc3339", None),
        ("2023-11-14T22:13:60Z", "rfc3339", None),
        ("0000-01-01T00:00:00Z", "rfc3339", None),
        ("2023-11-14T22:13:20+24:00", "rfc3339", None),
        ("2023-11-14T22:13:20Z\n", "rfc3339", None),
        ("\uff12023-11-14T22:13:20Z", "rfc3339", None),
        ("1700000000\n", "s", None),
    ],
)
def test_a_time_is_read_as_it_must_be_written_or_not_at_all(text: str, unit: Unit, millis: int | None) -> None:
    assert read(text, unit) == millis


@pytest.mark.parametrize("unit", ["s", "ms", "rfc3339"])
@pytest.mark.parametrize("where", [{"header": "X-Time"}, {"query": "t"}, {"json": "$.at"}, {"part": "t"}])
def test_a_time_of_sending_may_stand_anywhere(unit: Unit, where: dict[str, str]) -> None:
    template = compile_template(
        TemplateScheme(
            signature=SignatureSettings(header="X-Sig", separator=";", part="v1"),
            content="{timestamp}.{body}",
            timestamp=msgspec.convert({**where, "unit": unit, "tolerance": 300}, TimestampSettings, dec_hook=_hook),
        )
    )
    signed = template.sign(REQUEST, "secret")
    assert step(template, signed, "secret") is None
    assert step(template, replace(signed, now=NOW - 301_000), "secret") == "timestamp_range"


def _hook(kind: type, value: object) -> object:
    return kind.parse(value)  # type: ignore[attr-defined]


def test_a_request_and_its_key_do_not_show_what_they_carry() -> None:
    template = compile_template(TemplateScheme(signature=HEADER))
    signed = template.sign(REQUEST, "tell-nobody")
    assert "tell-nobody" not in repr(template)
    assert signed.headers[b"x-sig"].decode() not in repr(signed)
