"""What stands in a body is what its type says, host by host."""

from typing import cast

import msgspec
import pytest
from msgspec import Struct
from tests.unit.inbound.events.bodies import ALL, HOSTS, body_of

from hookyard.inbound.events import gitea, hosts

A, B, ZEROS = "a1" * 20, "b2" * 20, "0" * 40
MERGE = "e5" * 20
TIME = "2026-03-01T10:00:00Z"
Said = dict[str, object]

# By host and event: paths into what was decoded, and what must be there.
EXPECTED: dict[tuple[str, str], Said] = {
    ("github", "push"): {
        "ref": "refs/heads/main", "branch": "main", "tag": None, "after": B, "forced": True, "created": False,
        "repository.full_name": "ada/engine", "repository.owner.login": "ada", "repository.created_at": 1767261600,
        "repository.updated_at": TIME, "pusher.name": "ada", "pusher.email": None,
        "commits.0.message": "First\n\nLong.",
        "commits.0.added.0": "a.py", "commits.1.removed.0": "b.py", "commits.1.author.username": "ada",
        "head_commit.id": B, "organization.login": "looms", "installation.id": 5, "sender.type": "User",
    },
    ("github", "pull_request"): {
        "action": "synchronize", "number": 12, "before": B, "pull_request.title": "Count",
        "pull_request.head.ref": "topic", "pull_request.head.sha": A, "pull_request.base.ref": "main",
        "pull_request.mergeable": None, "pull_request.labels.0.name": "bug",
        "pull_request.requested_teams.0.slug": "weavers",
        "pull_request.changed_files": 6, "changes.title.before": "Cuont", "changes.base.ref.before": "old",
        "pull_request.milestone.title": "1.0", "requested_reviewer.login": "ada",
    },
    ("github", "pull_request_review"): {
        "review.state": "approved", "review.body": None, "pull_request.number": 12, "pull_request.merged": False,
    },
    ("github", "pull_request_review_comment"): {"comment.path": "a.py", "comment.line": 3, "comment.in_reply_to_id": 4},
    ("github", "pull_request_review_thread"): {"action": "resolved", "thread.comments.0.body": "Why?"},
    ("github", "issues"): {
        "action": "labeled", "issue.number": 13, "issue.body": None, "issue.state_reason": "completed",
        "issue.pull_request": None, "issue.labels.0.color": "d73a4a", "label.name": "bug",
    },
    ("github", "issue_comment"): {
        "comment.body": "Me too", "issue.pull_request.html_url": "https://github.com/ada/engine/pull/13",
    },
    ("github", "commit_comment"): {"comment.commit_id": A, "comment.line": 2, "comment.user.login": "ada"},
    ("github", "release"): {
        "release.tag_name": "v1", "release.name": None, "release.prerelease": True, "release.assets.0.size": 5,
    },
    ("github", "create"): {"ref": "topic", "ref_type": "branch", "master_branch": "main"},
    ("github", "delete"): {"ref": "v0", "ref_type": "tag", "pusher_type": "deploy_key"},
    ("github", "workflow_run"): {
        "workflow_run.conclusion": "failure", "workflow_run.run_attempt": 2, "workflow_run.pull_requests.0.number": 12,
        "workflow_run.head_commit.id": A, "workflow.path": ".github/workflows/ci.yml",
    },
    ("github", "workflow_job"): {"workflow_job.steps.0.name": "Set up", "workflow_job.conclusion": None},
    ("github", "check_run"): {
        "check_run.name": "lint", "check_run.output.title": "Two things", "requested_action.identifier": "fix",
        "check_run.check_suite.head_branch": "main", "check_run.app.slug": "loom",
    },
    ("github", "check_suite"): {"check_suite.conclusion": "success", "check_suite.head_commit.message": "First"},
    ("github", "status"): {"state": "success", "context": "ci/build", "branches.0.name": "main", "sha": A},
    ("github", "star"): {"action": "created", "starred_at": TIME},
    ("github", "watch"): {"action": "started", "repository.stargazers_count": 3},
    ("github", "fork"): {"forkee.full_name": "bob/engine", "repository.full_name": "ada/engine"},
    ("github", "ping"): {"hook_id": 11, "hook.events.0": "push", "repository.name": "engine"},
    ("gitlab", "Push Hook"): {
        "branch": "main", "user_username": "ada", "total_commits_count": 25, "commits.0.removed.0": "b.py",
        "project.path_with_namespace": "looms/engine", "commits.0.author.email": "ada@example.org",
    },
    ("gitlab", "Tag Push Hook"): {"tag": "v1", "branch": None, "before": ZEROS, "message": "One", "commits": ()},
    ("gitlab", "Merge Request Hook"): {
        "object_attributes.iid": 12, "object_attributes.action": "update", "object_attributes.last_commit.id": A,
        "object_attributes.source.web_url": "https://gitlab.example/looms/engine", "user.username": "ada",
        "labels.0.title": "bug", "reviewers.0.name": "Ada Lovelace",
        "changes": {"updated_by_id": [None, 7], "title": {"previous": "Cuont", "current": "Count"}},
    },
    ("gitlab", "Issue Hook"): {"object_attributes.iid": 13, "object_attributes.confidential": True},
    ("gitlab", "Note Hook"): {
        "object_attributes.note": "Me too", "issue.iid": 13, "merge_request.iid": 12, "snippet.title": "Snip",
    },
    ("gitlab", "Pipeline Hook"): {
        "object_attributes.duration": 63.0, "object_attributes.variables.0.key": "A", "builds.0.duration": 12.5,
        "merge_request.iid": 12, "commit.title": "First",
    },
    ("gitlab", "Job Hook"): {
        "build_status": "failed", "commit.sha": A, "runner.tags.0": "linux", "build_duration": 12.5,
    },
    ("gitlab", "Release Hook"): {"tag": "v1", "assets.links.0.name": "e.whl", "assets.sources.0.format": "zip"},
    ("gitlab", "Deployment Hook"): {"environment": "production", "status": "success", "deployable_id": 380},
    ("gitea", "push"): {
        "branch": "main", "tag": None, "pusher.login": "ada", "commits.0.modified.0": "b.py", "total_commits": 2,
        "repository.clone_url": "https://gitea.example/looms/engine.git", "head_commit.id": A,
    },
    ("gitea", "pull_request"): {
        "pull_request.merged": True, "pull_request.head.ref": "topic", "changes.ref.before": "old", "review": None,
    },
    ("gitea", "pull_request_approved"): {"action": "reviewed", "review.content": "Good", "commit_id": A},
    ("gitea", "issues"): {"issue.number": 13, "issue.assignees.0.login": "ada", "changes.body.before": "x"},
    ("gitea", "issue_comment"): {"comment.body": "Me too", "is_pull": True, "pull_request.number": 12},
    ("gitea", "release"): {"release.tag_name": "v1", "release.assets.0.name": "e.whl"},
    ("gitea", "create"): {"ref": "topic", "ref_type": "branch", "sha": A},
    ("gitea", "delete"): {"ref": "topic", "pusher_type": "user"},
    ("gitea", "fork"): {"forkee.full_name": "looms/engine", "repository.full_name": "bob/engine"},
    ("gitea", "status"): {"context": "ci", "state": "success", "commit.id": A},
    ("gitea", "workflow_run"): {"workflow_run.conclusion": "success", "workflow.id": "ci.yml"},
    ("gitea", "workflow_job"): {"workflow_job.status": "queued", "workflow_job.labels.0": "linux"},
    ("bitbucket", "repo:push"): {
        "push.changes.0.new.name": "main", "push.changes.0.forced": True, "push.changes.0.commits.0.hash": A,
        "push.changes.0.commits.0.author.raw": "Ada Lovelace <ada@example.org>", "push.changes.1.old": None,
        "push.changes.2.new": None, "actor.nickname": "ada", "repository.links.html.href": "https://bitbucket.org/looms/engine",
        "repository.links.api.href": "https://api.bitbucket.org/2.0/looms/engine", "repository.mainbranch.name": "main",
    },
    ("bitbucket", "repo:fork"): {"fork.full_name": "bob/engine"},
    ("bitbucket", "repo:commit_comment_created"): {
        "comment.inline.to": 10, "comment.inline.before": None, "commit.hash": A,
    },
    ("bitbucket", "repo:commit_status_updated"): {"commit_status.state": "SUCCESSFUL", "commit_status.refname": "main"},
    ("bitbucket", "pullrequest:fulfilled"): {
        "pullrequest.id": 12, "pullrequest.source.branch.name": "topic", "pullrequest.participants.0.approved": True,
    },
    ("bitbucket", "pullrequest:approved"): {"approval.user.uuid": "{u-7}", "pullrequest.merge_commit": None},
    ("bitbucket", "pullrequest:comment_created"): {"comment.parent.id": 16, "comment.content.raw": "Why?"},
    ("bitbucket", "issue:updated"): {
        "issue.component.name": "core", "changes": {"status": {"old": "new", "new": "open"}},
    },
    ("bitbucket", "issue:comment_created"): {"issue.kind": "bug", "comment.id": 17},
    ("bitbucket-server", "repo:refs_changed"): {
        "event_key": "repo:refs_changed", "changes.0.ref.display_id": "main", "changes.0.from_hash": B,
        "changes.1.type": "ADD", "commits.0.author_timestamp": 1772359200000, "actor.email_address": "ada@example.org",
        "repository.links.clone.1.name": "ssh", "repository.project.key": "LOOM", "to_commit.id": A,
    },
    ("bitbucket-server", "repo:forked"): {"repository.origin.project.key": "LOOM", "repository.project.key": "~BOB"},
    ("bitbucket-server", "repo:modified"): {"old.name": "Engine", "new.name": "Machine"},
    ("bitbucket-server", "repo:comment:added"): {"comment.text": "Why?", "commit": A, "comment_parent_id": 43},
    ("bitbucket-server", "pr:modified"): {
        "pull_request.from_ref.latest_commit": A, "previous_title": "Cuont", "previous_target.display_id": "old",
        "pull_request.properties.merge_commit.id": MERGE, "added_reviewers.0.name": "ada",
        "pull_request.author.last_reviewed_commit": A, "pull_request.created_date": 1772359200000,
    },
    ("bitbucket-server", "pr:comment:edited"): {"comment.text": "Why?", "previous_comment": "Wy?"},
    ("bitbucket-server", "diagnostics:ping"): {"test": True},
    ("azure-devops", "git.push"): {
        "event_type": "git.push", "resource.ref_updates.0.new_object_id": A, "resource.commits.0.comment": "First",
        "resource.repository.default_branch": "refs/heads/main", "resource.pushed_by.display_name": "Ada Lovelace",
        "notification_id": 3, "message.text": "Ada pushed",
    },
    ("azure-devops", "git.pullrequest.updated"): {
        "resource.pull_request_id": 12, "resource.reviewers.0.vote": 10, "resource.source_ref_name": "refs/heads/topic",
        "resource.last_merge_source_commit.commit_id": A, "resource.labels.0.name": "bug",
    },
    ("azure-devops", "ms.vss-code.git-pullrequest-comment-event"): {
        "resource.comment.content": "Why?", "resource.pull_request.title": "Count",
    },
    ("azure-devops", "build.complete"): {"resource.result": "failed", "resource.definition.name": "CI"},
    ("azure-devops", "workitem.updated"): {
        "resource.work_item_id": 13, "resource.revision.fields": {"System.Title": "It stops"},
    },
}  # fmt: skip


