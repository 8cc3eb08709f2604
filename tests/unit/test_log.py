"""Logs: one line per change, whatever a value does, and none of another's lines lost."""

import asyncio
import contextlib
import io
import json
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from hookyard import log


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes for one test."""
    out = io.StringIO()
    log.setup("info", "json", out)
    yield out
    log.setup("error", "json", io.StringIO())


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_change_and_a_loggers_line_look_the_same(stream: io.StringIO) -> None:
    log.get("room").info("thing.happened", job_id="a")
    log.change("thing.happened", job_id="b")
    one, two = lines(stream)
    assert (one["event"], one["level"], one["job_id"]) == ("thing.happened", "info", "a")
    assert (two["event"], two["level"], two["job_id"]) == ("thing.happened", "info", "b")
    assert one["timestamp"]
    assert two["timestamp"]


def test_the_lines_of_one_turn_of_the_loop_are_written_together_and_in_order(stream: io.StringIO) -> None:
    async def story() -> None:
        for number in range(3):
            log.change("n", number=number)
        assert stream.getvalue() == ""
        await asyncio.sleep(0)
        assert [line["number"] for line in lines(stream)] == [0, 1, 2]

    asyncio.run(story())


@pytest.mark.parametrize("value", ["half a pair \ud800", Broken()])
def test_a_value_that_cannot_be_written_costs_no_other_line(stream: io.StringIO, value: object) -> None:
    async def story() -> None:
        log.change("before", job_id="a")
        log.change("odd", job_id="b", value=value)
        log.change("after", job_id="c")
        await asyncio.sleep(0)

    asyncio.run(story())
    assert [(line["event"], line["job_id"]) for line in lines(stream)] == [
        ("before", "a"),
        ("odd", "b"),
        ("after", "c"),
    ]
    assert "unloggable" in lines(stream)[1]


def test_a_threads_line_does_not_wait_for_a_loop_that_is_stuck(stream: io.StringIO) -> None:
    async def story() -> None:
        log.change("of the loop")
        thread = threading.Thread(target=lambda: log.get("watchdog").warning("of the thread"))
        thread.start()
        thread.join()  # the loop does not turn meanwhile
        assert [line["event"] for line in lines(stream)] == ["of the loop", "of the thread"]

    asyncio.run(story())


def test_what_is_less_important_than_the_level_is_not_written(stream: io.StringIO) -> None:
    log.setup("warning", "json", stream)
    log.get("room").info("quiet")
    log.change("quiet")
    log.change("loud", "warning")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_a_logger_that_has_written_before_follows_a_later_setup(stream: io.StringIO) -> None:
    logger, later = log.get("room"), io.StringIO()
    logger.info("first")
    log.setup("error", "json", later)
    logger.info("quiet")
    logger.error("second")
    log.setup("info", "json", later)
    logger.info("third")
    logger.critical("fourth")
    assert [line["event"] for line in lines(stream)] == ["first"]
    assert [line["event"] for line in lines(later)] == ["second", "third", "fourth"]


def test_whoever_captures_the_log_gets_the_lines_of_loggers_that_have_written_before(stream: io.StringIO) -> None:
    logger = log.get("room")
    logger.info("first")
    log.setup("error", "json", io.StringIO())
    with capture_logs() as captured:
        logger.info("second")
    assert [(line["event"], line["log_level"]) for line in captured] == [("second", "info")]
    assert [line["event"] for line in lines(stream)] == ["first"]


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(len(text))


def test_a_log_that_nobody_reads_any_more_fails_nobody() -> None:
    log.setup("info", "json", Gone())
    log.get("room").warning("said")
    log.change("said")
    log.setup("error", "json", io.StringIO())


def test_an_exception_is_written_without_the_variables_of_its_frames() -> None:
    for form in ("json", "console"):
        out = io.StringIO()
        log.setup("info", form, out)
        with contextlib.suppress(RuntimeError):
            fail_and_tell("swordfish")
        assert "RuntimeError: 9" in out.getvalue()
        assert "swordfish" not in out.getvalue()


def fail_and_tell(secret: str) -> None:
    try:
        len_of(secret)
    except RuntimeError:
        log.get("room").exception("failed")
        raise


def len_of(secret: str) -> None:
    raise RuntimeError(len(secret))
