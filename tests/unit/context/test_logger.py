"""A line holds only what any channel and any store can take, and says what was cut."""

from datetime import UTC, datetime

import msgspec
import pytest

from hookyard.context.logger import LARGEST_LINE, LONGEST_VALUE, line


class Unshowable:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        (float("nan"), None),
        ("text", "text"),
        ("half \ud800", "half ?"),
        (b"bytes", "Ynl0ZXM="),
        ((1, "a"), [1, "a"]),
        ({1: {2}}, {"1": [2]}),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (2**80, "1208925819614629174706176"),
        ([2**80], "[1208925819614629174706176]"),
        (Unshowable(), "<Unshowable: RuntimeError when it was to be shown>"),
        ({"half": "\ud800"}, "{'half': '\\ud800'}"),
    ],
)
def test_every_value_becomes_plain(value: object, kept: object) -> None:
    note = line("info", "a.b", {"value": value})
    assert note.values == {"value": kept}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(note.values)) == note.values


def test_a_value_that_holds_itself_is_shown() -> None:
    value: list[object] = []
    value.append(value)
    assert line("info", "a.b", {"value": value}).values == {"value": "[[...]]"}


def test_long_texts_are_cut_and_say_how_long_they_were() -> None:
    note = line("info", "e" * 300, {"text": "x" * 20_000, "list": ["y" * 20_000]})
    assert note.event == "e" * 200 + "... (300 characters)"
    assert note.values["text"] == "x" * LONGEST_VALUE + "... (20000 characters)"
    assert str(note.values["list"]).endswith("... (20004 characters)")


def test_a_line_of_too_many_values_says_so_and_keeps_the_traceback() -> None:
    many: dict[str, object] = {f"v{number}": "x" * 16_000 for number in range(5)}
    assert "5 values of" in str(line("info", "a.b", many).values["dropped"])
    note = line("error", "a.b", {})
    try:
        int("oops")
    except ValueError:
        note = line("error", "a.b", many | {"exc_info": True})
    assert "ValueError: invalid literal" in str(note.values["exception"])
    assert len(msgspec.json.encode(note.values)) <= LARGEST_LINE
