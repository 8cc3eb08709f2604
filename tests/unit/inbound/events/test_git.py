"""A push and a pull request are the same from every host."""

import json
from typing import Any

import msgspec
import pytest
from tests.unit.inbound.events.bodies import HOSTS, body_of, file_of

from hookyard.inbound.events import git, github, gitlab, hosts

A, B, ZEROS = "a1" * 20, "b2" * 20, "0" * 40
PUSHES = {
    "github": "push", "gitlab": "Push Hook", "gitea": "push", "bitbucket": "repo:push",
    "bitbucket-server": "repo:refs_changed", "azure-devops": "git.push",
}  # fmt: skip
PULLS = {
    "github": "pull_request", "gitlab": "Merge Request Hook", "gitea": "pull_request",
    "bitbucket": "pullrequest:fulfilled", "bitbucket-server": "pr:modified", "azure-devops": "git.pullrequest.updated",
}  # fmt: skip


def push(host: str, event: str, **changes: Any) -> git.Push:  # noqa: ANN401  members of a body
    return msgspec.json.decode(_made(host, git.Push, event, changes), type=git.Push)


def pull(host: str, event: str, **changes: Any) -> git.PullRequest:  # noqa: ANN401  members of a body
    return msgspec.json.decode(_made(host, git.PullRequest, event, changes), type=git.PullRequest)


def _made(host: str, kind: type, event: str, changes: dict[str, Any]) -> bytes:
    normalise = hosts.normaliser(host, kind)
    assert normalise is not None
    tree = json.loads(body_of(host, _like(host, event)))
    for path, value in changes.items():
        here = tree
        *above, last = path.split("__")
        for step in above:
            here = here[int(step) if step.isdigit() else step]
        here[last] = value
    made = normalise(json.dumps(tree).encode(), event)
    assert made is not None
    return made


def _like(host: str, event: str) -> str:
    """The event whose body stands for one that has none of its own here."""
    if file_of(host, event).exists():
        return event
    return {
        "gitea": "pull_request_approved", "bitbucket": "pullrequest:approved", "bitbucket-server": "pr:modified",
        "azure-devops": "git.pullrequest.updated",
    }[host]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_push_says_the_same_of_every_host(host: str) -> None:
    found = push(host, PUSHES[host])
    assert found.host == host
    assert (found.ref, found.branch, found.tag, found.after) == (
        "refs/heads/main", "main", None, B if host == "github" else A
    )  # fmt: skip
    assert found.repository.full_name == {
        "github": "ada/engine", "bitbucket-server": "LOOM/engine", "azure-devops": "Looms/engine",
    }.get(host, "looms/engine")  # fmt: skip
    assert found.repository.url
    assert found.repository.default_branch == (None if host == "bitbucket-server" else "main")
    assert found.pusher.username == ("ada@example.org" if host == "azure-devops" else "ada")
    assert found.commits[0].message.startswith("First")
    assert found.commits[0].id == A
    assert found.commits[0].author.name.startswith("Ada")
    assert found.commits[0].author.email == "ada@example.org"
    assert found.commits[0].files_known == bool(found.commits[0].added) == (host in {"github", "gitlab", "gitea"})
    assert found.created == (host == "gitea")
    assert not found.deleted
    assert found.forced == {"github": True, "bitbucket": True}.get(host)
    assert found.truncated == (host in {"gitlab", "gitea", "bitbucket"})


@pytest.mark.parametrize("host", ["bitbucket", "bitbucket-server", "azure-devops"])
def test_further_refs_of_one_push_are_kept(host: str) -> None:
    found = push(host, PUSHES[host])
    assert found.changes[0] is found
    told = [(change.ref, change.tag, change.created, change.deleted) for change in found.more]
    new_tag, gone = ("refs/tags/v1", "v1", True, False), ("refs/heads/topic", None, False, True)
    azure = ("refs/heads/gone", None, False, True)
    assert told == {"bitbucket": [new_tag, gone], "bitbucket-server": [new_tag], "azure-devops": [azure]}[host]
    assert [change.before for change in found.more if change.created] == [ZEROS] * (host != "azure-devops")
    assert [change.after for change in found.more if change.deleted] == [ZEROS] * (host != "bitbucket-server")


def test_a_tag_is_a_push_at_gitlab_too() -> None:
    found = push("gitlab", "Tag Push Hook")
    assert (found.tag, found.branch, found.created) == ("v1", None, True)


@pytest.mark.parametrize("host", ["bitbucket", "bitbucket-server", "azure-devops"])
def test_a_push_without_any_change_has_an_empty_ref(host: str) -> None:
    path = {"bitbucket": "push__changes", "bitbucket-server": "changes", "azure-devops": "resource__refUpdates"}[host]
    found = push(host, PUSHES[host], **{path: []})
    assert (found.ref, found.branch, found.more) == ("", None, ())


