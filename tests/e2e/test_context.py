"""What a command does with its context, through a real server, its file, and a real receiver of its events."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from tests.e2e.lab import Receiver, Server

from hookyard.store.contract import EventQuery, Store
from hookyard.store.sqlite import SqliteStore

T = TypeVar("T")

SHOP = '''
"""A shop whose commands use all of their context."""

from msgspec import Struct

from hookyard import Context, Plugin, Retry, StateConflict, SyncContext

plugin = Plugin("shop", secrets=("key",))


class Order(Struct):
    items: int = 1


class Receipt(Struct):
    number: int
    note: str = ""


@plugin.command(retry=Retry(attempts=1))
async def buy(data: Order, ctx: Context) -> Receipt:
    """Count an order, pack it as a child job, and say so."""
    key = await ctx.secrets.get("key")
    number = await ctx.state.update("orders", int, lambda n: n + 1, 0)
    ctx.log.info("order.counted", number=number, key=key)
    ctx.progress(1, 2, "counted")
    try:
        await ctx.state.put("orders", 0, expected=number + 7)
    except StateConflict:
        ctx.log.warning("order.conflict")
    packed = await ctx.call("shop/pack", data, type=Receipt)
    ctx.progress(2, 2, "packed")
    ctx.emit("order.paid", Receipt(number, f"with {key}"))
    return Receipt(number, packed.note + key)


@plugin.command(retry=Retry(attempts=1))
def pack(data: Order, ctx: SyncContext) -> Receipt:
    """Pack in a thread."""
    with ctx.artifacts.open("label.txt", "text/plain") as sink:
        for item in range(data.items):
            sink.write(f"item {item}\\n")
    ctx.log.info("packed", items=data.items)
    return Receipt(0, ctx.artifacts.read("label.txt").decode())
'''

KEY = "the-shops-api-key"


def ask(folder: Path, question: Callable[[Store], Awaitable[T]]) -> T:
    """Look into the file of a server that has ended."""

    async def look() -> T:
        store = await SqliteStore.open(folder / "hookyard.db", synchronous="full")
        try:
            return await question(store)
        finally:
            await store.aclose()
            store.close()

    return asyncio.run(look())


def test_a_command_uses_all_of_its_context_and_its_event_is_delivered(server: Server, receiver: Receiver) -> None:
    (server.folder / "plugins" / "shop.py").write_text(SHOP)
    server.config["plugins"] = {"shop": {"secrets": {"key": KEY}}}
    server.config["endpoints"] = {
        "orders": {
            "url": receiver.url,
            "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            "events": ["order.*"],
            "commands": ["shop/*"],
        }
    }
    server.config["outbound"] = {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "allow_ports": "any"}
    server.start()
    answer = server.client.post(
        "/trigger/shop/buy", json={"payload": {"items": 2}}, headers={"prefer": "wait=20", "x-request-id": "the-order"}
    )
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["job_id"]
    assert answer.json()["result"] == {"number": 1, "note": "item 0\nitem 1\n***"}

    receiver.wait_for({job_id})
    event = receiver.bodies[job_id]
    assert event["type"] == "order.paid"
    assert (event["data"]["plugin"], event["data"]["command"]) == ("shop", "buy")
    assert event["data"]["payload"] == {"number": 1, "note": "with ***"}
    assert receiver.forged == 0

    again = server.client.post("/trigger/shop/buy", json={}, headers={"prefer": "wait=20"})
    assert again.json()["result"]["number"] == 2
    assert server.stop() == 0
    assert KEY not in str(server.log)
    counted = [line for line in server.log if line["event"] == "order.counted"]
    assert [(line["job_id"], line["key"]) for line in counted][:1] == [(job_id, "***")]

    job = ask(server.folder, lambda store: store.job(job_id))
    assert job is not None
    assert job.progress is not None
    assert (job.progress.done, job.progress.total, job.progress.message) == (2, 2, "packed")
    lines = ask(server.folder, lambda store: store.log_lines(job_id))
    assert [(line.event, line.level) for line in lines] == [("order.counted", "info"), ("order.conflict", "warning")]
    assert msgspec.json.decode(lines[0].values) == {"number": 1, "key": "***"}
    (child,) = ask(server.folder, lambda store: store.children(job_id))
    assert (child.principal, child.request_id, child.status) == ("plugin:shop", "the-order", "succeeded")
    assert [each.name for each in ask(server.folder, lambda store: store.artifacts(child.id))] == ["label.txt"]
    (kept,) = ask(server.folder, lambda store: store.events(EventQuery(job_id=job_id)))
    assert (kept.id, kept.type) == (event["data"]["event_id"], "order.paid")
    assert KEY.encode() not in (server.folder / "hookyard.db").read_bytes()
