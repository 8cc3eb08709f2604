"""Webhooks in the tests of plugins: signed as their senders sign, taken by the real gateway."""

import json
from base64 import b64decode

import pytest
from msgspec import Struct

from hookyard import Context, InboundEvent, Plugin, WebhookRequest, WebhookVerdict
from hookyard.config.model import (
    Place,
    PluginScheme,
    SignatureSettings,
    TemplateScheme,
    TimestampSettings,
)
from hookyard.inbound.sources import SourcesError
from hookyard.testing import Host
from hookyard.testing.webhook import AnyScheme

plugin = Plugin("git")


class Push(Struct):
    ref: str


class Branch(Struct):
    name: str


@plugin.command
async def pushed(data: Push, ctx: Context) -> str:
    return data.ref


@plugin.command
async def branch(data: Branch, ctx: Context) -> str:
    return data.name


def test_a_webhook_of_github_runs_the_command_it_is_routed_to(hookyard: Host) -> None:
    answer = hookyard.webhook("github", {"ref": "main"}, event="push", run=pushed)
    assert answer.status == 202
    assert answer.job is not None
    assert (answer.job.status, answer.job.result, answer.job.source) == ("succeeded", b'"main"', "github")
    assert answer.json["job_id"] == answer.job.id


def test_the_one_command_that_is_loaded_needs_no_name(hookyard: Host) -> None:
    single = Plugin("single")

    @single.command
    async def only(data: Push, ctx: Context) -> str:
        return data.ref

    with pytest.raises(LookupError, match="say which command is to run"):
        hookyard.webhook("github", Push("main"))
    hookyard.load(single)
    answer = hookyard.webhook("github", Push("main"))
    assert answer.job is not None
    assert answer.job.command == "only"


def test_routes_are_those_of_a_configuration(hookyard: Host) -> None:
    hookyard.load(plugin)
    routes: list[dict[str, object]] = [
        {"on": "create", "run": "git/branch", "with": {"name": "$.ref"}},
        {"on": "push", "run": "git/pushed"},
    ]
    answer = hookyard.webhook("github", '{"ref": "topic"}', event="create", routes=routes)
    assert answer.job is not None
    assert (answer.job.command, answer.job.args) == ("branch", b'{"name":"topic"}')
    ignored = hookyard.webhook("github", b'{"ref": "topic"}', event="star", routes=routes)
    assert (ignored.status, ignored.json["status"], ignored.job) == (200, "ignored", None)


def test_a_route_may_name_the_function_of_a_plugin_that_is_not_loaded_yet(hookyard: Host) -> None:
    answer = hookyard.webhook("github", {"ref": "v1"}, routes=[{"run": branch, "with": {"name": "$.ref"}}])
    assert answer.job is not None
    assert answer.job.result == b'"v1"'


def test_routes_that_do_not_fit_their_command_are_refused(hookyard: Host) -> None:
    hookyard.load(plugin)
    with pytest.raises(SourcesError, match="title"):
        hookyard.webhook("github", {}, routes=[{"run": "git/branch", "with": {"title": "$.ref"}}])


def test_a_wrong_signature_is_refused(hookyard: Host) -> None:
    forged = {"X-Hub-Signature-256": f"sha256={'0' * 64}"}
    answer = hookyard.webhook("github", Push("main"), run=pushed, headers=forged)
    assert (answer.status, answer.json["code"], answer.job) == (401, "invalid_signature", None)
    assert hookyard.jobs == ()


def test_a_delivery_that_comes_twice_is_one_job(hookyard: Host) -> None:
    first = hookyard.webhook("github", Push("main"), run=pushed, delivery="d-1")
    again = hookyard.webhook("github", Push("main"), run=pushed, delivery="d-1")
    assert first.job is not None
    assert again.job is not None
    assert first.job.id == again.job.id
    assert hookyard.webhook("github", Push("other"), run=pushed, delivery="d-1").status == 409


def test_an_input_of_another_type_is_answered_with_the_place(hookyard: Host) -> None:
    answer = hookyard.webhook("github", {"ref": 3}, run=pushed)
    assert (answer.status, answer.json["code"], answer.json["path"]) == (422, "invalid_event", "$.ref")


@pytest.mark.parametrize(
    "scheme",
    [
        TemplateScheme(signature=SignatureSettings(header="X-Signature")),
        TemplateScheme(
            signature=SignatureSettings(header="X-Signature", prefix="v0="), encoding="base64", mac="hmac-sha512"
        ),
        TemplateScheme(
            signature=SignatureSettings(header="X-Signature"),
            content="{timestamp}.{body}",
            timestamp=TimestampSettings(header="X-Time"),
            event=Place(header="X-Event"),
            delivery=Place(header="X-Id"),
        ),
        "stripe",
        "slack",
    ],
)
def test_any_signature_that_a_source_may_have_is_made(hookyard: Host, scheme: AnyScheme) -> None:
    answer = hookyard.webhook("shop", Push("main"), run=pushed, scheme=scheme, secret="hush")
    assert answer.job is not None, answer.body
    assert answer.job.result == b'"main"'


def test_a_source_of_an_unknown_kind_needs_its_scheme(hookyard: Host) -> None:
    with pytest.raises(LookupError, match="how 'shop' signs is not known"):
        hookyard.webhook("shop", Push("main"), run=pushed)


def test_standard_webhooks_are_sent_as_another_hookyard_sends_them(hookyard: Host) -> None:
    answer = hookyard.webhook("hookyard", Push("main"), run=pushed, event="job.succeeded")
    assert answer.job is not None, answer.body
    assert answer.job.args == b'{"ref":"main"}'


def test_the_hooks_of_a_plugin_verify_and_map(hookyard: Host) -> None:
    verifier = Plugin("verifier")

    @verifier.hook
    async def verify_webhook(request: WebhookRequest) -> WebhookVerdict:
        good = b64decode(request.headers.get("x-token", "")).decode() in request.secrets
        return WebhookVerdict(ok=good, event="order")

    @verifier.hook
    async def map_input(event: InboundEvent) -> Push:
        return Push(json.loads(event.body)["order"])

    hookyard.load(verifier)
    hookyard.load(plugin)
    routes = [{"run": "git/pushed", "map": "verifier"}]

    def send(token: str) -> int:
        scheme = PluginScheme(plugin="verifier")
        headers = {"X-Token": token}
        return hookyard.webhook(
            "shop", {"order": "tea"}, scheme=scheme, secret="hush", routes=routes, headers=headers
        ).status

    assert send("aHVzaA==") == 202
    assert [job.result for job in hookyard.jobs] == [b'"tea"']
    assert send("bm8=") == 401