@pytest.mark.parametrize("host", ["github", "gitlab", "gitea"])
def test_a_deleted_branch_is_known_by_its_zeros(host: str) -> None:
    found = push(host, PUSHES[host], after=ZEROS, commits=[], **({"deleted": True} if host == "github" else {}))
    assert (found.deleted, found.commits) == (True, ())


def test_zeros_of_sha_256_are_zeros_too() -> None:
    assert push("gitlab", "Push Hook", before="0" * 64).created


def test_an_author_of_whom_only_a_name_is_known_has_no_address() -> None:
    raw = {"push__changes__0__commits__0__author": {"raw": "Ada Lovelace"}}
    assert push("bitbucket", "repo:push", **raw).commits[0].author == git.Person(name="Ada Lovelace")


@pytest.mark.parametrize("host", HOSTS)
def test_a_pull_request_says_the_same_of_every_host(host: str) -> None:
    found = pull(host, PULLS[host])
    merged = host in {"gitea", "bitbucket", "azure-devops"}
    short = 12 if host == "bitbucket" else 40
    assert (found.host, found.number, found.title) == (host, 12, "Count")
    assert found.body == ("" if host == "azure-devops" else "Because.")
    assert (found.source_branch, found.target_branch) == ("topic", "main")
    assert (found.source_sha, found.target_sha) == (A[:short], "" if host == "gitlab" else B[:short])
    assert (found.state, found.merged) == (("merged", True) if merged else ("open", False))
    assert found.draft == (host == "gitlab")
    assert found.author.username == ("ada@example.org" if host == "azure-devops" else "ada")
    assert found.sender.username == (None if host == "azure-devops" else "ada")
    assert found.labels == (() if "bitbucket" in host else ("bug",))
    assert found.url
    assert found.repository.full_name.endswith("/engine")
    assert (found.source_repository is None) == (host == "azure-devops")
    assert (found.merge_commit is not None) == (merged or host == "bitbucket-server")
    assert found.created_at


def _named(host: str, field: str, pairs: dict[str, git.Action]) -> list[tuple[str, str, dict[str, object], git.Action]]:
    return [(host, PULLS[host], {field: word}, action) for word, action in pairs.items()]


GITLAB = "object_attributes__action"
REST: dict[str, object] = {"object_attributes__oldrev": None}
ACTIONS: list[tuple[str, str, dict[str, object], git.Action]] = [
    *_named(
        "github", "action",
        {
            "opened": "opened", "reopened": "reopened", "synchronize": "updated", "edited": "edited",
            "closed": "closed", "ready_for_review": "ready", "converted_to_draft": "drafted", "labeled": "labeled",
            "unassigned": "assigned", "review_requested": "reviewers", "enqueued": "other",
        },
    ),
    ("github", "pull_request", {"action": "closed", "pull_request__merged": True}, "merged"),
    ("github", "pull_request_review", {}, "approved"),
    ("github", "pull_request_review", {"review__state": "CHANGES_REQUESTED"}, "changes_requested"),
    ("github", "pull_request_review", {"review__state": "commented"}, "other"),
    ("github", "pull_request_review", {"action": "dismissed"}, "unapproved"),
    *_named(
        "gitlab", GITLAB,
        {"open": "opened", "reopen": "reopened", "close": "closed", "merge": "merged", "approval": "approved",
         "unapproved": "unapproved", "update": "updated", "new_word": "other"},
    ),
    ("gitlab", PULLS["gitlab"], {GITLAB: None}, "other"),
    ("gitlab", PULLS["gitlab"], REST, "edited"),
    ("gitlab", PULLS["gitlab"], {**REST, "changes": {"draft": {"previous": True, "current": False}}}, "ready"),
    ("gitlab", PULLS["gitlab"], {**REST, "changes": {"draft": {"previous": False, "current": True}}}, "drafted"),
    ("gitlab", PULLS["gitlab"], {**REST, "changes": {"labels": {}}}, "labeled"),
    ("gitlab", PULLS["gitlab"], {**REST, "changes": {"reviewers": {}, "updated_at": {}}}, "reviewers"),
    ("gitlab", PULLS["gitlab"], {**REST, "changes": None}, "edited"),
    *_named(
        "gitea", "action",
        {"opened": "opened", "synchronized": "updated", "edited": "edited", "label_cleared": "labeled",
         "unassigned": "assigned", "review_requested": "reviewers", "closed": "merged", "milestoned": "other"},
    ),
    ("gitea", "pull_request", {"pull_request__merged": False}, "closed"),
    ("gitea", "pull_request_approved", {}, "approved"),
    ("gitea", "pull_request_rejected", {"review__type": "pull_request_review_rejected"}, "changes_requested"),
    ("bitbucket", "pullrequest:created", {}, "opened"),
    ("bitbucket", "pullrequest:updated", {}, "edited"),
    ("bitbucket", "pullrequest:approved", {}, "approved"),
    ("bitbucket", "pullrequest:unapproved", {}, "unapproved"),
    ("bitbucket", "pullrequest:changes_request_created", {}, "changes_requested"),
    ("bitbucket", "pullrequest:changes_request_removed", {}, "unapproved"),
    ("bitbucket", "pullrequest:fulfilled", {}, "merged"),
    ("bitbucket", "pullrequest:rejected", {"pullrequest__state": "DECLINED"}, "closed"),
    ("bitbucket-server", "pr:opened", {}, "opened"),
    ("bitbucket-server", "pr:from_ref_updated", {}, "updated"),
    ("bitbucket-server", "pr:modified", {}, "edited"),
    ("bitbucket-server", "pr:reviewer:needs_work", {}, "changes_requested"),
    ("bitbucket-server", "pr:merged", {"pullRequest__state": "MERGED"}, "merged"),
    ("bitbucket-server", "pr:declined", {"pullRequest__state": "DECLINED"}, "closed"),
    ("azure-devops", "git.pullrequest.created", {"resource__status": "active"}, "opened"),
    ("azure-devops", "git.pullrequest.updated", {"resource__status": "active"}, "edited"),
    ("azure-devops", "git.pullrequest.updated", {"resource__status": "abandoned"}, "closed"),
    ("azure-devops", "git.pullrequest.merged", {}, "merged"),
    ("azure-devops", "git.pullrequest.merged", {"resource__status": "active"}, "other"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "event", "changes", "action"), ACTIONS)
