"""Routes as a whole: what they are compiled of, and commands that take typed events."""

import json

import msgspec
import pytest
from tests.unit.inbound.lab import command, shared
from tests.unit.inbound.routes.lab import There, compiled, problems, received, route, settings

from hookyard.errors import Refused
from hookyard.inbound.events import git, github, gitlab
from hookyard.inbound.preset import Host
from hookyard.inbound.routes import Route

TYPED = There(
    commands={
        f"typed/{name}": command(name, takes)
        for name, takes in (
            ("github_push", github.Push),
            ("gitlab_push", gitlab.Push),
            ("github_pull_request", github.PullRequest),
            ("ping", github.Ping),
            ("push", git.Push),
            ("pull_request", git.PullRequest),
        )
    }
)


def typed(name: str, host: Host | None, **members: object) -> Route:
    return compiled(settings(run=f"typed/{name}", **members), there=TYPED, host=host)[0]


def typed_problems(name: str, host: Host | None, **members: object) -> list[tuple[str, str]]:
    return problems(settings(run=f"typed/{name}", **members), there=TYPED, host=host)


def test_a_route_says_which_command_and_how_urgent_and_who_makes_the_input() -> None:
    made = route(priority=7, map="mapper")
    assert (made.command, made.priority, made.mapper) == ("hello/greet", 7, "mapper")
    assert route().mapper is None


def test_an_unknown_command_is_a_problem_at_its_key() -> None:
    [(path, message)] = problems(settings(), settings(run="hello/gone"))
    assert path == "sources.hub.routes[1].run"
    assert "hello/gone" in message


def test_a_command_of_a_plugin_that_does_not_run_may_be_named_and_the_rest_is_checked() -> None:
    there = There(inactive=("away",))
    found = problems(settings(run="away/what", **{"with": {"any": 1}, "if": "event."}), there=there)
    assert [path for path, _ in found] == ["sources.hub.routes[0].if"]


def test_with_and_map_contradict_each_other() -> None:
    found = problems(settings(map="mapper", **{"with": {"name": "x"}}))
    assert [path for path, _ in found] == ["sources.hub.routes[0].map"]


# --- typed events -------------------------------------------------------------------------------------------------


def test_a_command_that_takes_a_hosts_event_gets_the_body_as_it_is() -> None:
    body = shared("payloads/github/push.json")
    made = typed("github_push", "github", on="push")
    event = received(body)
    assert made.takes(event)
    assert made.args(event) is body
    assert msgspec.json.decode(made.args(event), type=github.Push).ref


@pytest.mark.parametrize(
    ("host", "event", "payload"),
    [
        ("github", "push", "payloads/github/push.json"),
        ("gitea", "push", "payloads/gitea/push.json"),
        ("bitbucket", "repo:push", "payloads/bitbucket/repo_push.json"),
        ("bitbucket-server", "repo:refs_changed", "payloads/bitbucket-server/repo_refs_changed.json"),
        ("azure-devops", "git.push", "payloads/azure-devops/git.push.json"),
    ],
)
def test_a_command_that_takes_any_push_gets_what_is_made_of_the_hosts_own(host: Host, event: str, payload: str) -> None:
    push = received(shared(payload), event=event)
    made = typed("push", host)
    assert made.takes(push)
    assert msgspec.json.decode(made.args(push), type=git.Push).host == host


def test_a_typed_route_for_every_event_takes_those_of_its_type_only() -> None:
    for made in (typed("github_push", "github"), typed("push", "github", on=["p*", "issues?"])):
        assert made.takes(received({}, event="push"))
        assert not made.takes(received({}, event="pull_request"))


def test_a_typed_route_may_have_a_condition() -> None:
    made = typed("push", "github", **{"if": "event.ref == 'refs/heads/main'"})
    assert [made.takes(received({"ref": f"refs/heads/{name}"})) for name in ("main", "dev")] == [True, False]


