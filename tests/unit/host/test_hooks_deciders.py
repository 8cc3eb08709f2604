"""Hooks whose answers count: who is asked, in which order, and what a failure means for the others."""

import asyncio

import pytest
from tests.unit.host.hooks_lab import named, plugin

from hookyard import (
    AccessQuestion,
    Credentials,
    HealthReport,
    HookContext,
    Identity,
    InboundEvent,
    SecretReference,
    WebhookRequest,
    WebhookVerdict,
)
from hookyard.errors import Refused
from hookyard.host.hooks import Hooks

REQUEST = Credentials(headers={}, method="GET", path="/")
QUESTION = AccessQuestion(principal="token:ci", scopes=(), method="GET", path="/")
EVENT = InboundEvent(source="s", event="e", delivery_id="d", command="lab/run", body=b"{}")
WEBHOOK = WebhookRequest(source="s", headers={}, body=b"", secrets=(), received_at=0)


def test_the_first_identity_counts_in_the_order_of_loading_and_nobody_after_is_asked() -> None:
    asked: list[str] = []

    def knows(who: str | None) -> object:
        async def authenticate(request: Credentials, ctx: HookContext) -> Identity | None:
            asked.append(ctx.plugin)
            return None if who is None else Identity(name=who, scopes=("admin",))

        return authenticate

    async def main() -> str | None:
        loaded = [plugin(name, knows(who)) for name, who in (("a", None), ("b", "bea"), ("c", "cy"))]  # type: ignore[arg-type]
        found = await Hooks(loaded).authenticate(REQUEST)
        return None if found is None else found.name

    assert asyncio.run(main()) == "plugin:b/bea"
    assert asked == ["a", "b"]


def test_one_that_fails_to_authenticate_leaves_it_to_the_others_and_alone_is_503_not_401() -> None:
    async def broken() -> Identity | None:
        raise RuntimeError

    async def hanging() -> Identity | None:
        await asyncio.Event().wait()
        return None

    async def good() -> Identity | None:
        return Identity(name="ada")

    async def none() -> Identity | None:
        return None

    for function in (broken, hanging, good, none):
        named("authenticate", function)

    async def main() -> None:
        bad = [plugin("x", broken), plugin("y", hanging)]
        found = await Hooks([*bad, plugin("z", good)], decision=0.02).authenticate(REQUEST)
        assert found is not None
        assert found.name == "plugin:z/ada"
        with pytest.raises(Refused) as refused:
            await Hooks([*bad, plugin("z", none)], decision=0.02).authenticate(REQUEST)
        assert refused.value.code == "plugin_unavailable"
        assert await Hooks([plugin("z", none)]).authenticate(REQUEST) is None

    asyncio.run(main())


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((None,), True),
        ((True, None), True),
        ((True, False), False),
        ((False, True), False),
        ((None, "fails", False), False),
        ((True, "fails"), "plugin_unavailable"),
    ],
)
def test_one_no_is_a_no_and_a_failure_is_not_taken_for_a_yes(answers: tuple[object, ...], expected: object) -> None:
    def says(answer: object) -> object:
        def authorize(question: AccessQuestion) -> bool | None:
            if answer == "fails":
                raise RuntimeError
            return answer  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

        return authorize

    async def main() -> object:
        hooks = Hooks([plugin(f"p{index}", says(answer)) for index, answer in enumerate(answers)])  # type: ignore[arg-type]
        assert hooks.has_authorize
        try:
            return await hooks.authorize(QUESTION)
        except Refused as refused:
            return refused.code

    assert asyncio.run(main()) == expected


def test_only_the_plugin_that_is_named_verifies_and_maps() -> None:
    def verdict(ok: bool) -> object:
        async def verify_webhook() -> WebhookVerdict:
            return WebhookVerdict(ok=ok)

        return verify_webhook

    def maps(event: InboundEvent) -> dict[str, str]:
        return {"event": event.event}

    async def main() -> None:
        yes = plugin("yes", verdict(True), named("map_input", maps))  # type: ignore[arg-type]
        hooks = Hooks([plugin("no", verdict(False)), yes])  # type: ignore[arg-type]
        assert await hooks.verify_webhook("yes", WEBHOOK) == WebhookVerdict(ok=True)
        assert await hooks.verify_webhook("no", WEBHOOK) == WebhookVerdict(ok=False)
        assert await hooks.map_input("yes", EVENT) == b'{"event":"e"}'
        with pytest.raises(Refused, match="did not answer"):
            await hooks.map_input("no", EVENT)  # a reload has taken it away

    asyncio.run(main())


def test_a_secret_is_asked_for_until_somebody_has_it_whoever_fails() -> None:
    async def broken() -> str | None:
        raise RuntimeError

    def none(reference: SecretReference) -> str | None:
        return None

    def has(reference: SecretReference) -> str | None:
        return f"{reference.plugin}'s {reference.name}"

    for function in (broken, none, has):
        named("resolve_secret", function)

    async def main() -> None:
        bad = [plugin("x", broken), plugin("y", none)]
        assert await Hooks([*bad, plugin("z", has)]).resolve_secret("p", "key") == "p's key"
        assert await Hooks(bad).resolve_secret("p", "key") is None

    asyncio.run(main())


def test_health_is_asked_once_for_all_who_look_and_a_failure_is_a_report_that_is_not_critical() -> None:
    asked: list[int] = []

    async def well() -> HealthReport:
        asked.append(1)
        return HealthReport(status="degraded", message="Slow.", critical=True)

    def broken() -> HealthReport:
        raise RuntimeError("no")

    async def main() -> None:
        hooks = Hooks([plugin("a", named("health", well)), plugin("b", named("health", broken))])
        first, second = await asyncio.gather(hooks.health(), hooks.health())
        assert first == second == await hooks.health()
        assert first == {
            "a": HealthReport(status="degraded", message="Slow.", critical=True),
            "b": HealthReport(status="failing", message="The hook failed: RuntimeError: no."),
        }
        assert asked == [1]
        await hooks.change([])
        assert await hooks.health() == {}

    asyncio.run(main())
