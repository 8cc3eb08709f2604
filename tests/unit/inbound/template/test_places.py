"""Where in a request values stand."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.config.model import Place, SignatureSettings
from hookyard.inbound.places import compile_place, compile_places
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature

PARTED = SignatureSettings(header="X-Sig", separator=",", part="v1")


def request(*, repeated: frozenset[bytes] = frozenset(), query: bytes = b"", **headers: bytes) -> InboundRequest:
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return InboundRequest(headers=named, now=0, repeated=repeated, query=query)


def test_a_header_is_found_by_its_name_in_any_case() -> None:
    place = compile_place(Place(header="X-Event"))
    assert place.header == b"x-event"
    assert not place.needs_body
    assert place.find(request(x_event=b"push"), None) == "push"
    assert place.find(request(), None) is None


def test_a_header_that_came_twice_is_refused_by_name() -> None:
    with pytest.raises(BadSignature) as caught:
        compile_place(Place(header="X-Event")).find(
            request(x_event=b"push, push", repeated=frozenset({b"x-event"})), None
        )
    assert (caught.value.step, caught.value.why) == ("repeated", "x-event")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", None),
        (b"id", None),
        (b"id=", ""),
        (b"id=a%20b+c&x=1", "a b c"),
        (b"%69d=1", "1"),
        (b"ID=1", None),
    ],
)
def test_a_parameter_is_found_decoded(query: bytes, found: str | None) -> None:
    assert compile_place(Place(query="id")).find(request(query=query), None) == found


@pytest.mark.parametrize(
    ("query", "step"), [(b"id=1&id=1", "repeated"), (b"id=1&%69d=2", "repeated"), (b"id=%ff", "malformed")]
)
def test_a_parameter_that_came_twice_or_is_no_text_is_refused(query: bytes, step: str) -> None:
    with pytest.raises(BadSignature) as caught:
        compile_place(Place(query="id")).find(request(query=query), None)
    assert caught.value.step == step


BODIES: list[tuple[object, str | None]] = [
    ({"a": [{"id": "x"}]}, "x"),
    ({"a": [{"id": 12}]}, "12"),
    ({"a": [{"id": -1}]}, "-1"),
    ({"a": [{"id": 2**63}]}, str(2**63)),
    ({"a": [{"id": 10**5000}]}, None),
    ({"a": [{"id": 1.5}]}, None),
    ({"a": [{"id": True}]}, None),
    ({"a": [{"id": None}]}, None),
    ({"a": [{"id": {}}]}, None),
    ({"a": []}, None),
    ([], None),
    (None, None),
    ("a", None),
]


@pytest.mark.parametrize(("body", "found"), BODIES)
def test_of_a_body_strings_and_integers_count(body: object, found: str | None) -> None:
    place = compile_place(Place(json="$.a[0].id"))
    assert place.needs_body
    assert place.find(request(), body) == found


def test_a_part_is_one_of_the_signatures_own_header() -> None:
    place = compile_place(Place(part="t"), PARTED)
    assert place.find(request(x_sig=b"v1=abc, t=12,t2=5"), None) == "12"
    assert place.find(request(x_sig=b"v1=abc"), None) is None
    assert place.find(request(), None) is None
    for twice in (request(x_sig=b"t=1,t=1"), request(x_sig=b"t=1", repeated=frozenset({b"x-sig"}))):
        with pytest.raises(BadSignature) as caught:
            place.find(twice, None)
        assert caught.value.step == "repeated"


def test_a_prefix_is_no_part_of_the_value_and_must_be_there() -> None:
    place = compile_place(Place(header="X-Id", prefix="id:"))
    assert place.find(request(x_id=b"id:7"), None) == "7"
    assert place.find(request(x_id=b"7"), None) is None


def test_of_several_places_the_first_that_has_a_value_counts() -> None:
    place = compile_places((Place(json="$.event.type"), Place(header="X-Event"), Place(constant="other")))
    assert place is not None
    assert place.needs_body
    assert place.find(request(x_event=b"b"), {"event": {"type": "a"}}) == "a"
    assert place.find(request(x_event=b"b"), {"event": 1}) == "b"
    assert place.find(request(), None) == "other"
    assert place.put(request(), "a").body == b'{"event":{"type":"a"}}'
    assert compile_places(()) is None


def test_a_constant_is_always_there() -> None:
    assert compile_place(Place(constant="push")).find(request(), None) == "push"


@pytest.mark.parametrize(
    ("settings", "signature", "key", "words"),
    [
        (Place(), None, "", "exactly one of header, query, json, part and constant, and has none"),
        (Place(header="A", json="$.b"), None, "", "has header and json"),
        (Place(json="$.a[x]"), None, "json", "no path into the body"),
        (Place(part="t"), None, "part", "a signature in a header"),
        (Place(part="t"), SignatureSettings(header="A"), "part", "a separator"),
    ],
)
def test_what_is_no_place_is_refused(
    settings: Place, signature: SignatureSettings | None, key: str, words: str
) -> None:
    with pytest.raises(SchemeError) as caught:
        compile_place(settings, signature)
    [(found, sentence)] = caught.value.problems
    assert found == key
    assert words in sentence


@given(st.text(max_size=40), st.sampled_from(["query", "json"]))
def test_what_is_put_somewhere_is_found_there(text: str, kind: str) -> None:
    place = compile_place(Place(json="$.a.b") if kind == "json" else Place(query="a b"))
    made = place.put(InboundRequest(headers={}, now=0, query=b"x=1", body=b'{"c":1}'), text)
    assert place.find(made, msgspec.json.decode(made.body)) == text
    assert place.put(made, "again").query.count(b"=") == made.query.count(b"=")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
def test_what_is_put_into_a_header_is_found_there(text: str) -> None:
    place = compile_place(Place(header="X-A", prefix="p="))
    assert place.find(place.put(request(x_a=b"old", repeated=frozenset({b"x-a"})), text), None) == text


def test_nothing_is_put_into_a_body_that_has_no_room_for_it() -> None:
    for body in (b"[1]", b'"x"', b"\xff", b'{"a":[]}'):
        asked = InboundRequest(headers={}, now=0, body=body)
        assert compile_place(Place(json="$.a[0]")).put(asked, "x") is asked
    listed = compile_place(Place(json="$[0]")).put(InboundRequest(headers={}, now=0, body=b"[1]"), 2)
    assert listed.body == b"[2]"


def test_a_constant_is_put_nowhere() -> None:
    asked = request()
    assert compile_place(Place(constant="push")).put(asked, "x") is asked
