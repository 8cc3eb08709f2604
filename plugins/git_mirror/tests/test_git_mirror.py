"""Real repositories are mirrored: what is new comes, what is gone goes, what breaks leaves nothing."""

import asyncio
import fcntl
import os
import select
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hookyard_git_mirror import Change, Config, Push, PushedRepository, Sync, Synced, github_push, plugin, sync_one
from plugins.git_mirror.tests.lab import TOKEN, Origin, Server, git

from hookyard import CommandError, RetryLater
from hookyard.testing import FakeContext, FakePort, run_command


def configured(tmp_path: Path, url: str, **options: Any) -> Config:  # noqa: ANN401  of any field
    own = {key: options.pop(key) for key in ("timeout", "max_bytes", "git", "grace") if key in options}
    config = {"root": str(tmp_path / "mirrors"), "schemes": ["https", "ssh", "file"], **own}
    return msgspec.convert(config | {"repositories": {"engine": {"url": url, **options}}}, Config)


def synced(config: Config, *, host: FakePort | None = None, ref: str | None = None) -> Synced:
    return run_command(plugin, sync_one, Sync("engine", ref), config=config, host=host, timeout=60)


def refused(config: Config, *, host: FakePort | None = None) -> CommandError:
    with pytest.raises(CommandError) as caught:
        synced(config, host=host)
    return caught.value


def mirrors(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "mirrors").iterdir() if not path.name.endswith(".lock"))


