"""The object store of artifacts, in a folder, in memory and in a bucket of a real S3 server."""

import asyncio
import hashlib
import time
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.artifacts.bucket import Bucket, serving

from hookyard.artifacts import ArtifactStore
from hookyard.config.model import ArtifactSettings
from hookyard.config.values import Size
from hookyard.errors import ArtifactError, StoreError

JOB = "018bcfe5-6800-7000-8000-000000000001"
PLENTY = 1 << 40

Story = Callable[[ArtifactStore], Coroutine[Any, Any, None]]


def settings(path: str = "artifacts") -> ArtifactSettings:
    return ArtifactSettings(path=path, max_size=Size(1000))


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with serving(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture(params=["artifacts", "memory", "s3"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    if request.param == "s3":
        found: Bucket = request.getfixturevalue("bucket")
        chosen = ArtifactSettings(s3=found.settings(prefix=f"hookyard/{tmp_path.name}"))
    else:
        chosen = settings(str(request.param))

    def told(story: Story) -> None:
        async def run() -> None:
            store = ArtifactStore.open(chosen, tmp_path)
            await asyncio.wait_for(story(store), 60)

        asyncio.run(run())

    return told


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def whole(store: ArtifactStore, location: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.stream(location, start, end)])


def test_what_is_written_in_pieces_is_read_as_a_whole_and_in_parts(tell: Callable[[Story], None]) -> None:
    async def story(store: ArtifactStore) -> None:
        content = bytes(range(256)) * 50_000
        writer = await store.writer(JOB, "report.bin", "application/octet-stream", limit=PLENTY)
        for start in range(0, len(content), 3_333_333):
            await writer.write(content[start : start + 3_333_333])
        size, sha256, location = await writer.close()
        assert (size, sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert location.startswith(f"{JOB}/")
        assert await whole(store, location) == content
        assert await whole(store, location, 7, 1_000_003) == content[7:1_000_003]
        assert await whole(store, location, len(content) - 3) == content[-3:]
        assert await whole(store, location, len(content), len(content) + 9) == b""
        assert await store.read(location, 5, 10) == content[5:15]
        assert await store.read(location, len(content) - 4, 100) == content[-4:]
        assert await store.read(location, len(content), 100) == b""
        assert await store.read(location, 0, 0) == b""

    tell(story)


def test_an_artifact_may_be_empty(tell: Callable[[Story], None]) -> None:
    async def story(store: ArtifactStore) -> None:
        writer = await store.writer(JOB, "nothing", "text/plain", limit=0)
        await writer.write(b"")
        size, sha256, location = await writer.close()
        assert (size, sha256) == (0, hashlib.sha256().hexdigest())
        assert await whole(store, location) == b""
        assert await store.read(location, 0, 5) == b""

    tell(story)


def test_two_artifacts_of_one_name_do_not_touch_each_other(tell: Callable[[Story], None]) -> None:
    async def story(store: ArtifactStore) -> None:
        one, two = [await store.writer(JOB, "a", "text/plain", limit=9) for _ in range(2)]
        await one.write(b"one")
        await two.write(b"two")
        first, second = await one.close(), await two.close()
        assert await whole(store, first.location) == b"one"
        await store.delete(first.location)
        await store.delete(first.location)
        with pytest.raises(ArtifactError, match="gone"):
            await store.read(first.location, 0, 1)
        with pytest.raises(ArtifactError, match="gone"):
            await whole(store, first.location)
        assert await whole(store, second.location) == b"two"

    tell(story)


def test_one_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=12 << 20)
        await writer.write(b"x" * (12 << 20))
        with pytest.raises(ArtifactError, match="'a' is larger than 12582912 bytes"):
            await writer.write(b"x")
        assert files(tmp_path) == []
        for call in (writer.write(b"x"), writer.close()):
            with pytest.raises(ArtifactError, match="not being written any more"):
                await call

    asyncio.run(story())


def test_an_aborted_one_leaves_nothing_and_one_under_way_cannot_be_seen(tmp_path: Path) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=PLENTY)
        for _ in range(40):
            await writer.write(b"x" * (1 << 20))
        assert not (tmp_path / "artifacts" / JOB).exists()
        await writer.abort()
        await writer.abort()
        assert files(tmp_path) == []

    asyncio.run(story())


def test_a_cancelled_write_can_be_aborted(tmp_path: Path) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=PLENTY)
        writing = asyncio.create_task(writer.write(b"x" * (64 << 20)))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        await writer.abort()
        assert files(tmp_path) == []

    asyncio.run(story())


def test_what_a_crash_left_is_forgotten_at_the_next_start_and_what_is_complete_is_kept(tmp_path: Path) -> None:
    async def before() -> str:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=9)
        await writer.write(b"kept")
        return (await writer.close()).location

    location = asyncio.run(before())
    (tmp_path / "artifacts" / "incoming" / "half#1").write_bytes(b"half")

    async def after() -> None:
        store = ArtifactStore.open(settings(), tmp_path)
        assert await whole(store, location) == b"kept"
        assert len(files(tmp_path)) == 1

    asyncio.run(after())


def test_a_large_one_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    async def story() -> int:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=PLENTY)
        piece = b"x" * (1 << 20)
        tracemalloc.start()
        for _ in range(100):
            await writer.write(piece)
        await writer.close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert asyncio.run(story()) < 20 << 20


