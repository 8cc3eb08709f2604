"""Trying outgoing webhooks: the pages about it, and the section of the README, are walked as they are written."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.docs.test_documents import ROOT, Block, Walk, blocks, eventually, matches

from hookyard.client import VerificationError
from hookyard.client.sign import sign

PAGE = ROOT / "docs" / "how-to" / "try-webhooks-on-your-machine.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    walk = Walk(tmp_path)
    yield walk
    for name in list(walk.running):
        walk.stop(name)


def follow(walk: Walk, shown: Iterator[Block]) -> str:
    """Do what these blocks say; returns what the last command printed."""
    printed = ""
    for block in shown:
        if block.marks.get("file", "").endswith(".yaml"):
            walk.write(block)
        elif "background" in block.marks:
            walk.start(block)
            for _ in eventually("the background is ready"):
                if "Listening at" in walk.log(block.marks["background"]) or block.marks["background"] != "listen":
                    break
        elif "run" in block.marks:
            printed = walk.run(block)
        elif "output" in block.marks:
            assert matches(block.text, printed), f"shown:\n{block.text}\nprinted:\n{printed}"
    return printed


def test_the_page_works_as_written(walk: Walk) -> None:
    assert '"text":"Hello, Ada!"' in follow(walk, blocks(PAGE))
    for _ in eventually("the listener prints both"):
        if walk.log("listen").count("verified (v1)") == 2:
            break
    assert "job.failed" in walk.log("listen")
    assert "job.succeeded" in walk.log("listen")
    assert walk.stop("listen") == 0, walk.log("listen")
    assert "The endpoint try is deleted." in walk.log("listen")
    assert walk.stop("hookyard") == 0


def test_the_section_of_the_readme_works_as_written(walk: Walk) -> None:
    gateway = [block for block in blocks(PAGE) if block.marks.get("background") != "listen"][:3]
    follow(walk, iter(gateway))
    shown = [block for block in blocks(ROOT / "README.md") if block.marks.keys() & {"background", "run"}]
    printed = follow(walk, iter(shown))
    assert "delivered: " in printed
    assert "secret      whsec_" in printed
    assert "audit: well" in printed
    assert walk.stop("listen") == 0, walk.log("listen")


def test_the_readme_verifies_what_is_signed_and_nothing_else() -> None:
    (block,) = [one for one in blocks(ROOT / "README.md") if "receiver" in one.marks]
    headers = sign(b"{}", SECRET)
    exec(block.text, {"headers": headers, "body": b"{}", "secrets": [SECRET]})  # noqa: S102  what the page shows
    with pytest.raises(VerificationError):
        exec(block.text, {"headers": headers, "body": b"[]", "secrets": [SECRET]})  # noqa: S102  likewise


def test_the_page_about_events_of_ones_own_works_as_written(walk: Walk) -> None:
    shown = list(blocks(ROOT / "docs" / "how-to" / "send-an-event.md"))
    called = next(at for at, block in enumerate(shown) if "order-7-placed" in block.text)
    first = json.loads(follow(walk, iter(shown[: called + 2])))  # with the answer that is shown
    again = json.loads(walk.run(shown[called]))
    assert '"deliveries":[]' in follow(walk, iter(shown[called + 2 :]))  # of a tenant that is misspelled
    assert (first["job_id"], first["status"]) == (again["job_id"], "succeeded")
    for _ in eventually("the receiver prints it"):
        if "verified (v1)" in walk.log("listen"):
            break
    with contextlib.closing(apsw.Connection(str(walk.folder / "hookyard.db"), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        # apsw's own types leave a part of the bindings unknown.
        sent = list(db.execute("SELECT event, receiver FROM outgoing"))  # pyright: ignore[reportUnknownMemberType]
    assert sent == [("order.placed", "acme-crm")]
    assert walk.stop("hookyard") == 0, walk.log("hookyard")
    assert walk.stop("listen") == 0, walk.log("listen")
    assert walk.log("listen").count("order.placed") == 2  # in its line and in its body
