"""`hookyard db`: copies, checks, numbers and upkeep of the store's file."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Ended

from hookyard.errors import StoreError
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.store.contract import Enqueue, Finish, JobQuery, Lease
from hookyard.store.sqlite import SqliteStore, maintenance, migrate, statements
from hookyard.testing import FakeClock

Call = Callable[..., Ended]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose store has three jobs."""
    path = tmp_path / "hookyard.yaml"
    path.write_text("store: {path: data/jobs.db}\n")
    asyncio.run(_fill(tmp_path / "data" / "jobs.db"))
    return path


async def _fill(file: Path, count: int = 3) -> None:
    clock = FakeClock()
    new_id, now = IdSource(clock), clock.now()
    store = await SqliteStore.open(file)
    for at in range(count):
        job = Job(id=new_id(), plugin="a", command="x", lane="a/x", args=b'{"n":1}' * 50, submitted_at=now, run_at=now)
        store.apply([Enqueue(now=now, job=job, lease=Lease(1, "w", now + 1))])
        if at:
            store.apply([Finish(now=now, job_id=job.id, token=1, status="succeeded", outcome="succeeded")])
    await store.aclose()
    store.close()


def beside(file: Path) -> set[str]:
    return {one.name for one in file.parent.iterdir()}


def test_a_backup_is_a_whole_store_of_its_own(hookyard: Call, config: Path, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "one.db"
    target.parent.mkdir()
    ended = hookyard("db", "backup", target, "-c", config)
    assert ended.code == 0
    assert re.fullmatch(rf"{target}: .* KiB, schema \d+, whole", ended.out.splitlines()[-1])
    assert beside(target) == {"one.db"}
    assert target.stat().st_mode & 0o777 == 0o600, "it holds what the store does"

    async def jobs() -> int:
        store = await SqliteStore.open(target)
        try:
            return len((await store.jobs(JobQuery())).jobs)
        finally:
            await store.aclose()
            store.close()

    assert asyncio.run(jobs()) == 3


def test_a_backup_into_a_folder_is_named_by_the_time(hookyard: Call, config: Path, tmp_path: Path) -> None:
    ended = hookyard("db", "backup", tmp_path, "-c", config, "--json")
    made = Path(json.loads(ended.out)["file"])
    assert re.fullmatch(r"jobs-\d{8}T\d{6}Z\.db", made.name)
    assert made.stat().st_size == json.loads(ended.out)["bytes"]


def test_a_backup_replaces_a_file_only_by_force_and_never_the_store(
    hookyard: Call, config: Path, tmp_path: Path
) -> None:
    target = tmp_path / "one.db"
    target.write_text("something else")
    ended = hookyard("db", "backup", target, "-c", config)
    assert ended.code != 0
    assert "--force" in ended.err
    assert target.read_text() == "something else"
    assert hookyard("db", "backup", target, "-c", config, "--force").code == 0
    assert target.read_bytes().startswith(b"SQLite format 3")
    store = tmp_path / "data" / "jobs.db"
    before = store.read_bytes()
    assert hookyard("db", "backup", store, "-c", config, "--force").code != 0
    assert store.read_bytes() == before


def test_a_copy_that_is_not_whole_never_appears(
    hookyard: Call, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(file: Path, *, as_it_is: bool) -> maintenance.Health:
        return maintenance.Health(str(file), 3, 3, ("row 7 is torn",))

    monkeypatch.setattr(maintenance, "check", broken)
    ended = hookyard("db", "backup", tmp_path / "one.db", "-c", config)
    assert (ended.code, "row 7 is torn" in ended.err) == (74, True)
    assert beside(config) == {"hookyard.yaml", "data"}


def test_a_backup_to_where_nothing_can_be_written_says_so(hookyard: Call, config: Path, tmp_path: Path) -> None:
    ended = hookyard("db", "backup", tmp_path / "no" / "such" / "one.db", "-c", config)
    assert (ended.code, "cannot" in ended.err) == (74, True)


@pytest.mark.parametrize("command", ["backup", "check", "stats", "vacuum", "migrate"])
def test_without_a_store_nothing_is_made(hookyard: Call, tmp_path: Path, command: str) -> None:
    config = tmp_path / "hookyard.yaml"
    config.write_text("{}\n")
    arguments = [tmp_path / "copy.db"] if command == "backup" else []
    ended = hookyard("db", command, *arguments, "-c", config)
    assert (ended.code, "there is no store at" in ended.err) == (74, True)
    assert beside(config) == {"hookyard.yaml"}


@pytest.mark.parametrize("command", ["check", "stats", "vacuum", "migrate"])
def test_a_file_of_another_program_is_left_alone(hookyard: Call, tmp_path: Path, command: str) -> None:
    config = tmp_path / "hookyard.yaml"
    config.write_text("{}\n")
    with sqlite3.connect(tmp_path / "hookyard.db") as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    before = (tmp_path / "hookyard.db").read_bytes()
    ended = hookyard("db", command, "-c", config)
    assert ended.code == 74
    assert (tmp_path / "hookyard.db").read_bytes() == before


def test_a_store_that_is_whole_passes(hookyard: Call, config: Path) -> None:
    ended = hookyard("db", "check", "-c", config, "--json")
    assert (ended.code, json.loads(ended.out)["problems"]) == (0, [])
    assert beside(config.parent / "data" / "jobs.db") == {"jobs.db", "jobs.db.lock"}


def test_the_file_can_be_named_where_the_configuration_cannot_be_read(
    hookyard: Call, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("store: {path: '${NOT_SET_ANYWHERE}'}\n")
    assert hookyard("db", "check", "-c", config).code == 78
    monkeypatch.chdir(tmp_path / "data")
    assert hookyard("db", "check").code == 2
    assert hookyard("db", "check", "--store", "jobs.db").code == 0


def test_damage_is_found(hookyard: Call, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "data" / "jobs.db"
    content = bytearray(file.read_bytes())
    page = 4096
    for at in range(page * 2, len(content), page):
        content[at : at + 64] = b"\xff" * 64
    file.write_bytes(content)
    ended = hookyard("db", "check", "-c", config)
    assert ended.code == 65
    assert str(file) in ended.out


def test_rows_of_a_job_that_is_gone_are_found(hookyard: Call, config: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "jobs.db") as other:  # which does not mind foreign keys
        other.execute("DROP TRIGGER attempts_of_job")
        other.execute("DELETE FROM job_log WHERE status = 'succeeded'")
    other.close()
    ended = hookyard("db", "check", "-c", config)
    assert ended.code == 65
    assert "a row of attempt_log belongs to one of job_log that is not there" in ended.out


def test_what_a_sender_sent_whose_job_is_gone_is_found(hookyard: Call, config: Path, tmp_path: Path) -> None:
    assert hookyard("db", "check", "-c", config).code == 0
    with sqlite3.connect(tmp_path / "data" / "jobs.db") as other:
        other.execute("INSERT INTO inbound VALUES (7, 'github', 'push', 'd1', NULL, NULL)")
    other.close()
    ended = hookyard("db", "check", "-c", config)
    assert ended.code == 65
    assert "a row of inbound belongs to one of job_log that is not there" in ended.out
    stats: dict[str, Any] = json.loads(hookyard("db", "stats", "-c", config, "--json").out)
    assert stats["rows"]["inbound"] == 1


def test_a_schema_that_is_not_what_its_number_says_is_found_and_not_served(
    hookyard: Call, config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "data" / "jobs.db"
    with sqlite3.connect(file) as other:
        other.execute("DROP INDEX job_queued")
    other.close()
    ended = hookyard("db", "check", "-c", config)
    assert ended.code == 65
    assert "index job_queued is not as schema" in ended.out
    assert hookyard("db", "backup", "-c", config, tmp_path / "copy.db").code == 0
    for _ in range(2):  # its lock is free again
        with pytest.raises(StoreError, match=r"cannot be used: .*; `hookyard db check` says more"):
            asyncio.run(SqliteStore.open(file))


def test_an_empty_file_is_not_made_into_one_that_nothing_can_open(hookyard: Call, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "data" / "jobs.db"
    file.write_bytes(b"")
    for what in (["vacuum"], ["stats"], ["backup", tmp_path / "copy.db"]):
        ended = hookyard("db", *what, "-c", config)
        assert (ended.code, "is empty: there is no store in it" in ended.err) == (74, True)
    ended = hookyard("db", "check", "-c", config)
    assert (ended.code, ended.out.splitlines()) == (65, [f"{file}: is empty: there is no store in it"])
    assert not (tmp_path / "copy.db").exists()
    assert file.stat().st_size == 0


def test_the_numbers_are_those_of_the_store(hookyard: Call, config: Path) -> None:
    found: dict[str, Any] = json.loads(hookyard("db", "stats", "-c", config, "--json").out)
    assert found["jobs"] == {"running": 1, "succeeded": 2}
    assert found["rows"]["job_log"] == 3
    assert found["rows"]["attempt_log"] == 2
    assert found["bytes"] == Path(found["file"]).stat().st_size
    assert found["oldest"] == found["newest"] == FakeClock().now()
    lines = hookyard("db", "stats", "-c", config).out.splitlines()
    assert any(re.fullmatch(r"jobs succeeded +2", line) for line in lines)


def test_every_table_is_counted() -> None:
    schema = files("hookyard.store.sqlite").joinpath("schema.sql").read_text("utf-8")
    tables = re.findall(r"^CREATE TABLE (\w+)", schema, re.MULTILINE)
    counted = re.findall(r"count\(\*\) FROM (\w+)", statements.load("maintenance")["rows"].text)
    assert sorted(counted) == sorted(tables)


def test_vacuum_gives_room_back(hookyard: Call, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "data" / "jobs.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE filler (x)")
        other.execute("INSERT INTO filler VALUES (zeroblob(2000000))")
        other.execute("DROP TABLE filler")
    other.close()
    found: dict[str, Any] = json.loads(hookyard("db", "vacuum", "-c", config, "--json").out)
    assert found["before"] - found["after"] >= 2_000_000
    assert file.stat().st_size == found["after"]
    assert hookyard("db", "check", "-c", config).code == 0


def test_an_older_schema_is_found_and_brought_up_to_date(hookyard: Call, tmp_path: Path) -> None:
    config, file = tmp_path / "hookyard.yaml", tmp_path / "hookyard.db"
    config.write_text("{}\n")
    newest = max(number for number, _ in migrate.migrations())
    with sqlite3.connect(file) as old:
        old.executescript(next(text for _, text in migrate.migrations()))
        old.execute(f"PRAGMA application_id = {migrate.APPLICATION_ID}")
        old.execute("PRAGMA user_version = 1")
    old.close()
    ended = hookyard("db", "check", "-c", config)
    assert (ended.code, "hookyard db migrate" in ended.out) == (65, True)
    ended = hookyard("db", "stats", "-c", config)
    assert (ended.code, "hookyard db migrate" in ended.err) == (74, True)
    ended = hookyard("db", "migrate", "-c", config)
    assert (ended.code, f"schema 1 became {newest}" in ended.out) == (0, True)
    assert f"schema {newest} already" in hookyard("db", "migrate", "-c", config).out
    assert hookyard("db", "check", "-c", config).code == 0


def test_a_store_of_an_older_schema_is_copied_before_it_is_brought_up_to_date(hookyard: Call, tmp_path: Path) -> None:
    config = tmp_path / "hookyard.yaml"
    known = list(migrate.migrations())
    for number, _ in known[:-1]:
        file = tmp_path / f"{number}.db"
        config.write_text(f"store: {{path: {file.name}}}\n")
        with sqlite3.connect(file) as old:
            for at, text in known[:number]:
                old.executescript(text)
                old.execute(f"PRAGMA user_version = {at}")
            old.execute(f"PRAGMA application_id = {migrate.APPLICATION_ID}")
        old.close()
        target = tmp_path / f"before-{number}.db"
        ended = hookyard("db", "backup", target, "-c", config)
        assert (ended.code, ended.out.endswith(f"schema {number}, whole\n")) == (0, True), ended.err
        assert maintenance.migrate(target).before == number


def test_a_store_of_a_newer_schema_is_left_to_the_newer_hookyard(hookyard: Call, config: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "jobs.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    ended = hookyard("db", "backup", tmp_path / "copy.db", "-c", config)
    assert (ended.code, "use the newer one" in ended.err) == (74, True)
    assert not (tmp_path / "copy.db").exists()


def test_a_backup_is_as_the_store_was_when_it_began(tmp_path: Path) -> None:
    async def story() -> None:
        file = tmp_path / "jobs.db"
        await _fill(file, 400)
        store = await SqliteStore.open(file)
        seen: list[int] = []

        def meanwhile(done: int, total: int) -> None:
            # Somebody writes between the steps of the copy: it neither begins again nor has what came later.
            seen.append(done)
            assert len(seen) <= total
            store.connection.execute("UPDATE job_log SET priority = priority + 1")

        monkey = pytest.MonkeyPatch()
        monkey.setattr(maintenance, "_PAGES", 10)
        made = maintenance.backup(file, tmp_path / "copy.db", progress=meanwhile)
        monkey.undo()
        await store.aclose()
        store.close()
        assert len(seen) > 5
        assert seen == sorted(seen)
        with sqlite3.connect(made.file) as copy:
            assert copy.execute("SELECT DISTINCT priority FROM job_log").fetchall() == [(0,)]
        copy.close()

    asyncio.run(story())


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        maintenance.stats(tmp_path / "jobs.db")
