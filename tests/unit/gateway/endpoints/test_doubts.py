"""An endpoint that is made or changed over HTTP with what is nearly a declared event says so wherever it is shown."""

from pathlib import Path

from tests.unit.gateway.endpoints.hall import Hall, in_hall

SHOP = """
from msgspec import Struct
from hookyard import Plugin


class Placed(Struct):
    number: int


plugin = Plugin("shop", events={"order.placed": Placed})
"""


def with_shop(folder: Path) -> None:
    (folder / "plugins").mkdir(mode=0o755)
    (folder / "plugins" / "shop.py").write_text(SHOP)
    (folder / "plugins" / "shop.py").chmod(0o644)


def test_a_filter_that_is_nearly_a_declared_event_is_doubted_wherever_the_endpoint_is_shown(tmp_path: Path) -> None:
    with_shop(tmp_path)
    doubt = "events[1]: no plugin declares such an event; did you mean order.placed?"

    async def work(call: Hall) -> None:
        made = await call.make("crm", events=["job.failed", "order.plcaed"])
        assert made["warning"] == doubt
        assert made["state"] == "live"
        for path in ("/endpoints/crm", "/endpoints/crm/stats"):
            assert (await call("GET", path)).json()["warning"] == doubt
        listed = {one["name"]: one for one in (await call("GET", "/endpoints")).json()["endpoints"]}
        assert {name: one.get("warning") for name, one in listed.items()} == {"crm": doubt, "fixed": None}
        mended = (await call("PATCH", "/endpoints/crm", {"events": ["order.placed", "order.*", "parcel.sent"]})).json()
        assert "warning" not in mended
        changed = (await call("PATCH", "/endpoints/crm", {"events": ["ordr.placed"]})).json()
        assert changed["warning"] == doubt.replace("[1]", "[0]")

    in_hall(tmp_path, work)


def test_where_no_plugin_declares_an_event_nothing_is_doubted(tmp_path: Path) -> None:
    async def work(call: Hall) -> None:
        assert "warning" not in await call.make("crm", events=["order.plcaed"])

    in_hall(tmp_path, work)


def test_a_filter_by_command_that_finds_none_is_doubted_wherever_the_endpoint_is_shown(tmp_path: Path) -> None:
    near, none = "matches no command; did you mean hello/greet or hello/emit?", "matches no command that there is"

    async def work(call: Hall) -> None:
        made = await call.make("crm", commands=["hello/*", "hello/gret", "shop/*"])
        doubt = f"commands[1]: {near}; commands[2]: {none}"
        assert (made["warning"], made["state"]) == (doubt, "live")
        for path in ("/endpoints/crm", "/endpoints/crm/stats"):
            assert (await call("GET", path)).json()["warning"] == doubt
        listed = {one["name"]: one for one in (await call("GET", "/endpoints")).json()["endpoints"]}
        assert {name: one.get("warning") for name, one in listed.items()} == {"crm": doubt, "fixed": None}
        mended = (await call("PATCH", "/endpoints/crm", {"commands": ["hello/*", "hookyard/*"]})).json()
        assert "warning" not in mended
        changed = (await call("PATCH", "/endpoints/crm", {"commands": ["shop/buy"]})).json()
        assert changed["warning"] == f"commands[0]: {none}"

    in_hall(tmp_path, work)


def test_a_doubt_stands_beside_what_else_is_to_be_mended(tmp_path: Path) -> None:
    with_shop(tmp_path)

    async def work(call: Hall) -> None:
        await call.make("crm", events=["job.succeeded", "order.plcaed"], **{"if": "data.result.amount > 5"})
        await call.run()
        warning = (await call("GET", "/endpoints/crm")).json()["warning"]
        assert warning.startswith("its `if` failed for 1 event")
        assert warning.endswith("; events[1]: no plugin declares such an event; did you mean order.placed?")

    in_hall(tmp_path, work)
