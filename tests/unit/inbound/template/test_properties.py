"""What holds for every template that can be written, whatever is signed and whatever comes."""

import re
from urllib.parse import unquote_to_bytes

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hookyard.config.model import Place, SignatureSettings, TemplateScheme, TimestampSettings
from hookyard.inbound.places import place_problems
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import SchemeError, compile_template
from hookyard.inbound.template.encoding import decode_base64, decode_base64url, decode_hex, encode
from hookyard.inbound.urlencoded import field_of
from hookyard.inbound.verifier import BadSignature, Key

NOW = 1_700_000_000_000
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)
WHERE = st.sampled_from(
    [
        SignatureSettings(header="X-Sig"),
        SignatureSettings(header="X-Sig", prefix="sha256="),
        SignatureSettings(header="X-Sig", separator=",", part="v1"),
        SignatureSettings(header="X-Sig", separator=";", part="h1", assign=":"),
        SignatureSettings(header="X-Sig", separator=" ", part="v1", assign=","),
        SignatureSettings(query="sig"),
    ]
)
TIMES = st.sampled_from(
    [
        None,
        TimestampSettings(header="X-Time"),
        TimestampSettings(header="X-Time", unit="ms", prefix="at "),
        TimestampSettings(query="at", unit="rfc3339"),
        TimestampSettings(json="$.at"),
        TimestampSettings(part="t"),
    ]
)
IDS = st.sampled_from([None, Place(header="X-Id"), Place(query="id"), Place(json="$.id")])


@st.composite
def templates(draw: st.DrawFn) -> TemplateScheme:
    """Any that does not contradict itself, with a shared secret."""
    where, time, delivery = draw(WHERE), draw(TIMES), draw(IDS)
    assume(time is None or not list(place_problems(time, where)))
    tokens = ["{body}", "{method}", "{url}", "{path}"] + ["{timestamp}"] * (time is not None)
    tokens += ["{id}"] * (delivery is not None)
    glue = draw(st.lists(st.sampled_from([".", ":", "v0:", "", "\n", "ö"]), min_size=6, max_size=6))
    content = "".join(f"{token}{by}" for token, by in zip(draw(st.permutations(tokens)), glue, strict=False))
    return TemplateScheme(
        signature=where,
        content=content,
        timestamp=time,
        delivery=delivery,
        mac=draw(st.sampled_from(["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"])),
        encoding=draw(st.sampled_from(["hex", "base64", "base64url"])),
    )


def good(scheme: TemplateScheme, request: InboundRequest, secret: str) -> bool:
    template = compile_template(scheme)
    try:
        template.verify(request, [Key(material=template.load(secret))])
    except BadSignature:
        return False
    return True


