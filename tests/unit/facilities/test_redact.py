"""No secret remains, and JSON stays JSON."""

import json
from typing import cast
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hookyard.context.logger import shortened
from hookyard.facilities.redact import Redactor
from hookyard.model import ErrorInfo

SECRET = 'pa"ss wörd/+='
secrets = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=12), min_size=1, max_size=4)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def values(known: list[str]) -> st.SearchStrategy[object]:
    strings = st.lists(texts | st.sampled_from(known), max_size=3).map("".join)
    numbers = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    leaves: st.SearchStrategy[object] = st.none() | st.booleans() | numbers | strings

    def branches(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4)

    return st.recursive(leaves, branches, max_leaves=12)


def strings_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return [text for pair in members.items() for each in pair for text in strings_of(each)]
    if isinstance(value, list):
        return [text for each in cast("list[object]", value) for text in strings_of(each)]
    return []


@given(st.data())
def test_no_secret_remains_in_json_which_stays_json(data: st.DataObject) -> None:
    known = data.draw(secrets)
    value = data.draw(values(known))
    redactor = Redactor(known)
    body = msgspec.json.encode(value)
    cleaned = redactor.json(body)
    found = strings_of(msgspec.json.decode(cleaned))
    assert [text for text in found for secret in known if secret in text] == []
    if all(redactor.text(text) == text for text in strings_of(value)):
        assert cleaned == body


@given(secrets, st.data())
def test_no_secret_remains_in_a_text(known: list[str], data: st.DataObject) -> None:
    text = "".join(data.draw(st.lists(st.sampled_from(known) | texts, max_size=5)))
    cleaned = Redactor(known).text(text)
    assert [secret for secret in known if secret in cleaned] == []


def test_a_secret_that_json_escapes_is_found_however_it_is_escaped() -> None:
    redactor = Redactor(['a"b\\c', "geheim"])
    assert redactor.json(b'{"x":"a\\"b\\\\c"}') == b'{"x":"***"}'
    assert redactor.json(b'{"x":"\\u0067eheim"}') == b'{"x":"***"}'


def test_a_body_without_secrets_stays_byte_for_byte() -> None:
    body = b'{ "n": 1.0, "t": "line\\nbreak" }'
    assert Redactor(["geheim"]).json(body) is body
    assert Redactor().json(body) is body


def test_short_values_and_numbers_are_left_alone() -> None:
    redactor = Redactor(["abc", "12345"])
    assert redactor.json(b'["abc",12345,"12345"]') == b'["abc",12345,"***"]'


def test_a_secret_in_a_traceback_is_found_as_python_shows_it() -> None:
    secret = "-----BEGIN-----\nabc\n"
    assert "abc" not in Redactor([secret]).text(f"ValueError: {secret!r}")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"key": SECRET}),
        json.dumps({"key": SECRET}, ensure_ascii=False),
        f"401 for {httpx.URL('https://host/', params={'key': SECRET})}",
        f"401 for {httpx.URL(f'https://host/?key={SECRET}')}",
        f"401 for https://host/{quote(SECRET)}",
    ],
)
def test_a_secret_is_found_as_json_and_urls_show_it_within_a_text(text: str) -> None:
    cleaned = Redactor([SECRET]).text(text)
    assert "***" in cleaned
    assert "pa" not in cleaned


def test_the_lines_of_a_secret_are_found_one_by_one() -> None:
    redactor = Redactor(["-----BEGIN KEY-----\n  MIIEvQIBADANBg\r\n  }\n-----END KEY-----\n"])
    assert redactor.text("read MIIEvQIBADANBg") == "read ***"
    assert redactor.json(b'{"line":"MIIEvQIBADANBg"}') == b'{"line":"***"}'
    assert redactor.text("{ }") == "{ }"


def test_every_part_of_an_error_is_cleaned() -> None:
    error = ErrorInfo("geheim", "it is geheim!", retryable=True, details={"geheim": ["geheim", 1]})
    assert Redactor(["geheim"]).error(error) == ErrorInfo(
        "***", "it is ***!", retryable=True, details={"***": ["***", 1]}
    )


@pytest.mark.parametrize("body", [b"no json geheim", b'"geheim', b"[" * 100_000 + b'"geheim"'])
def test_what_cannot_be_decoded_loses_its_secrets_too(body: bytes) -> None:
    assert b"geheim" not in Redactor(["geheim"]).json(body)


@given(secrets, st.integers(0, 40), st.integers(1, 40))
@example(["0000000000\r0"], 0, 11)
def test_no_part_of_a_secret_remains_where_a_long_text_was_cut(known: list[str], before: int, longest: int) -> None:
    text = "\ue000" * before + known[0] + "\ue000" * 40
    cut = shortened(text, longest)
    cleaned = Redactor(known).text(cut)
    left = cleaned.removesuffix(cut[longest:]) if len(text) > longest else cleaned
    assert left.replace("***", "").strip("\ue000") == ""


@pytest.mark.parametrize("kept", range(1, 13))
def test_the_head_and_the_tail_of_a_cut_secret_are_masked(kept: int) -> None:
    secret = "TOPSECRET-99"
    redactor = Redactor([secret, "TOP-something-else"])
    whole = kept == len(secret)
    assert redactor.text(f"xy{secret[:kept]}... (900 characters)") == "xy***... (900 characters)"
    assert redactor.text(f"(900 characters) ...{secret[-kept:]} z") == "(900 characters) ...*** z"
    assert redactor.cut(f"xy{secret}", 2 + kept) == "xy***"[: 2 + kept]
    assert redactor.cut(f"xy{secret[:kept]}", 2 + kept) == "xy***"[: 2 + kept]
    body = msgspec.json.encode({"value": f"xy{secret[:kept]}... (900 characters)"})
    assert redactor.json(body) == b'{"value":"xy***... (900 characters)"}'
    if not whole:  # of one that nobody cut a part may stay: it may be any word
        assert redactor.text(f"xy{secret[:kept]}") == f"xy{secret[:kept]}"
