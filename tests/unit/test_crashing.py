"""Which types msgspec cannot forget without harm; each one is forgotten in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar

import pytest
from msgspec import Meta, Struct

from hookyard.crashing import crashing

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
Code = Annotated[str, Meta(pattern="^a")]
Named = NewType("Named", Code)  # pyright: ignore[reportGeneralTypeIssues]
Bounded = Annotated[dict[str, int], Meta(max_length=3)]


class Item(Struct):
    number: int
    code: Code | int | None


class Optional(Struct):
    code: Code | dict[str, int] | None


class Wrong(Struct):
    code: Code | list[int]


class Deep(Struct):
    """Has it two levels below, and itself."""

    again: "list[Deep]"
    inner: Mapping[str, tuple[Wrong, ...]]


class Page(Struct, Generic[T]):
    items: list[T]


class Typed(TypedDict):
    code: Code | set[int]


class Tupled(NamedTuple):
    code: Code | tuple[int, ...]


@dataclass
class Data:
    code: Code | frozenset[int]


CRASHING: list[tuple[Any, str]] = [
    (Code | list[int], "itself"),
    (Code | dict[str, int], "itself"),
    (Optional, "Optional.code"),
    (Code | tuple[int, ...], "itself"),
    (Code | set[int], "itself"),
    (Code | Sequence[int], "itself"),
    (Code | Mapping[str, int], "itself"),
    (Code | Collection[int], "itself"),
    (Code | Bounded, "itself"),
    (Annotated[Code | int, Meta(description="One of them.")] | list[int], "itself"),
    (Named | list[int], "itself"),
    (list[Code | list[int]], "itself"),
    (Wrong, "Wrong.code"),
    (Deep, "Wrong.code"),
    (Page[Wrong], "Wrong.code"),
    (Typed, "Typed.code"),
    (Tupled, "Tupled.code"),
    (Data, "Data.code"),
]
FINE: list[Any] = [
    Code | int | float,
    Code | tuple[int, str],
    Code | Item,
    Code | Literal[1, 2],
    str | list[int],
    Annotated[str, Meta(max_length=3)] | list[int],
    dict[Code, list[Code]],
    Page[Code],
]


@pytest.mark.parametrize(("hint", "place"), CRASHING)
def test_what_would_crash_is_found_at_its_place(hint: object, place: str) -> None:
    assert crashing(hint) == place


@pytest.mark.parametrize("hint", FINE)
def test_what_is_harmless_is_not_found(hint: object) -> None:
    assert crashing(hint) is None


FORGET = """
from tests.unit.test_crashing import {name}
import msgspec
for hint in {name}:
    for _ in range(20):
        msgspec.json.Decoder(hint[0] if isinstance(hint, tuple) else hint)
"""


@pytest.mark.parametrize(("name", "ends_well"), [("FINE", True), ("CRASHING[:1]", False)])
def test_the_library_does_so(name: str, ends_well: bool) -> None:
    """When this fails for what crashes, the library is mended, and nothing need be refused any more."""
    source = FORGET.replace("import {name}", f"import {name.partition('[')[0]}").replace("{name}", name)
    debug = {**os.environ, "PYTHONMALLOC": "debug"}
    done = subprocess.run(
        [sys.executable, "-c", source], env=debug, cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    ended_by_signal = done.returncode < 0
    assert done.returncode == 0 if ends_well else ended_by_signal, done.stderr.decode(errors="replace")
