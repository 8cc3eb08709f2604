"""What every preset must take, and what it must refuse, by requests that its own verifier has signed."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect
from tests.unit.inbound.presets.forge import NOW, case, flipped, identities, repeated, with_header

from hookyard.config.model import PresetName
from hookyard.inbound import handshakes
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.presets import load, names

every = pytest.mark.parametrize("identity", identities())
signers = pytest.mark.parametrize(
    "identity", [name for name in identities() if case(name).signs_body and name != "aws-sns"]
)
"""Those that sign every byte of the body; Amazon signs members of it."""
in_query = pytest.mark.parametrize("identity", [name for name in identities() if case(name).parameter()])
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MISSING = {"missing", "timestamp_missing"}
EMPTY = MISSING | {"malformed", "timestamp_malformed"}


def test_there_is_a_file_for_every_name_that_a_configuration_may_have() -> None:
    kind = inspect.type_info(PresetName)
    plain = kind.type if isinstance(kind, inspect.Metadata) else kind
    assert isinstance(plain, inspect.LiteralType)
    assert names() == tuple(sorted(str(value) for value in plain.values))


@pytest.mark.parametrize("name", names())
def test_a_preset_is_a_template_or_a_verifier_and_knows_its_handshakes(name: str) -> None:
    preset = load(name)
    assert (preset.template is None) != (preset.verifier is None)
    assert set(preset.handshakes) <= set(BY_NAME), handshakes
    assert preset.pages, "where the rules were read"


@every
def test_what_its_sender_signed_is_found_good_and_the_key_is_named(identity: str) -> None:
    one = case(identity)
    key = one.key()
    assert one.verify(one.good, key) is key


@every
def test_any_of_several_secrets_may_have_signed(identity: str) -> None:
    one = case(identity)
    keys = [one.key(one.other, 0), one.key(one.pair, 1), one.key(one.verifier.pair(), 2)]
    assert one.verify(one.good, *keys).number == 1


@every
def test_what_was_signed_with_another_secret_is_refused(identity: str) -> None:
    one = case(identity)
    assert one.step(one.signed(pair=one.other)) == "mismatch"
    assert one.step(one.good, one.key(one.other)) == "mismatch"


@every
def test_without_a_secret_nothing_is_good(identity: str) -> None:
    one = case(identity)
    with pytest.raises(Exception) as caught:  # noqa: PT011  the type is what is looked at
        one.verifier.verify(one.good, ())
    assert getattr(caught.value, "step", None) in {"no_secret", "certificate"}


@every
def test_an_unsigned_request_is_refused(identity: str) -> None:
    one = case(identity)
    assert one.step(one.unsigned()) in MISSING | {"malformed"}


@every
def test_a_request_is_good_for_the_tolerance_and_not_longer(identity: str) -> None:
    one = case(identity)
    if one.tolerance is None:
        assert one.step(msgspec.structs.replace(one.good, now=NOW + 86_400_000)) is None
        return
    for moment in (NOW - one.tolerance, NOW + one.tolerance):
        assert one.step(msgspec.structs.replace(one.good, now=moment)) is None
    for moment in (NOW - one.tolerance - 1000, NOW + one.tolerance + 1000):
        assert one.step(msgspec.structs.replace(one.good, now=moment)) == "timestamp_range"


@every
def test_a_body_that_was_cut_off_or_added_to_is_refused(identity: str) -> None:
    one = case(identity)
    signed = one.good
    for body in (signed.body[:-1], signed.body[:-20], signed.body + b" ", b"", signed.body + signed.body):
        step = one.step(msgspec.structs.replace(signed, body=body))
        if one.signs_body and one.name != "aws-sns":  # of which only members of the body are signed
            assert step in {"mismatch", "content_digest"}, body
        elif one.name in {"aws-sns", "microsoft-graph"}:
            assert step in {None, "malformed"}


@signers
def test_a_body_that_was_written_anew_is_refused(identity: str) -> None:
    one = case(identity)
    signed = one.good
    again = msgspec.json.format(signed.body, indent=2)
    assert one.step(msgspec.structs.replace(signed, body=again)) in {"mismatch", "content_digest"}


@every
def test_an_empty_body_can_be_signed(identity: str) -> None:
    one = case(identity)
    signed = one.verifier.sign(msgspec.structs.replace(one.unsigned(), body=b""), one.pair.signing)
    assert one.step(signed) is None


@every
def test_a_body_that_is_no_text_can_be_signed_but_where_the_body_says_when(identity: str) -> None:
    one = case(identity)
    body = b"\xff\xfe\x00\xc3\x28"
    step = one.step(one.verifier.sign(msgspec.structs.replace(one.unsigned(), body=body), one.pair.signing))
    assert step is None or (one.name == "linear" and step == "timestamp_missing")


@every
def test_a_header_that_carries_the_signature_must_be_there_and_not_be_empty(identity: str) -> None:
    one = case(identity)
    for name in one.carriers():
        assert one.step(with_header(one.good, name, None)) in MISSING | {"malformed"}, name
        assert one.step(with_header(one.good, name, b"")) in EMPTY | (
            {"mismatch"} if name == b"content-digest" else set()
        ), name


@every
def test_a_header_that_came_twice_is_refused(identity: str) -> None:
    one = case(identity)
    for name in one.carriers():
        assert one.step(repeated(one.good, name)) == "repeated", name


@in_query
def test_a_parameter_that_came_twice_is_refused(identity: str) -> None:
    one = case(identity)
    name, signed = one.parameter(), one.good
    assert one.step(msgspec.structs.replace(signed, query=signed.query + b"&" + signed.query)) in {
        "repeated", "mismatch",
    }  # fmt: skip
    assert one.step(msgspec.structs.replace(signed, query=b"")) in MISSING | {"mismatch", "coverage"}
    assert one.step(msgspec.structs.replace(signed, query=f"{name}=".encode())) is not None
    assert one.step(msgspec.structs.replace(signed, query=f"{name}=%ff%fe".encode())) is not None


@every
def test_a_header_that_was_cut_off_or_added_to_is_refused(identity: str) -> None:
    one = case(identity)
    signed = one.good
    for name in one.carriers():
        value = signed.headers[name]
        spoilt = [
            value[:-3], value[: len(value) // 2], value[3:], value + b"\n", value + b"\r\n", b"\n" + value,
            value + b"\x00", value + b"\xc3\xa9", value + b"\xff", b"\xe9" + value, value + b"A" * 100_000,
            b"A" * 1_000_000, b"," * 100_000, b"=" * 100_000, b" " * 100_000, b"0" * 100_000,
        ]  # fmt: skip
        for text in spoilt:
            assert one.step(with_header(signed, name, text)) is not None, (name, text[:80])


@every
@QUICK
@given(data=st.data())
def test_arbitrary_bytes_in_a_header_are_refused_and_nothing_else_happens(identity: str, data: st.DataObject) -> None:
    one = case(identity)
    signed = one.good
    for name in one.carriers():
        value = data.draw(_bytes_like(signed.headers[name]), label=name.decode())
        if not one.may_be_good(name, value):
            assert one.step(with_header(signed, name, value)) is not None


@every
@QUICK
@given(
    body=st.binary(max_size=300),
    query=st.binary(max_size=60),
    kind=st.sampled_from([b"", b"application/json", b"application/x-www-form-urlencoded; charset=x"]),
)
def test_arbitrary_bodies_and_queries_raise_nothing_else(identity: str, body: bytes, query: bytes, kind: bytes) -> None:
    one = case(identity)
    spoilt = msgspec.structs.replace(with_header(one.good, b"content-type", kind), body=body, query=query)
    one.step(spoilt)
    one.step(msgspec.structs.replace(with_header(one.unsigned(), b"content-type", kind), body=body, query=query))


@every
@QUICK
@given(body=st.binary(max_size=200), shift=st.integers(-10_000, 10_000))
def test_whatever_is_signed_is_found_good(identity: str, body: bytes, shift: int) -> None:
    one = case(identity)
    unsigned = msgspec.structs.replace(one.unsigned(), body=body, now=NOW + shift)
    step = one.step(one.verifier.sign(unsigned, one.pair.signing))
    assert step is None or (one.name == "linear" and step == "timestamp_missing")


@every
@QUICK
@given(bit=st.integers(0, 10**6))
def test_a_flipped_bit_in_what_is_signed_is_refused(identity: str, bit: int) -> None:
    one = case(identity)
    signed = one.good
    if one.signs_body and one.name != "aws-sns":
        assert one.step(msgspec.structs.replace(signed, body=flipped(signed.body, bit))) is not None
    for name in one.carriers():
        text = flipped(signed.headers[name], bit)
        if not _says_the_same(one.name, text, signed.headers[name]):
            assert one.step(with_header(signed, name, text)) is not None, (name, text)


def _says_the_same(name: str, text: bytes, good: bytes) -> bool:
    """Hex, and the names of methods, are written in any case; in structured fields the bits of base64 that stand for
    nothing may be anything (RFC 9651, 4.2.7)."""
    if name == "rfc9421" and good.endswith(b"==:") and text[:-4] + text[-3:] == good[:-4] + good[-3:]:
        return True
    return text.lower() == good.lower()


def _bytes_like(good: bytes) -> st.SearchStrategy[bytes]:
    """Noise, and what looks almost like the real thing."""
    pieces = st.sampled_from(
        [good, good[:10], good[-10:], b",", b"=", b";", b" ", b"v1=", b"sha256=", b"\xff", b"(", b'"', b":", b"t=1"]
    )
    return st.one_of(st.binary(max_size=200), st.lists(pieces, max_size=8).map(b"".join))
