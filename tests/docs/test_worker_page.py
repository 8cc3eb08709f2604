"""The page on workers, walked."""

import pytest
from tests.docs.test_documents import ROOT, Block, Walk, blocks, eventually, matches, walk

__all__ = ["walk"]
PAGE = ROOT / "docs" / "how-to" / "write-a-worker.md"


def shell(text: str, **marks: str) -> Block:
    return Block(PAGE, "console", marks, f"{text}\n")


def test_the_session_of_the_page_on_workers_works_as_written(walk: Walk) -> None:
    printed, compared = "", 0
    for block in blocks(PAGE):
        if "file" in block.marks:
            walk.write(block)
        elif "background" in block.marks:
            walk.start(block)
        elif "run" in block.marks:
            printed = walk.run(block)
        elif "output" in block.marks:
            assert matches(block.text, printed), f"shown:\n{block.text}\nprinted:\n{printed}"
            compared += 1
    assert compared == 7
    auth = '-s -H "Authorization: Bearer $TOKEN"'
    walk.start(shell("env NO_PROXY=127.0.0.1 python worker.py", background="worker", port="8420"))
    wanted = """--json '{"payload": {"prompt": "a dog"}}'"""
    answer = walk.run(shell(f'curl {auth} -H "Prefer: wait=20" $URL/trigger/render/image {wanted}'))
    assert '"result":{"url":"https://example.org/' in answer, walk.log("worker")
    for _ in eventually("both workers are listed"):
        listed = walk.run(shell(f"curl {auth} $URL/api/v1/workers"))
        if '"name":"gpu-1"' in listed and '"name":"gpu-2"' in listed:
            break
    assert walk.stop("worker") == 0, walk.log("worker")
    assert walk.stop("server") == 0, walk.log("server")


@pytest.mark.parametrize(
    "block", [block for block in blocks(PAGE) if block.language == "json"], ids=lambda one: one.text[:30]
)
def test_every_answer_of_the_page_is_compared(block: Block) -> None:
    assert "output" in block.marks
