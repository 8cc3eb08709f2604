"""Whose what a worker writes is, when it writes on while that is looked for."""

import asyncio
import os

from hookyard.runners.worker.output import Output, Stream


def test_what_is_written_while_it_is_looked_whose_it_is_is_of_the_next_job() -> None:
    async def story() -> list[tuple[str, str]]:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        owner, looked = "first", 0
        told: list[tuple[str, str]] = []
        both = asyncio.Event()

        def line(_stream: Stream, text: str) -> None:
            told.append((owner, text))
            if len(told) > 1:
                both.set()

        def catch_up() -> None:
            nonlocal owner, looked
            looked += 1
            if looked == 1:  # the first job has ended without a word of it yet, and the next one writes
                os.write(writing, b"later\n")
            else:
                owner = "next"

        output = Output(reading, "stdout", line, catch_up)
        os.write(writing, b"before\n")
        async with asyncio.timeout(30):
            await both.wait()
        output.close()
        os.close(writing)
        return told

    assert asyncio.run(story()) == [("first", "before"), ("next", "later")]