@pytest.mark.parametrize(
    ("name", "host", "on", "says"),
    [
        ("github_push", "github", "issues", "issues"),
        ("github_push", "github", ["push", "issues"], "issues"),
        ("github_push", "github", "pull_*", "push"),
        ("github_pull_request", "github", "push", "push"),
        ("push", "github", "pull_request", "pull_request"),
        ("pull_request", "gitlab", "Push Hook", "Push Hook"),
    ],
)
def test_an_event_whose_body_is_not_what_the_command_takes_is_a_problem(
    name: str, host: Host, on: object, says: str
) -> None:
    [(path, message)] = typed_problems(name, host, on=on)
    assert path == "sources.hub.routes[0].on"
    assert says in message


@pytest.mark.parametrize(("name", "host"), [("github_push", "gitlab"), ("gitlab_push", "github")])
def test_an_event_of_another_host_is_a_problem(name: str, host: Host) -> None:
    [(path, message)] = typed_problems(name, host)
    assert path == "sources.hub.routes[0].run"
    assert host in message


def test_with_a_mapping_any_event_may_run_a_command_that_takes_a_typed_one() -> None:
    assert typed_problems("github_push", "gitlab", **{"with": "$.github_push"}) == []
    assert typed_problems("github_push", "github", on="issues", **{"with": "$.push"}) == []


@pytest.mark.parametrize("name", ["github_push", "push", "pull_request"])
def test_a_known_sender_that_is_no_git_host_sends_none_of_their_events(name: str) -> None:
    found = problems(settings(run=f"typed/{name}"), there=TYPED, sender="stripe")
    [(path, message)] = found
    assert path == "sources.hub.routes[0].run"
    assert message.endswith("which stripe does not send; write a with")
    assert problems(settings(run=f"typed/{name}", **{"with": "$"}), there=TYPED, sender="stripe") == []


def test_of_a_sender_that_is_not_known_the_body_is_taken_as_it_is() -> None:
    made = typed("github_push", None, on="anything")
    event = received({"any": 1}, event="anything")
    assert made.takes(event)
    assert made.args(event) is event.body


@pytest.mark.parametrize("name", ["push", "pull_request"])
def test_of_a_sender_that_is_not_known_nothing_can_be_made_for_a_command_that_takes_any_hosts_event(name: str) -> None:
    [(path, message)] = problems(settings(run=f"typed/{name}"), there=TYPED)
    assert path == "sources.hub.routes[0].run"
    assert message.endswith("of which host the source's bodies are is not known; use a preset, or write a with")
    assert problems(settings(run=f"typed/{name}", **{"with": "$"}), there=TYPED) == []
    assert problems(settings(run=f"typed/{name}", map="mapper"), there=TYPED) == []


def test_a_command_that_takes_pings_needs_a_route_that_names_them() -> None:
    def found(on: str) -> list[tuple[str, str]]:
        return problems(settings(run="typed/ping", on=on), there=TYPED, host="github", pings=frozenset({"ping"}))

    for on in ("*", "p*"):
        [(path, message)] = found(on)
        assert path == "sources.hub.routes[0].on"
        assert message.endswith("none of its events: ping; a ping is taken by its name, not by a glob")
    assert found("ping") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b'{"x":' + b"[" * 5000, "invalid_json"),
        (b'{"ref":"\xff"}', "invalid_json"),
        (b"[]", "invalid_input"),
    ],
)
def test_a_body_of_which_nothing_can_be_made_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        typed("push", "github").args(received(body))
    assert caught.value.code == code


def test_a_body_that_is_not_of_its_type_is_refused_with_the_place() -> None:
    body = json.loads(shared("payloads/github/push.json"))
    body["repository"]["full_name"] = 5
    with pytest.raises(Refused) as caught:
        typed("push", "github").args(received(body))
    assert (caught.value.code, caught.value.path) == ("invalid_input", "$.repository.full_name")
    assert caught.value.detail == "Expected `str | null`, got `int`", "as the decoder of inputs says it"
