"""Nothing that a host leaves out, sends as null, adds, or sends as another of the known forms makes an event fail."""

import json
from types import UnionType
from typing import cast, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, inspect
from tests.unit.inbound.events.bodies import ALL, HOSTS, Json, changed, every_body, places

from hookyard.inbound.events import bitbucket, git, github, hosts
from hookyard.inbound.events.part import Id, Moment, Part


def decodes(host: str, event: str, kind: type[Struct], body: bytes) -> None:
    msgspec.json.decode(body, type=kind)
    for everybody in (git.Push, git.PullRequest):
        normalise = hosts.normaliser(host, everybody)
        made = None if normalise is None else normalise(body, event)
        if made is not None:
            msgspec.json.decode(made, type=everybody)


@every_body
def test_a_body_without_any_one_of_its_members_decodes(host: str, event: str, kind: type[Struct], body: bytes) -> None:
    for path in places(json.loads(body)):
        decodes(host, event, kind, changed(body, path, None, remove=True))


@every_body
def test_a_body_with_null_in_any_one_place_decodes(host: str, event: str, kind: type[Struct], body: bytes) -> None:
    for path in places(json.loads(body)):
        decodes(host, event, kind, changed(body, path, None))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_body_that_lacks_many_things_at_once_decodes(data: st.DataObject) -> None:
    host, event, kind, body = data.draw(st.sampled_from(ALL))

    def thinned(tree: Json) -> Json:
        if isinstance(tree, dict):
            fates = data.draw(st.lists(st.sampled_from("kkkgn"), min_size=len(tree), max_size=len(tree)))
            kept = ((name, fate) for name, fate in zip(tree, fates, strict=True) if fate != "g")
            return {name: None if fate == "n" else thinned(tree[name]) for name, fate in kept}
        return [thinned(item) for item in tree] if isinstance(tree, list) else tree

    decodes(host, event, kind, json.dumps(thinned(json.loads(body))).encode())


@pytest.mark.parametrize("host", HOSTS)
def test_an_empty_object_is_every_event(host: str) -> None:
    for event, kind in hosts.types(host).items():
        decodes(host, event, kind, b"{}")


@every_body
def test_members_that_no_type_names_change_nothing(host: str, event: str, kind: type[Struct], body: bytes) -> None:
    def crowded(tree: Json) -> Json:
        if isinstance(tree, dict):
            return {**{name: crowded(value) for name, value in tree.items()}, "zz_new": [{"a": None}, 1, "b"]}
        return [crowded(item) for item in tree] if isinstance(tree, list) else tree

    # Maps that a host fills as it likes, such as `changes` of GitLab, hold whatever is in them.
    free = {"changes", "fields"}
    more = crowded(json.loads(body))
    assert isinstance(more, dict)
    plain, got = msgspec.json.decode(body, type=kind), msgspec.json.decode(json.dumps(more).encode(), type=kind)
    for field in kind.__struct_fields__:
        if field not in free and "fields" not in str(getattr(plain, field)):
            assert getattr(got, field) == getattr(plain, field), (host, event, field)


def parts(kind: object, found: set[type[Part]]) -> set[type[Part]]:
    """Every type that is reached from one."""
    for argument in get_args(kind):
        parts(argument, found)
    if isinstance(kind, type) and issubclass(kind, Part) and kind not in found:
        found.add(kind)
        for field in msgspec.structs.fields(kind):
            parts(field.type, found)
    return found


EVERY = sorted(
    {part for kind in (git.Push, git.PullRequest, *(kind for _, _, kind, _ in ALL)) for part in parts(kind, set())},
    key=lambda part: (part.__module__, part.__name__),
)


@pytest.mark.parametrize("part", EVERY, ids=lambda part: f"{part.__module__.split('events.')[1]}.{part.__name__}")
def test_ids_and_times_are_numbers_or_text(part: type[Part]) -> None:
    fields = [field for field in msgspec.structs.fields(part) if _both(field.type)]
    for field in fields:
        for value in (9_007_199_254_740_993, "abc"):
            got = msgspec.json.decode(msgspec.json.encode({field.encode_name: value}), type=part)
            assert getattr(got, field.name) == value
    names = {field.encode_name for field in fields}
    meant = {
        field.encode_name
        for field in msgspec.structs.fields(part)
        if field.name == "id" or field.name.endswith(("_at", "_date", "_on")) or field.name in {"timestamp", "date"}
    }
    # What people call an issue or a pull request by is a number everywhere; the id of a commit or of a ref is text.
    exempt = {"due_date", "id"} if isinstance(getattr(part(), "id", None), int | str) else {"due_date"}
    assert meant - names - exempt == set()