@SLOW
@given(
    scheme=templates(),
    members=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.none(), max_size=4),
    secret=st.text(min_size=1).filter(str.strip),
    bit=st.integers(0, 10**6),
)
def test_what_is_signed_is_good_and_with_any_bit_of_the_body_flipped_it_is_not(
    scheme: TemplateScheme, members: dict[str, object], secret: str, bit: int
) -> None:
    template = compile_template(scheme)
    body = msgspec.json.encode({key: value for key, value in members.items() if key not in {"id", "at"}})
    asked = InboundRequest(headers={}, body=body, now=NOW, url="https://h.example/hooks/x")
    signed = template.sign(asked, secret)
    assert good(scheme, signed, secret)
    assert not good(scheme, signed, secret + "x")
    at = bit % (8 * len(signed.body))
    flipped = bytearray(signed.body)
    flipped[at // 8] ^= 1 << at % 8
    assert not good(scheme, replace(signed, body=bytes(flipped)), secret)


@SLOW
@given(scheme=templates(), header=st.binary(max_size=120), query=st.binary(max_size=60), body=st.binary(max_size=60))
def test_nothing_but_a_bad_signature_comes_of_noise(
    scheme: TemplateScheme, header: bytes, query: bytes, body: bytes
) -> None:
    headers = dict.fromkeys([b"x-sig", b"x-time", b"x-id", b"content-type"], header)
    asked = InboundRequest(headers=headers, body=body, query=query, now=NOW, url="https://h.example/x")
    assert not good(scheme, asked, "secret")
    signed = compile_template(scheme).sign(asked, "secret") if _can_sign(scheme, asked) else asked
    for name in (b"x-sig", b"x-time", b"x-id"):
        assert not good(scheme, replace(signed, headers={**signed.headers, name: header + b"?"}), "secret") or (
            name not in signed.headers or name not in _read(scheme)
        )


def _can_sign(scheme: TemplateScheme, request: InboundRequest) -> bool:
    try:
        compile_template(scheme).sign(request, "secret")
    except BadSignature:
        return False
    return True


def _read(scheme: TemplateScheme) -> set[bytes]:
    """The headers that the signature is in or over."""
    time, delivery = scheme.timestamp or Place(), scheme.delivery or Place()
    names = (scheme.signature.header, time.header, delivery.header)
    return {name.lower().encode() for name in names if name is not None}


@given(content=st.text(max_size=30), prefix=ASCII, separator=ASCII, part=ASCII, assign=ASCII)
def test_a_template_compiles_or_says_what_is_wrong(
    content: str, prefix: str, separator: str, part: str, assign: str
) -> None:
    where = SignatureSettings(header="X-Sig", prefix=prefix, separator=separator, part=part, assign=assign)
    found: object = None
    try:
        found = compile_template(TemplateScheme(signature=where, content=content or "{body}")).load("secret")
    except SchemeError as error:
        found = error.problems
    assert found


@given(st.binary(max_size=80))
def test_a_signature_is_read_as_it_was_written_and_only_so(data: bytes) -> None:
    assert decode_hex(encode(data, "hex").encode()) == data
    assert decode_hex(encode(data, "hex").upper().encode()) == data
    for written, decode in ((encode(data, "base64"), decode_base64), (encode(data, "base64url"), decode_base64url)):
        assert decode(written.encode()) == data
        assert decode(written.rstrip("=").encode()) == data
        assert decode(written.encode() + b"\n") is None


@given(st.binary(max_size=40))
def test_two_texts_are_never_the_same_base64_but_for_the_padding(text: bytes) -> None:
    for decode, encoding in ((decode_base64, "base64"), (decode_base64url, "base64url")):
        decoded = decode(text)
        if decoded is not None:
            written = encode(decoded, "base64" if encoding == "base64" else "base64url").encode()
            assert text in {written, written.rstrip(b"=")}


@given(st.binary(max_size=60), st.text(min_size=1, max_size=3))
def test_a_form_has_its_field_or_not(body: bytes, name: str) -> None:
    found = field_of(body, name)
    assert found is None or len(found) <= len(body)


@given(
    st.lists(
        st.sampled_from([b"%41", b"%3d", b"%3D", b"%0A", b"%0d", b"%25", b"+", b"\n", b"\r", b" ", b"_", b"a", b"\xff"])
    )
)
def test_a_field_is_decoded_as_any_form_is(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    expected = unquote_to_bytes(text.replace(b"+", b" "))
    assert field_of(b"a=1&p%61yload=" + text, "payload") == expected
    padded = b"x" * 65_534 + text * 3  # where pieces are cut
    assert field_of(b"payload=" + padded, "payload") == unquote_to_bytes(padded.replace(b"+", b" "))


@given(st.lists(st.sampled_from([b"%", b"%4", b"=", b"%zz", b"%41", b"a"]), min_size=1).map(b"".join))
def test_what_no_form_has_is_refused(text: bytes) -> None:
    odd = b"=" in text or re.search(rb"%(?![0-9A-Fa-f]{2})", text) is not None
    assert (field_of(b"payload=" + text, "payload") is None) == odd