def at(value: object, path: str) -> object:
    """The value at a dotted path of attributes and indexes."""
    for step in path.split("."):
        value = cast("tuple[object, ...]", value)[int(step)] if step.isdigit() else getattr(value, step)
    return value


@pytest.mark.parametrize(("key", "said"), EXPECTED.items(), ids=[" ".join(key) for key in EXPECTED])
def test_a_body_says_what_its_type_says(key: tuple[str, str], said: Said) -> None:
    host, event = key
    found = msgspec.json.decode(body_of(host, event), type=hosts.types(host)[event])
    assert {path: at(found, path) for path in said} == said


def test_every_body_is_looked_at() -> None:
    assert {(host, event) for host, event, _, _ in ALL} == set(EXPECTED)


@pytest.mark.parametrize("host", HOSTS)
def test_every_type_of_a_host_has_a_body(host: str) -> None:
    kinds: set[type[Struct]] = set(hosts.types(host).values())
    assert {kind for name, _, kind, _ in ALL if name == host} == kinds


def test_what_gogs_sends_in_place_of_two_sides_is_there() -> None:
    body = b'{"action": "opened", "pull_request": {"head_branch": "topic", "head_repo": {"full_name": "bob/engine"}}}'
    pull = msgspec.json.decode(body, type=gitea.PullRequest).pull_request
    assert pull.head_branch == "topic"
    assert pull.head_repo is not None
    assert pull.head_repo.full_name == "bob/engine"


@pytest.mark.parametrize(
    ("ref", "branch", "tag"),
    [
        ("refs/heads/main", "main", None),
        ("refs/heads/feature/one", "feature/one", None),
        ("refs/tags/v1", None, "v1"),
        ("refs/notes/x", None, None),
        ("", None, None),
    ],
)
def test_a_ref_is_a_branch_or_a_tag_or_neither(ref: str, branch: str | None, tag: str | None) -> None:
    push = gitea.Push(ref=ref)
    assert (push.branch, push.tag) == (branch, tag)
