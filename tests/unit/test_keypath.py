"""Paths into a command's input."""

import pytest
from msgspec import Raw, Struct

from hookyard.keypath import KeyPath


class Repo(Struct, rename="camel"):
    full_name: str = "none/none"
    topics: list[str] = []


class Push(Struct):
    repo: Repo | None = None
    pair: tuple[int, str] = (1, "b")
    labels: dict[str, list[str]] = {}
    anything: object = None
    raw: Raw = Raw(b'{"deep":{"er":"x"}}')
    number: int = 7


PUSH = Push(Repo("a/b", ["x", "y"]), labels={"env": ["prod"]}, anything={"list": [{"id": 1}]})


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("payload.repo.fullName", "a/b"),
        ("payload.repo.topics[1]", "y"),
        ("payload.repo.topics[9]", None),
        ("payload.pair[1]", "b"),
        ("payload.labels.env[0]", "prod"),
        ("payload.labels.none[0]", None),
        ("payload.anything.list[0].id", "1"),
        ("payload.anything.nothing.below", None),
        ("payload.raw.deep.er", "x"),
        ("payload.number", "7"),
        ("payload.repo", '{"fullName":"a/b","topics":["x","y"]}'),
    ],
)
def test_the_key_is_the_text_or_the_json_of_what_is_there(path: str, key: str | None) -> None:
    found = KeyPath(path)
    assert found.problem(Push) is None
    assert found.find(PUSH) == key


def test_a_field_that_was_left_out_has_its_default_and_null_is_no_key() -> None:
    assert KeyPath("payload.repo.fullName").find(Push(Repo())) == "none/none"
    assert KeyPath("payload.repo.fullName").find(Push(None)) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("payload.rep", "payload of Push has no member 'rep'"),
        ("payload.repo.full_name", "payload.repo of Push has no member 'full_name'"),
        ("payload.repo[0]", "payload.repo of Push has no place 0"),
        ("payload.pair[2]", "payload.pair of Push has no place 2"),
        ("payload.number.bits", "payload.number of Push has no member 'bits'"),
    ],
)
def test_a_path_that_can_lead_nowhere_is_told_with_the_place(path: str, why: str) -> None:
    problem = KeyPath(path).problem(Push)
    assert problem is not None
    assert why in problem


@pytest.mark.parametrize(
    "text", ["", "repo", "payload.", "payload..a", "payload[-1]", "payload[x]", "payloads.a", "payload.a b"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no path into the input, such as"):
        KeyPath(text)


def test_a_long_key_is_its_digest() -> None:
    first, second = (KeyPath("payload.fullName").find(Repo("x" * 300 + end)) for end in "ab")
    assert first is not None
    assert second is not None
    assert (len(first), first != second) == (32, True)