def _both(kind: object) -> bool:
    return isinstance(kind, UnionType) and {int, str} <= set(get_args(kind))


@pytest.mark.parametrize("part", EVERY, ids=lambda part: f"{part.__module__.split('events.')[1]}.{part.__name__}")
def test_every_field_has_a_default_and_takes_null(part: type[Part]) -> None:
    empty = part()
    for field in msgspec.structs.fields(part):
        assert not field.required
        got = msgspec.json.decode(msgspec.json.encode({field.encode_name: None}), type=part)
        assert getattr(got, field.name) == getattr(empty, field.name)
        assert isinstance(inspect.type_info(field.type), inspect.UnionType)


def test_every_field_of_every_type_is_in_a_body() -> None:
    """So that the tests above say something of each."""
    seen: set[tuple[type[Part], str]] = set()

    def note(kind: object, tree: Json) -> None:
        if isinstance(tree, list):
            for item in tree:
                note(kind, item)
        for part in _parts_of(kind) if isinstance(tree, dict) else ():
            for field in msgspec.structs.fields(part):
                if field.encode_name in cast("dict[str, Json]", tree):
                    seen.add((part, field.name))
                    note(field.type, cast("dict[str, Json]", tree)[field.encode_name])

    for _, _, kind, body in ALL:
        note(kind, json.loads(body))
    named = {(part, field) for part in EVERY if not part.__module__.endswith("git") for field in part.__struct_fields__}
    unseen = {f"{part.__module__.split('events.')[1]}.{part.__name__}.{field}" for part, field in named - seen}
    assert unseen == GOGS


GOGS = {
    f"gitea.pull_request.PullRequestDetails.{name}" for name in ("head_branch", "head_repo", "base_branch", "base_repo")
}
"""What only Gogs sends: it has a test of its own."""


def _parts_of(kind: object) -> list[type[Part]]:
    """The types that stand directly in an annotation."""
    if isinstance(kind, type) and not get_args(kind):
        return [kind] if issubclass(kind, Part) else []
    return [part for argument in get_args(kind) for part in _parts_of(argument)]


def test_a_null_in_a_list_is_left_out_of_it() -> None:
    push = msgspec.json.decode(b'{"commits": [null, {"id": "a", "added": ["x", null]}]}', type=github.Push)
    assert [commit.id for commit in push.commits] == ["a"]
    assert push.commits[0].added == ("x",)


def test_null_is_empty_where_a_value_is_always_there() -> None:
    push = msgspec.json.decode(b'{"ref": null, "repository": null, "commits": null, "forced": null}', type=github.Push)
    assert (push.ref, push.repository.full_name, push.commits, push.forced) == ("", "", (), False)


def test_forms_that_hosts_are_known_to_send_become_the_usual_one() -> None:
    old = msgspec.json.decode(b'{"repository": {"private": 1}}', type=github.Push)
    assert old.repository.private is True
    added = (
        b'{"repository": {"links": {"self": [{"href": "https://example.org/r"}]}}, "actor": {"links": {"self": []}}}'
    )
    push = msgspec.json.decode(added, type=bitbucket.Push)
    assert (push.repository.links.api.href, push.actor.links.api.href) == ("https://example.org/r", "")


def test_a_wrong_form_is_refused_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"at `\$.commits\[0\].message`"):
        msgspec.json.decode(b'{"commits": [{"message": {"text": "x"}}]}', type=github.Push)


def test_a_part_that_has_a_field_without_a_default_is_refused_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="Bad has a field without a default"):

        class Bad(Part):  # pyright: ignore[reportUnusedClass]  its declaration is what fails
            name: str


def test_events_are_frozen_and_made_by_keyword() -> None:
    push = github.Push(ref="refs/heads/main")
    with pytest.raises(AttributeError, match="immutable"):
        push.ref = "x"  # pyright: ignore[reportAttributeAccessIssue]  that it is refused is the point
    assert push == msgspec.json.decode(msgspec.json.encode(push), type=github.Push)
    assert hash(push) == hash(github.Push(ref="refs/heads/main"))


def test_ids_and_times_are_what_they_are_called() -> None:
    assert {int, str} == set(get_args(Id)) == set(get_args(Moment))
