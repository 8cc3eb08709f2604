"""Which part a request asks for: RFC 9110, section 14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.gateway.ranges import asked_range, still_holds

# Header, size, answer: the examples of section 14.1.2 and what surrounds them.
CASES: list[tuple[bytes | None, int, tuple[int, int] | None]] = [
    (None, 10, None),
    (b"bytes=0-499", 10_000, (0, 500)),
    (b"bytes=500-999", 10_000, (500, 1000)),
    (b"bytes=-500", 10_000, (9500, 10_000)),
    (b"bytes=9500-", 10_000, (9500, 10_000)),
    (b"bytes=0-0", 10_000, (0, 1)),
    (b"bytes=0-99999", 10, (0, 10)),
    (b"bytes=-99999", 10, (0, 10)),
    (b"bytes= 2-3 ", 10, (2, 4)),
    (b"bytes=0-0,-1", 10, None),
    (b"bytes=3-2", 10, None),
    (b"bytes=-", 10, None),
    (b"bytes=a-b", 10, None),
    (b"lines=0-1", 10, None),
    (b"bytes=--1", 10, None),
    (b"", 10, None),
]


@pytest.mark.parametrize(("header", "size", "expected"), CASES)
def test_a_range_is_read_as_the_standard_says(
    header: bytes | None, size: int, expected: tuple[int, int] | None
) -> None:
    assert asked_range(header, size) == expected


@pytest.mark.parametrize("header", [b"bytes=10-", b"bytes=10-20", b"bytes=-0"])
def test_bytes_that_are_not_there_are_refused(header: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        asked_range(header, 10)


@pytest.mark.parametrize("header", [b"bytes=0-", b"bytes=-5", b"bytes=0-0"])
def test_nothing_has_no_part(header: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        asked_range(header, 0)


@given(st.one_of(st.binary(max_size=30), st.from_regex(rb"bytes=\d*-\d*", fullmatch=True)), st.integers(0, 1000))
def test_whatever_is_asked_for_lies_within(header: bytes, size: int) -> None:
    try:
        found = asked_range(header, size)
    except ValueError:
        return
    if found is not None:
        start, end = found
        assert 0 <= start < end <= size


def test_a_range_holds_only_for_the_very_content_that_it_is_of() -> None:
    assert still_holds(None, b'"a"')
    assert still_holds(b' "a" ', b'"a"')
    assert not still_holds(b'W/"a"', b'"a"')
    assert not still_holds(b'"b"', b'"a"')
    assert not still_holds(b"Sun, 22 Nov 2026 00:00:00 GMT", b'"a"')
