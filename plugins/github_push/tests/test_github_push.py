from pathlib import Path

import msgspec
import pytest
from hookyard_github_push import Summary, plugin, summary

from hookyard.testing import run_command

ZEROS = "0" * 40
REAL = Path(__file__).parents[4] / "shared" / "payloads" / "github"


def _commit(message: str, **files: list[str]) -> dict[str, object]:
    return {"id": "c" * 40, "message": message, "author": {"name": "Ada"}, **files}


def _push(**changes: object) -> dict[str, object]:
    body: dict[str, object] = {
        "ref": "refs/heads/main",
        "before": "a" * 40,
        "after": "b" * 40,
        "created": False,
        "deleted": False,
        "forced": False,
        "compare": "https://github.com/ada/engine/compare/a...b",
        "commits": [],
        "head_commit": None,
        "repository": {"full_name": "ada/engine", "private": True},
        "pusher": {"name": "ada", "email": "ada@example.org"},
        "sender": {"login": "ada"},
    }
    return body | changes


def _summary(**changes: object) -> Summary:
    return run_command(plugin, summary, _push(**changes))


def test_a_push_is_summed_up() -> None:
    found = _summary(
        commits=[
            _commit("Count further\n\nBecause one can.", added=["a.py"], modified=["b.py"]),
            _commit("Tidy up", modified=["b.py", "c.py"], removed=["d.py"]),
        ]
    )
    assert found == Summary(
        repository="ada/engine",
        ref="refs/heads/main",
        branch="main",
        before="a" * 40,
        after="b" * 40,
        pusher="ada",
        commits=2,
        messages=("Count further", "Tidy up"),
        files_added=1,
        files_removed=1,
        files_modified=2,
        created=False,
        deleted=False,
        forced=False,
        compare="https://github.com/ada/engine/compare/a...b",
    )


def test_a_branch_name_may_hold_slashes() -> None:
    assert _summary(ref="refs/heads/feature/one").branch == "feature/one"


def test_a_tag_is_no_branch() -> None:
    found = _summary(ref="refs/tags/v1", created=True, before=ZEROS)
    assert (found.branch, found.tag, found.created) == (None, "v1", True)


def test_a_deleted_branch_has_no_commits() -> None:
    found = _summary(deleted=True, after=ZEROS, head_commit=None)
    assert (found.deleted, found.commits, found.messages) == (True, 0, ())


@pytest.mark.parametrize(
    ("steps", "counts"),
    [
        ([{"added": ["x"]}, {"removed": ["x"]}], (0, 0, 0)),
        ([{"added": ["x"]}, {"modified": ["x"]}], (1, 0, 0)),
        ([{"modified": ["x"]}, {"removed": ["x"]}], (0, 1, 0)),
        ([{"removed": ["x"]}, {"added": ["x"]}], (0, 0, 1)),
    ],
)
def test_a_file_that_several_commits_touch_counts_once(
    steps: list[dict[str, list[str]]], counts: tuple[int, int, int]
) -> None:
    found = _summary(commits=[_commit("step", **files) for files in steps])
    assert (found.files_added, found.files_removed, found.files_modified) == counts


def test_a_body_that_is_no_push_is_refused_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"full_name` - at `\$.repository`"):
        _summary(repository={})


@pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real payloads is not here")
def test_real_pushes_are_summed_up() -> None:
    bodies = sorted(REAL.glob("push*.json"))
    assert bodies
    for body in bodies:
        found = run_command(plugin, summary, body.read_bytes())
        assert found.repository == "Codertocat/Hello-World"
        assert found.pusher == "Codertocat"
    assert [found.commits for found in (run_command(plugin, summary, body.read_bytes()) for body in bodies)] == [0, 1]
