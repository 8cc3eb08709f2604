"""What an operator's token does for a tenant is told to that tenant, as if it had done it itself."""

from pathlib import Path

from tests.unit.gateway.endpoints.hall import ACME, ADMIN, NOBODY, ZETA, Hall, in_hall, refused

FAMILY = '''
from msgspec import Struct
from hookyard import Context, Plugin

plugin = Plugin("family")


class Nothing(Struct):
    pass


@plugin.command
async def parent(data: Nothing, ctx: Context) -> Nothing:
    """Have others tell something."""
    await ctx.call("hello/emit", {"name": "child"})
    await ctx.spawn("hello/emit", {"name": "foundling"})
    return data


@plugin.command
async def heir(data: Nothing, ctx: Context) -> Nothing:
    """Tell something too."""
    ctx.emit("greeting.said")
    return data
'''


def test_an_event_for_a_tenant_goes_to_the_endpoints_of_that_one_and_of_operators(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for name, token in (("ours", ACME), ("theirs", ZETA), ("operators", ADMIN)):
            await call.make(name, token, events=["greeting.said"])
        for tenant in (ACME, ZETA):
            await call.run("hello/emit", NOBODY, tenant=tenant)
        await call.run("hello/emit", NOBODY)
        rows = await call.settled("", 5)
        assert sorted((str(one["endpoint"]), str(one["tenant"])) for one in rows) == [
            ("operators", ""),
            ("operators", "acme"),
            ("operators", "zeta"),
            ("ours", "acme"),
            ("theirs", "zeta"),
        ]
        for tenant, name in ((ACME, "ours"), (ZETA, "theirs")):
            assert [one["endpoint"] for one in await call.deliveries("", tenant)] == [name]
            events = (await call("GET", "/events?type=greeting.said", None, tenant)).json()["events"]
            assert len(events) == 1

    in_hall(tmp_path, work)


def test_how_the_job_of_a_tenant_ends_is_told_to_that_tenant_and_its_callback_is_there_for_it(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("ours", ACME)
        await call.make("theirs", ZETA)
        job_id = await call.run(token=NOBODY, tenant=ACME, callback_url=call.receiver.url())
        rows = await call.settled("", 2)
        assert {(one["endpoint"], one["tenant"], one["job_id"]) for one in rows} == {
            ("ours", "acme", job_id),
            (None, "acme", job_id),
        }
        assert await call.deliveries("", ACME) == rows
        assert await call.deliveries("", ZETA) == []

    in_hall(tmp_path, work)


def test_what_comes_of_the_job_of_a_tenant_is_that_tenants(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        for name, token in (("ours", ACME), ("theirs", ZETA)):
            await call.make(name, token, events=["greeting.said"])
        await call.run("family/parent", NOBODY, tenant=ACME, on_success=[{"run": "family/heir"}])
        rows = await call.settled("", 3)
        assert {(one["endpoint"], one["tenant"]) for one in rows} == {("ours", "acme")}
        jobs = (await call("GET", "/jobs", None, ACME)).json()["jobs"]
        assert sorted(job["command"] for job in jobs) == ["emit", "emit", "heir", "parent"]
        assert (await call("GET", "/jobs", None, ZETA)).json()["jobs"] == []

    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins" / "family.py").write_text(FAMILY)
    (tmp_path / "plugins" / "family.py").chmod(0o644)
    in_hall(tmp_path, work)


def test_no_tenants_token_sends_for_another(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        await call.make("theirs", ZETA, events=["greeting.said"])
        body = {"plugin": "hello", "command": "emit", "tenant": ZETA}
        assert refused(await call("POST", "/jobs", body, ACME)) == (403, "forbidden", "$.tenant")
        assert (await call("GET", "/jobs")).json()["jobs"] == []
        assert await call.deliveries("") == []

    in_hall(tmp_path, work)
