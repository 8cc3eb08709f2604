"""Durations, sizes and secrets."""

import copy
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.config import Config, Duration, Rate, Secret, Size
from hookyard.config.model import SourceSettings


@given(st.integers(0, 10**13 - 1))
def test_a_duration_reads_back_from_its_text(millis: int) -> None:
    assert Duration.parse(Duration(millis).text) == millis


@given(st.integers(0, 2**53 - 1))
def test_a_size_reads_back_from_its_text(size: int) -> None:
    assert Size.parse(Size(size).text) == size


@given(st.integers(0, 10**9))
def test_a_number_is_a_duration_in_seconds(seconds: int) -> None:
    assert Duration.parse(seconds) == seconds * 1000


@pytest.mark.parametrize(
    ("raw", "millis"),
    [("250ms", 250), ("30s", 30_000), ("1.5h", 5_400_000), ("1h30m", 5_400_000), ("1d", 86_400_000), (0.25, 250)],
)
def test_durations_are_read(raw: object, millis: int) -> None:
    assert Duration.parse(raw) == millis


@pytest.mark.parametrize(
    "raw",
    [
        *("", "5", "5 s", "s", "5 minutes", "-5s", "1h-1m", "1e3s", "٣s", "9" * 400 + "d"),
        *(-1, True, None, (), 1e10, float("nan"), float("inf")),
    ],
)
def test_anything_else_is_no_duration(raw: object) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 250ms"):
        Duration.parse(raw)


@given(st.integers(1, 10**9 - 1), st.integers(1, 10**13 - 1))
def test_a_rate_reads_back_what_it_writes(count: int, per: int) -> None:
    assert Rate.parse(Rate(count, per).text) == Rate(count, per)


@pytest.mark.parametrize(
    ("raw", "count", "per"),
    [("100/1m", 100, 60_000), ("5/1s", 5, 1000), ("1/250ms", 1, 250), ("3/1h30m", 3, 5_400_000)],
)
def test_rates_are_read(raw: str, count: int, per: int) -> None:
    found = Rate.parse(raw)
    assert (found.count, found.per) == (count, per)


@pytest.mark.parametrize(
    "raw",
    [
        *("", "/", "5", "5/", "/1s", "0/1s", "-1/1s", "05/1s", "5/1", "5/0s", "5/1s!", "5/0.1ms", "5 / 1s", "٣/1s"),
        *("5/1s/1s", "9" * 400 + "/1s", "5/" + "9" * 400 + "s", 5, 1.5, True, None),
    ],
)
def test_anything_else_is_no_rate(raw: object) -> None:
    with pytest.raises(ValueError, match="expected a rate such as 100/1m"):
        Rate.parse(raw)


@pytest.mark.parametrize(("raw", "size"), [("64KiB", 65_536), ("25 MiB", 25 << 20), ("1GiB", 1 << 30), (7, 7)])
def test_sizes_are_read(raw: object, size: int) -> None:
    assert Size.parse(raw) == size


@pytest.mark.parametrize("raw", ["", "1 MB", "1mib", "1.5MiB", "-1B", -1, 1.0, True, None, "9" * 5000 + "B", 1 << 53])
def test_anything_else_is_no_size(raw: object) -> None:
    with pytest.raises(ValueError, match="expected a size such as 64KiB"):
        Size.parse(raw)


def test_the_text_of_a_duration_is_the_shortest() -> None:
    assert [Duration(millis).text for millis in (0, 1, 60_000, 5_400_000, 86_400_000)] == [
        "0s",
        "1ms",
        "1m",
        "1h30m",
        "1d",
    ]


def test_a_secret_reveals_itself_only_when_asked() -> None:
    secret = Secret("swordfish")
    assert secret.reveal() == "swordfish"
    assert [str(secret), repr(secret), f"{secret}", f"{secret!r}"] == ["***", "Secret('***')", "***", "Secret('***')"]
    assert secret == Secret("swordfish")
    assert secret != Secret("other")
    assert hash(secret) == hash(Secret("swordfish"))


def test_a_secret_is_neither_encoded_nor_pickled_nor_copied() -> None:
    secret = Secret("swordfish")
    for attempt in (msgspec.json.encode, msgspec.to_builtins, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            attempt(secret)
        assert "swordfish" not in "".join(traceback.format_exception(caught.value))


def test_a_dump_of_a_source_hides_its_secrets() -> None:
    source = SourceSettings(scheme="github", secrets=(Secret("swordfish"),), routes=())
    for shown in (repr(source), str(msgspec.structs.asdict(source)), repr(Config(sources={"a": source}))):
        assert "swordfish" not in shown
        assert "***" in shown