def test_what_was_done_is_one_word_for_all_hosts(
    host: str, event: str, changes: dict[str, object], action: git.Action
) -> None:
    found = pull(host, event, **changes)
    assert found.action == action
    assert found.host_action == next((v for k, v in changes.items() if k.endswith("action") and v), found.host_action)


def test_a_draft_of_old_versions_of_gitlab_is_one() -> None:
    assert pull("gitlab", PULLS["gitlab"], object_attributes__draft=None).draft


def test_a_deleted_fork_and_a_deleted_account_leave_no_trace() -> None:
    found = pull("github", "pull_request", pull_request__head__repo=None, pull_request__user=None)
    assert (found.source_repository, found.author) == (None, git.Person())


@pytest.mark.parametrize("host", HOSTS)
def test_another_event_is_none(host: str) -> None:
    for kind in (git.Push, git.PullRequest):
        normalise = hosts.normaliser(host, kind)
        assert normalise is not None
        assert normalise(b"{}", "no such event") is None


def test_a_body_of_another_form_is_refused_with_its_path() -> None:
    normalise = hosts.normaliser("github", git.Push)
    assert normalise is not None
    with pytest.raises(msgspec.ValidationError, match=r"at `\$.ref`"):
        normalise(b'{"ref": 5}', "push")
    with pytest.raises(msgspec.DecodeError):
        normalise(b"nothing", "push")


@pytest.mark.parametrize(("host", "kind"), [("github", github.Push), ("sourcehut", git.Push), ("github", str)])
def test_there_is_nothing_to_normalise_for_other_hosts_and_types(host: str, kind: type) -> None:
    assert hosts.normaliser(host, kind) is None


def _events(kind: type) -> dict[str, set[str]]:
    return {host: set(names) for host, names in (hosts.events_of(kind) or {}).items()}


def test_the_events_of_a_type_are_known_by_host() -> None:
    assert _events(github.Push) == {"github": {"push"}}
    assert _events(gitlab.Issue) == {"gitlab": {"Issue Hook", "Confidential Issue Hook"}}
    assert _events(git.Push) == {
        "github": {"push"}, "gitlab": {"Push Hook", "Tag Push Hook"}, "gitea": {"push"}, "bitbucket": {"repo:push"},
        "bitbucket-server": {"repo:refs_changed"}, "azure-devops": {"git.push"},
    }  # fmt: skip
    pulls = _events(git.PullRequest)
    assert pulls["github"] == {"pull_request", "pull_request_review"}
    assert "pullrequest:comment_created" not in pulls["bitbucket"]


def test_other_types_are_none_of_ours() -> None:
    assert hosts.events_of(github.Commit) is None
    assert hosts.events_of(int) is None


def test_the_types_of_a_host_are_known_by_event() -> None:
    assert hosts.types("github")["push"] is github.Push
    assert hosts.types("sourcehut") == {}
