"""Named blobs, written and read in pieces, in both forms."""

import asyncio

import pytest
from msgspec import Struct

from hookyard import ArtifactError, ContextError
from hookyard.context.artifacts import PIECE, Sink
from hookyard.context.messages import Ask, WriteArtifact
from hookyard.testing import FakeArtifact, FakeContext, FakeSyncContext


class Report(Struct):
    lines: int


LARGE = bytes(range(256)) * 3000


def test_an_async_command_writes_and_reads_artifacts() -> None:
    async def story() -> None:
        ctx = FakeContext()
        async with ctx.artifacts.open("log.txt", "text/plain") as sink:
            await sink.write("hello ")
            await sink.write(b"world")
            assert ctx.host.artifacts == {}
        assert sink.artifact is not None
        assert sink.artifact.size == 11
        assert ctx.host.artifacts["log.txt"] == FakeArtifact("text/plain", b"hello world")
        assert (await ctx.artifacts.put("large", "application/octet-stream", LARGE)).size == len(LARGE)
        assert await ctx.artifacts.read("large") == LARGE
        assert [len(piece) async for piece in ctx.artifacts.stream("large")] == [PIECE, PIECE, len(LARGE) - 2 * PIECE]
        await ctx.artifacts.put_json("report", Report(3))
        assert ctx.host.artifacts["report"].media_type == "application/json"
        assert await ctx.artifacts.read_json("report", Report) == Report(3)
        with pytest.raises(ContextError, match="the artifact 'report' is no int"):
            await ctx.artifacts.read_json("report", int)
        ctx.host.other_artifacts["other", "x"] = FakeArtifact("text/plain", b"theirs")
        assert await ctx.artifacts.read("x", "other") == b"theirs"
        with pytest.raises(ArtifactError):
            await ctx.artifacts.read("x")

    asyncio.run(story())


def test_a_sync_command_writes_and_reads_artifacts() -> None:
    ctx = FakeSyncContext()
    with ctx.artifacts.open("log.txt", "text/plain") as sink:
        sink.write("hello")
        assert ctx.host.artifacts == {}
    assert ctx.host.artifacts["log.txt"] == FakeArtifact("text/plain", b"hello")
    assert ctx.artifacts.put("large", "application/octet-stream", LARGE).size == len(LARGE)
    assert ctx.artifacts.read("large") == LARGE
    assert len(list(ctx.artifacts.stream("large"))) == 3
    ctx.artifacts.put_json("report", Report(3))
    assert ctx.artifacts.read_json("report", Report) == Report(3)


def test_an_artifact_whose_block_raises_is_dropped() -> None:
    async def story() -> None:
        ctx = FakeContext()
        sinks: list[Sink] = []
        with pytest.raises(ValueError, match="oops"):  # noqa: PT012  the block is what is tested
            async with ctx.artifacts.open("log.txt") as sink:
                sinks.append(sink)
                await sink.write("half")
                raise ValueError("oops")
        with pytest.raises(ArtifactError):
            await sinks[0].write("more")
        assert ctx.host.artifacts == {}

    asyncio.run(story())
    ctx = FakeSyncContext()
    with pytest.raises(ValueError, match="oops"), ctx.artifacts.open("log.txt"):
        raise ValueError("oops")
    assert ctx.host.artifacts == {}


def test_nothing_larger_than_a_piece_crosses_the_port() -> None:
    ctx = FakeSyncContext()
    sizes: list[int] = []
    asked = ctx.host.ask_blocking

    def watched(question: Ask[object]) -> object:
        if isinstance(question, WriteArtifact):
            sizes.append(len(question.data))
        return asked(question)

    ctx.host.ask_blocking = watched  # type: ignore[method-assign, assignment]
    ctx.artifacts.put("large", "text/plain", LARGE)
    assert max(sizes) == PIECE
    assert sum(sizes) == len(LARGE)
