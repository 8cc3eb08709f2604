"""What a command tells, read over HTTP from a real server while it runs and after."""

import hashlib

from tests.e2e.lab import Server

PRESS = '''
"""Makes something large, and tells of it."""

from msgspec import Struct

from hookyard import Context, Plugin

plugin = Plugin("press")


class Book(Struct):
    pages: int = 1


@plugin.command
async def print_book(data: Book, ctx: Context) -> Book:
    """Print a book, a megabyte a page, and have it bound."""
    ctx.log.info("press.started", pages=data.pages)
    async with ctx.artifacts.open("the book.bin", "application/octet-stream") as sink:
        for page in range(data.pages):
            await sink.write(bytes([page]) * (1 << 20))
            ctx.progress(page + 1, data.pages, "printing")
    await ctx.call("press/bind", data)
    ctx.emit("book.printed", data)
    return data


@plugin.command
async def bind(data: Book, ctx: Context) -> Book:
    """Bind it."""
    del ctx
    return data
'''
PAGES = 24


def test_what_a_command_tells_is_read_over_http(server: Server) -> None:
    (server.folder / "plugins" / "press.py").write_text(PRESS)
    server.start()
    answer = server.client.post(
        "/trigger/press/print_book", json={"payload": {"pages": PAGES}}, headers={"prefer": "wait=20"}
    )
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["job_id"]
    job = server.job(job_id)
    assert {name: job["progress"][name] for name in ("done", "total", "message")} == {
        "done": PAGES,
        "total": PAGES,
        "message": "printing",
    }
    full = server.client.get(f"/api/v1/jobs/{job_id}").json()
    (child,) = full["children"]
    assert server.client.get(f"/api/v1/jobs/{child}").json()["parent"] == job_id
    (line,) = server.client.get(f"/api/v1/jobs/{job_id}/log").json()["lines"]
    assert (line["number"], line["event"], line["values"]) == (1, "press.started", {"pages": PAGES})
    (made,) = server.client.get(f"/api/v1/jobs/{job_id}/artifacts").json()["artifacts"]
    digest = hashlib.sha256()
    with server.client.stream("GET", f"/api/v1/jobs/{job_id}/artifacts/the%20book.bin") as sent:
        assert sent.status_code == 200
        assert sent.headers["content-length"] == str(PAGES << 20)
        assert sent.headers["content-type"] == "application/octet-stream"
        for piece in sent.iter_bytes():
            digest.update(piece)
    assert (made["size"], made["sha256"]) == (PAGES << 20, digest.hexdigest())
    head = server.client.head(f"/api/v1/jobs/{job_id}/artifacts/the%20book.bin")
    assert (head.status_code, head.content) == (200, b"")
    (event,) = server.client.get("/api/v1/events", params={"type": "book.printed"}).json()["events"]
    assert (event["job_id"], event["payload"]) == (job_id, {"pages": PAGES})
    assert server.stop() == 0
