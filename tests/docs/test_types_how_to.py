"""The pages on compatible types and on generated clients, walked."""

from pathlib import Path

from tests.docs.test_documents import ROOT, Block, Walk, blocks, matches

HOW_TO = ROOT / "docs" / "how-to"


def shell(text: str, **marks: str) -> Block:
    return Block(HOW_TO, "console", marks, f"{text}\n")


def walked(walk: Walk, page: Path) -> int:
    """Do all that a page says; returns how many outputs were compared."""
    printed, compared = "", 0
    for block in blocks(page):
        if "file" in block.marks:
            walk.write(block)
        elif "run" in block.marks:
            printed = walk.run(block)
        elif "output" in block.marks:
            assert matches(block.text, printed), f"shown:\n{block.text}\nprinted:\n{printed}"
            compared += 1
    return compared


def test_the_page_on_compatible_types_says_what_happens(tmp_path: Path) -> None:
    assert walked(Walk(tmp_path), HOW_TO / "keep-types-compatible.md") == 4


def test_the_client_of_the_page_on_clients_calls_a_gateway(tmp_path: Path) -> None:
    walk = Walk(tmp_path)
    for block in blocks(HOW_TO / "keep-types-compatible.md"):
        if block.marks.get("file", "").endswith(".py"):
            walk.write(block)
    lines = walk.run(shell("hookyard token new 2>/dev/null")).splitlines()
    (tmp_path / "config.yaml").write_text("plugin_dirs: [plugins]\n" + "\n".join(lines[1:]) + "\n")
    assert walked(walk, HOW_TO / "generate-a-client.md") == 0
    walk.start(shell("hookyard serve config.yaml --port 8420", background="server", port="8420"))
    try:
        printed = walk.run(shell(f"TOKEN={lines[0]} NO_PROXY=127.0.0.1 python use.py 2>&1"))
        assert printed.splitlines() == ["Hello, Ada!", "Hello, Grace!", "400 invalid_input False"]
    finally:
        assert walk.stop("server") == 0
