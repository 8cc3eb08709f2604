"""What a plugin declares, told by a process of its own: held to its type, in the catalogue, and sent as a sample."""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.unit.gateway.endpoints.hall import READER, WRITER, Hall, in_hall, refused

PLUGIN = '''
import os
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from hookyard import Context, Plugin, Retry


class Line(Struct):
    """One line of an order."""

    sku: Annotated[str, Meta(min_length=4)]
    count: int = 2


class OrderPlaced(Struct):
    """Somebody ordered something."""

    number: Annotated[int, Meta(ge=1000)]
    at: datetime
    lines: list[Line]


class Never(Struct):
    """Something that no text is made up for."""

    code: Annotated[str, Meta(pattern="^[A-Z]{3}-[0-9]{4}$")]


class Buy(Struct):
    number: int = 1007
    right: bool = True
    more: str | None = None
    times: int = 1


class Bought(Struct):
    pid: int


plugin = Plugin("shop", events={"order.placed": OrderPlaced, "order.coded": Never})


@plugin.command(retry=Retry(attempts=3, base=0.01))
async def buy(data: Buy, ctx: Context) -> Bought:
    """Buy something."""
    if data.more is not None:
        for _ in range(data.times):
            ctx.emit(data.more)
    if data.right:
        ctx.emit("order.placed", OrderPlaced(data.number, datetime(2027, 1, 6), [Line("abcd")]))
    else:
        ctx.emit("order.placed", {"number": "seven"})
    return Bought(os.getpid())
'''


def in_shop(tmp_path: Path, work: Callable[[Hall], Awaitable[None]], isolation: str) -> None:
    """With a plugin that runs where it is asked to."""
    folder = tmp_path / "more"
    folder.mkdir(mode=0o755)
    (folder / "shop.py").write_text(PLUGIN)
    (folder / "shop.py").chmod(0o644)
    more: dict[str, Any] = {"plugin_dirs": ["plugins", "more"]}
    if isolation == "worker":
        more["plugins"] = {"shop": {"isolation": "worker"}}
    in_hall(tmp_path, work, **more)


@pytest.fixture(params=["worker", "inline"])
def isolation(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_a_declared_event_is_told_and_one_with_other_data_fails_its_command(tmp_path: Path, isolation: str) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["order.*"])
        job = await call.run("shop/buy")
        assert ((await call("GET", f"/jobs/{job}")).json()["result"]["pid"] != os.getpid()) == (isolation == "worker")
        await call.settled("endpoint=audit", 1)
        body = json.loads(call.receiver.requests[0].body)
        assert body["type"] == "order.placed"
        assert body["data"]["payload"]["number"] == 1007
        shown = (await call("GET", "/event-types/order.placed")).json()
        jsonschema.validate(body, shown["schema"])
        answer = await call(
            "POST", "/jobs", {"plugin": "shop", "command": "buy", "payload": {"right": False}}, prefer="wait=30"
        )
        assert answer.json()["status"] == "failed"
        assert answer.json()["error"]["code"] == "context_error", answer.text
        assert len(await call.deliveries("endpoint=audit")) == 1

    in_shop(tmp_path, work, isolation)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"right": False}, "is not what the plugin declares"),
        ({"more": "Order Placed"}, "the event type 'Order Placed'"),
        ({"more": "job.done"}, "the event type 'job.done'"),
        ({"more": "order.seen", "times": 1001}, "one attempt may emit 1000 events"),
    ],
)
def test_an_event_that_can_never_be_told_ends_its_job_at_once(
    tmp_path: Path, isolation: str, payload: dict[str, Any], why: str
) -> None:
    async def work(call: Hall) -> None:
        asked = {"plugin": "shop", "command": "buy", "payload": payload}
        done = (await call("POST", "/jobs", asked, prefer="wait=30")).json()
        job = (await call("GET", f"/jobs/{done['job_id']}")).json()
        assert (job["status"], job["reason"], job["attempt"]) == ("failed", "not_retryable", 1)
        assert job["error"]["code"] == "context_error"
        assert not job["error"].get("retryable", False)
        assert why in job["error"]["message"]

    in_shop(tmp_path, work, isolation)


def test_what_is_declared_stands_in_the_catalogue_with_a_sample_that_is_so(tmp_path: Path, isolation: str) -> None:
    async def work(call: Hall) -> None:
        rows = (await call("GET", "/event-types", None, READER)).json()["event_types"]
        assert [(row["type"], row["description"]) for row in rows if row["plugin"] == "shop"] == [
            ("order.coded", "Something that no text is made up for."),
            ("order.placed", "Somebody ordered something."),
        ]
        shown = (await call("GET", "/event-types/order.placed", None, READER)).json()
        jsonschema.validate(shown["sample"], shown["schema"])
        assert shown["sample"]["data"]["payload"]["lines"] == [{"sku": "text", "count": 2}]
        assert "sample" not in (await call("GET", "/event-types/order.coded", None, READER)).json()

    in_shop(tmp_path, work, isolation)


def test_a_sample_of_what_is_declared_is_sent(tmp_path: Path, isolation: str) -> None:
    async def work(call: Hall) -> None:
        await call.make("audit", events=["order.*"])
        sent = await call("POST", "/endpoints/audit/test", {}, WRITER)
        assert (sent.status_code, sent.json()["event"]) == (202, "order.placed"), sent.text
        sent = await call("POST", "/endpoints/audit/test", {"event": "order.placed"}, WRITER)
        assert sent.status_code == 202
        await call.settled("endpoint=audit", 2)
        body = json.loads(call.receiver.requests[0].body)
        assert body == (await call("GET", "/event-types/order.placed")).json()["sample"]
        assert body["timestamp"].startswith("2026-05-01T00:00:00")
        for unknown in ("order.coded", "order.lost"):
            answer = await call("POST", "/endpoints/audit/test", {"event": unknown}, WRITER)
            assert refused(answer) == (400, "invalid_input", "$.event")

    in_shop(tmp_path, work, isolation)