def test_a_store_that_fails_under_way_says_so_and_does_not_hang(tmp_path: Path) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=PLENTY)
        await writer.write(b"x")
        in_the_way = tmp_path / "artifacts" / JOB
        in_the_way.write_text("a file where a folder has to be")
        with pytest.raises(ArtifactError, match="'a' cannot be stored"):
            await writer.close()
        assert files(tmp_path) == [in_the_way]

    asyncio.run(asyncio.wait_for(story(), 30))


def test_a_folder_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in ("file", "file/below"):
        with pytest.raises(StoreError, match=rf"the folder of the artifacts, .*{path}, cannot be used: "):
            ArtifactStore.open(settings(path), tmp_path)


@pytest.mark.parametrize("name", ["", "x" * 201, ".", "..", "a/b", "a\nb", "a\x00b", "\x7f", "\ud800", "a\u2028b"])
def test_a_bad_name_is_refused(tell: Callable[[Story], None], name: str) -> None:
    async def story(store: ArtifactStore) -> None:
        with pytest.raises(ArtifactError, match="name"):
            await store.writer(JOB, name, "text/plain", limit=9)

    tell(story)


@pytest.mark.parametrize("name", ["x" * 200, "...", "a b.txt", "ünïcödé 日本", "-"])
@pytest.mark.parametrize("media_type", ["text/plain", "application/vnd.a+json", 'text/html; charset="utf-8"; a=b'])
def test_a_good_name_and_media_type_are_taken(name: str, media_type: str) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings("memory"), Path())
        await (await store.writer(JOB, name, media_type, limit=9)).close()

    asyncio.run(story())


@pytest.mark.parametrize("media_type", ["", "text", "text/", "/plain", "text/pl ain", "text/plain\r\nx: y", "a/" * 200])
def test_what_is_no_media_type_is_refused(media_type: str) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings("memory"), Path())
        with pytest.raises(ArtifactError, match="media type"):
            await store.writer(JOB, "a", media_type, limit=9)

    asyncio.run(story())


def test_one_that_is_too_large_or_aborted_leaves_nothing_anywhere(tell: Callable[[Story], None]) -> None:
    async def story(store: ArtifactStore) -> None:
        large = await store.writer(JOB, "a", "text/plain", limit=6 << 20)
        await large.write(b"x" * (6 << 20))
        with pytest.raises(ArtifactError, match="larger than"):
            await large.write(b"x")
        given_up = await store.writer(JOB, "b", "text/plain", limit=PLENTY)
        await given_up.write(b"x" * (6 << 20))
        await given_up.abort()
        assert [one async for one in store.locations()] == []
        assert store.quota.used == 0

    tell(story)


def test_what_there_is_can_be_listed_with_its_size_and_age(tell: Callable[[Story], None]) -> None:
    async def story(store: ArtifactStore) -> None:
        before = time.time() * 1000
        writer = await store.writer(JOB, "a", "text/plain", limit=9)
        await writer.write(b"12345")
        stored = await writer.close()
        ((location, size, at),) = [one async for one in store.locations()]
        assert (location, size) == (stored.location, 5)
        assert abs(at - before) < 60_000
        await store.delete(location, size)
        assert [one async for one in store.locations()] == []

    tell(story)


def test_an_object_store_that_answers_has_nothing_wrong(tell: Callable[[Story], None]) -> None:
    async def story(store: ArtifactStore) -> None:
        assert await store.probe() is None

    tell(story)


def test_a_bucket_that_refuses_the_key_is_told_and_what_is_written_there_is_an_error(
    bucket: Bucket, tmp_path: Path
) -> None:
    async def story() -> None:
        wrong = ArtifactSettings(s3=bucket.settings(secret="not the secret"))
        store = ArtifactStore.open(wrong, tmp_path)
        said = await store.probe()
        assert said is not None
        assert said.startswith("the bucket artifacts does not answer as it should")
        assert "not the secret" not in said
        writer = await store.writer(JOB, "a", "text/plain", limit=9)
        await writer.write(b"x")
        with pytest.raises(ArtifactError, match="'a' cannot be stored"):
            await writer.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_all_together_take_no_more_than_the_quota_and_what_is_gone_makes_room(tmp_path: Path) -> None:
    async def story() -> None:
        chosen = ArtifactSettings(path="memory", quota=Size(1000))
        store = ArtifactStore.open(chosen, tmp_path)
        store.quota.set(400)
        one, two = [await store.writer(JOB, name, "text/plain", limit=PLENTY) for name in ("a", "b")]
        await one.write(b"x" * 300)
        with pytest.raises(ArtifactError, match=r"may take 1000B.*artifacts\.quota"):
            await two.write(b"x" * 301)
        stored = await one.close()
        assert store.quota.used == 700
        three = await store.writer(JOB, "c", "text/plain", limit=PLENTY)
        await three.write(b"x" * 300)
        await three.abort()
        assert store.quota.used == 700
        await store.delete(stored.location, stored.size)
        assert store.quota.used == 400

    asyncio.run(story())


def test_the_folder_of_a_job_without_artifacts_is_removed(tmp_path: Path) -> None:
    async def story() -> None:
        store = ArtifactStore.open(settings(), tmp_path)
        writer = await store.writer(JOB, "a", "text/plain", limit=9)
        location = (await writer.close()).location
        assert (tmp_path / "artifacts" / JOB).is_dir()
        await store.delete(location)
        assert not (tmp_path / "artifacts" / JOB).exists()

    asyncio.run(story())
