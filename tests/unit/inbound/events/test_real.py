"""What hosts really sent; and what a plugin pays that takes it."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.unit.inbound.events.bodies import REAL

from hookyard import Context, Plugin
from hookyard.inbound.events import git, github, hosts
from hookyard.schema import diff, lock_of, read_lock

# The files are named by event and action; GitLab's and Bitbucket's events have other names.
NAMES = {
    "azure-devops/git.pullrequest.created": "git.pullrequest.created",
    "azure-devops/git.push": "git.push",
    "bitbucket-server/pr_opened": "pr:opened",
    "bitbucket-server/repo_refs_changed": "repo:refs_changed",
    "bitbucket/pullrequest_created": "pullrequest:created",
    "bitbucket/repo_push": "repo:push",
    "gitlab/issue": "Issue Hook",
    "gitlab/merge_request": "Merge Request Hook",
    "gitlab/pipeline": "Pipeline Hook",
    "gitlab/push": "Push Hook",
    "gitlab/tag": "Tag Push Hook",
}
PUSHES = {
    "azure-devops/git.push": ("Fabrikam-Fiber-Git/Fabrikam-Fiber-Git", "refs/heads/main", 1),
    "bitbucket-server/repo_refs_changed": ("~gopher/webhook-test", "refs/heads/feature/wip", 0),
    "bitbucket/repo_push": ("team_name/repo_name", "refs/heads/name-of-branch", 1),
    "gitea/push": ("example/example", "refs/heads/master", 1),
    "github/push": ("Codertocat/Hello-World", "refs/tags/simple-tag", 0),
    "github/push.new-branch": ("Codertocat/Hello-World", "refs/heads/master", 1),
    "gitlab/push": ("mike/diaspora", "refs/heads/master", 2),
    "gitlab/tag": ("jsmith/example", "refs/tags/v1.0.0", 0),
}
PULLS = {
    "azure-devops/git.pullrequest.created": (1, "my first pull request", "mytopic", "master"),
    "bitbucket-server/pr_opened": (5, "Update README", "feature/wip", "master"),
    "bitbucket/pullrequest_created": (1, "Title of pull request", "branch2", "master"),
    "gitea/pull_request": (2, "update", "master", "master"),
    "github/pull_request.closed": (2, "Update the README with new information.", "changes", "master"),
    "github/pull_request.opened": (2, "Update the README with new information.", "changes", "master"),
    "github/pull_request.opened.null-body": (2, "Update the README with new information.", "changes", "master"),
    "gitlab/merge_request": (1, "MS-Viewport", "ms-viewport", "master"),
}

real = pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real payloads is not here")


def key_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def made(key: str, kind: type) -> bytes | None:
    host, _, name = key.partition("/")
    event = NAMES.get(key) or name.partition(".")[0]
    normalise = hosts.normaliser(host, kind)
    assert normalise is not None
    return normalise((REAL / f"{key}.json").read_bytes(), event)


@real
def test_every_real_body_has_a_type_and_decodes() -> None:
    files = sorted(REAL.glob("*/*.json"))
    assert files
    for file in files:
        event = NAMES.get(key_of(file)) or file.stem.partition(".")[0]
        msgspec.json.decode(file.read_bytes(), type=hosts.types(file.parent.name)[event])
    assert {key_of(file) for file in files if made(key_of(file), git.Push)} == set(PUSHES)
    assert {key_of(file) for file in files if made(key_of(file), git.PullRequest)} == set(PULLS)


@real
@pytest.mark.parametrize("key", PUSHES)
def test_a_real_push_is_everybodys_push(key: str) -> None:
    found = msgspec.json.decode(made(key, git.Push) or b"", type=git.Push)
    assert (found.repository.full_name, found.ref, len(found.commits)) == PUSHES[key]


@real
@pytest.mark.parametrize("key", PULLS)
def test_a_real_pull_request_is_everybodys_pull_request(key: str) -> None:
    found = msgspec.json.decode(made(key, git.PullRequest) or b"", type=git.PullRequest)
    assert (found.number, found.title, found.source_branch, found.target_branch) == PULLS[key]


@pytest.mark.parametrize(
    "module", ["github", "gitlab", "gitea", "bitbucket", "bitbucket_server", "azure_devops", "git"]
)
def test_the_types_of_one_host_load_nothing_else(module: str) -> None:
    program = f"""
import sys
import hookyard
before = set(sys.modules)
import hookyard.inbound.events.{module}
own = ("hookyard.inbound", "hookyard.inbound.events")
new = {{name for name in sys.modules if name not in before and name.split(".")[0] not in sys.stdlib_module_names}}
print(*sorted(name for name in new if name not in own and not name.startswith("hookyard.inbound.events.")))
print(*sorted(name.split(".")[3] for name in new if name.count(".") >= 3))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    foreign, loaded = done.stdout.split("\n")[:2]
    assert foreign == ""
    assert set(loaded.split()) <= {module, "part", "refs"}


def test_a_lock_of_commands_that_take_events_is_the_same_once_written() -> None:
    plugin = Plugin("takes")

    class Out(msgspec.Struct):
        text: str

    @plugin.command
    async def theirs(data: github.Push, ctx: Context) -> Out:
        return Out(text=data.ref)

    @plugin.command
    async def everybodys(data: git.Push, ctx: Context) -> Out:
        return Out(text=data.ref)

    lock = lock_of(plugin.commands.values(), {})
    assert set(lock.commands) == {"takes/theirs", "takes/everybodys"}
    assert diff(read_lock(lock.to_json(), "the lock"), lock) == ()