def test_a_repository_is_cloned_and_then_brought_up_to_date(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    first = origin.git("rev-parse", "HEAD")
    host = FakePort()
    cloned = synced(config, host=host)
    assert (cloned.status, cloned.folder) == ("cloned", "engine.git")
    assert cloned.changes == (Change("refs/heads/main", None, first),)
    assert [(event.type, event.payload) for event in host.events] == [
        ("git_mirror.changed", b'{"repository":"engine","cloned":true,"changes":1}')
    ]
    assert synced(config).status == "unchanged"

    second = origin.commit()
    origin.git("tag", "v1")
    updated = synced(config)
    assert updated.status == "updated"
    assert updated.changes == (Change("refs/heads/main", first, second), Change("refs/tags/v1", None, second))
    mirror = tmp_path / "mirrors" / "engine.git"
    assert git(mirror, "rev-parse", "--is-bare-repository") == "true"
    assert git(mirror, "fsck", "--strict") == ""
    assert git(mirror, "log", "--format=%s", "main").split("\n") == ["a step", "the first"]


def test_rewritten_and_deleted_branches_follow(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    origin.git("branch", "old")
    synced(config)
    before = origin.git("rev-parse", "HEAD")
    origin.git("commit", "--quiet", "--allow-empty", "--amend", "-m", "the first, again")
    origin.git("branch", "-D", "old")
    origin.git("branch", "old/er")  # cannot be beside `old`
    after = origin.git("rev-parse", "HEAD")
    assert synced(config).changes == (
        Change("refs/heads/main", before, after),
        Change("refs/heads/old", before, None),
        Change("refs/heads/old/er", None, after),
    )


def test_only_the_branches_asked_for_are_mirrored(tmp_path: Path, origin: Origin) -> None:
    for branch in ("release/1", "release/2/fix", "other", "maintenance"):
        origin.git("branch", branch)
    origin.git("tag", "v1")
    config = configured(tmp_path, origin.url, branches=["main", "release/*", "not-there"], tags=False)
    assert [change.ref for change in synced(config).changes] == [
        "refs/heads/main",
        "refs/heads/release/1",
        "refs/heads/release/2/fix",
    ]


def test_the_mirror_has_the_default_branch_of_the_remote(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    synced(config)
    origin.git("branch", "-m", "main", "trunk")
    synced(config)
    git(tmp_path, "clone", "--quiet", str(tmp_path / "mirrors" / "engine.git"), "copy")
    assert git(tmp_path / "copy", "branch", "--show-current") == "trunk"


def test_an_empty_repository_becomes_an_empty_mirror(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    config = configured(tmp_path, (tmp_path / "empty.git").as_uri())
    assert (synced(config).status, synced(config).status) == ("cloned", "unchanged")


def test_a_push_of_github_finds_its_repository(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url, github="ada/engine", branches=["main"])
    push = Push("refs/heads/main", PushedRepository("Ada/Engine"))
    assert run_command(plugin, github_push, push, config=config).status == "cloned"
    other = Push("refs/heads/topic", PushedRepository("ada/engine"))
    assert run_command(plugin, github_push, other, config=config).status == "ignored"
    with pytest.raises(CommandError, match="`github: eve/engine`"):
        run_command(plugin, github_push, Push("refs/heads/main", PushedRepository("eve/engine")), config=config)


def test_a_repository_that_is_not_configured_is_refused(tmp_path: Path, origin: Origin) -> None:
    with pytest.raises(CommandError, match="no repository 'other' is configured") as caught:
        run_command(plugin, sync_one, Sync("other"), config=configured(tmp_path, origin.url))
    assert (caught.value.code, caught.value.retryable) == ("unknown_repository", False)


def test_a_broken_clone_leaves_nothing(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    objects = [path for path in (origin.path / ".git" / "objects").rglob("*") if path.is_file()]
    broken = {path: path.read_bytes() for path in objects}
    for path in broken:
        path.chmod(0o600)
        path.write_bytes(b"broken")
    error = refused(config)
    assert "repository 'engine': git " in error.message
    assert mirrors(tmp_path) == []
    for path, content in broken.items():
        path.write_bytes(content)
    assert synced(config).status == "cloned"


def test_a_fetch_that_breaks_leaves_the_mirror_as_it_was(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    first = synced(config).changes[0].after
    origin.git("branch", "whole")
    new = origin.commit()
    broken = origin.path / ".git" / "objects" / new[:2] / new[2:]
    content = broken.read_bytes()
    broken.chmod(0o600)
    broken.write_bytes(b"broken")
    refused(config)
    mirror = tmp_path / "mirrors" / "engine.git"
    assert git(mirror, "for-each-ref", "--format=%(refname) %(objectname)") == f"refs/heads/main {first}"
    broken.write_bytes(content)
    assert [change.ref for change in synced(config).changes] == ["refs/heads/main", "refs/heads/whole"]


def test_what_a_killed_job_left_behind_is_cleared(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    (tmp_path / "mirrors" / ".new-engine.git-dead" / "objects").mkdir(parents=True)
    synced(config)
    assert mirrors(tmp_path) == ["engine.git"]
    mirror = tmp_path / "mirrors" / "engine.git"
    (mirror / "packed-refs.lock").touch()
    (mirror / "refs" / "heads" / "main.lock").touch()
    origin.commit()
    assert synced(config).status == "updated"


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, origin: Origin) -> None:
    other = tmp_path / "mirrors" / "engine.git"
    other.mkdir(parents=True)
    (other / "mine.txt").touch()
    error = refused(configured(tmp_path, origin.url))
    assert (error.code, "'engine.git' cannot be used" in error.message) == ("folder_unusable", True)
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


def test_a_second_job_for_the_same_mirror_comes_later(tmp_path: Path, origin: Origin) -> None:
    config = configured(tmp_path, origin.url)
    synced(config)
    with (tmp_path / "mirrors" / ".engine.git.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RetryLater, match="'engine' is being synchronised"):
            synced(config)
    assert synced(config).status == "unchanged"


def test_a_remote_that_is_not_there_is_said_with_its_name(tmp_path: Path) -> None:
    error = refused(configured(tmp_path, (tmp_path / "nowhere").as_uri()))
    assert (error.code, error.retryable) == ("not_found", False)
    assert "repository 'engine': git ls-remote:" in error.message


def test_no_git_is_said(tmp_path: Path, origin: Origin) -> None:
    error = refused(configured(tmp_path, origin.url, git="/no/such/git"))
    assert (error.code, error.message) == (
        "git_missing", "git_mirror: '/no/such/git' cannot be run: No such file or directory"
    )  # fmt: skip


def test_a_repository_that_is_too_large_is_given_up(tmp_path: Path, origin: Origin) -> None:
    (origin.path / "large").write_bytes(os.urandom(200_000))
    origin.git("add", "large")
    origin.commit()
    error = refused(configured(tmp_path, origin.url, max_bytes=100_000))
    assert (error.code, error.retryable) == ("too_large", False)
    assert mirrors(tmp_path) == []


def test_its_progress_is_the_jobs(tmp_path: Path, origin: Origin) -> None:
    host = FakePort()
    for number in range(20):
        origin.commit(f"{number}")
    synced(configured(tmp_path, origin.url), host=host)
    assert "Receiving objects" in {note.message for note in host.progress}
    assert all(note.total is not None and note.done <= note.total for note in host.progress)


def fake_git(tmp_path: Path, script: str) -> str:
    path = tmp_path / "git"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)


def test_a_git_that_takes_too_long_is_ended_with_its_children(tmp_path: Path, origin: Origin) -> None:
    stuck = fake_git(tmp_path, f"trap '' TERM; sleep 100 & echo $! > {tmp_path}/child; wait; sleep 100")
    error = refused(configured(tmp_path, origin.url, git=stuck, timeout=2, grace=0.1))
    assert error.message == "git_mirror: repository 'engine': git ls-remote: it took longer than 2 s"
    gone(int((tmp_path / "child").read_text(encoding="utf-8")))


def test_a_cancelled_job_ends_git_and_frees_the_mirror(tmp_path: Path, origin: Origin) -> None:
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    stuck = fake_git(tmp_path, f"trap 'exit 1' TERM; sleep 100 & echo $! > {pipe}; wait")
    config = configured(tmp_path, origin.url, git=stuck)

    async def cancelled() -> int:
        task = asyncio.ensure_future(sync_one(Sync("engine"), FakeContext(config)))
        child = int(await written(pipe, task))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return child

    gone(asyncio.run(cancelled()))
    assert synced(configured(tmp_path, origin.url)).status == "cloned"


async def written(pipe: Path, task: asyncio.Task[object]) -> bytes:
    """What comes through a pipe, before the task ends."""
    reader, come = os.open(pipe, os.O_RDWR | os.O_NONBLOCK), asyncio.Event()
    asyncio.get_running_loop().add_reader(reader, come.set)
    try:
        waiting = asyncio.ensure_future(come.wait())
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
        assert come.is_set(), task
        return os.read(reader, 100)
    finally:
        asyncio.get_running_loop().remove_reader(reader)
        os.close(reader)


def gone(child: int) -> None:
    try:
        watched = os.pidfd_open(child)
    except ProcessLookupError:
        return
    try:
        assert select.select([watched], [], [], 10)[0], "it still runs"
    finally:
        os.close(watched)


def test_a_token_goes_to_the_host_and_nowhere_else(
    tmp_path: Path, origin: Origin, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")  # nothing of ours is passed on
    url = f"{server.url}/{origin.path.name}/.git"
    config = configured(tmp_path, url, secret="token", ca_file=str(server.ca_file))
    host = FakePort(secrets={"token": TOKEN})
    assert synced(config, host=host).status == "cloned"
    assert None not in server.seen
    assert TOKEN not in str([host.lines, host.progress, host.events])
    mirror = tmp_path / "mirrors" / "engine.git"
    assert all(TOKEN not in path.read_text(errors="replace") for path in mirror.rglob("*") if path.is_file())

    wrong = refused(config, host=FakePort(secrets={"token": "wrong"}))
    assert (wrong.code, wrong.retryable) == ("auth_failed", False)
    unknown = refused(configured(tmp_path, url, secret="token"), host=FakePort(secrets={"token": TOKEN}))
    assert "certificate" in unknown.message


def test_a_redirect_is_not_followed(tmp_path: Path, origin: Origin, server: Server) -> None:
    url = f"{server.url}/moved/{origin.path.name}/.git"
    config = configured(tmp_path, url, secret="token", ca_file=str(server.ca_file))
    error = refused(config, host=FakePort(secrets={"token": TOKEN}))
    assert (error.code, len(server.seen)) == ("redirected", 1)


def test_over_ssh_the_key_is_used_and_gone_afterwards(
    tmp_path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    said = tmp_path / "said"
    (programs / "ssh").write_text(
        "#!/bin/sh\n"
        f"printf '%s\\n' \"$@\" > {said}\n"
        'while [ "$1" != -i ]; do shift; done\n'
        f'cat "$2" > {said}.key; stat -c %a "$2" > {said}.mode\n'
        "for last; do :; done\n"
        'exec sh -c "$last"\n',
        encoding="utf-8",
    )
    (programs / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    config = configured(tmp_path, f"ssh://git@host.example{origin.path}", secret="key", known_hosts="/etc/some hosts")
    assert synced(config, host=FakePort(secrets={"key": "-----KEY-----"})).status == "cloned"
    items = said.read_text(encoding="utf-8").split("\n")
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes", 'UserKnownHostsFile="/etc/some hosts"'} <= set(items)
    assert "git@host.example" in items
    assert Path(f"{said}.key").read_text(encoding="utf-8") == "-----KEY-----\n"
    assert Path(f"{said}.mode").read_text(encoding="utf-8") == "600\n"
    assert not Path(items[items.index("-i") + 1]).exists()
