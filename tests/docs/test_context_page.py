"""The plugin on the page about the context passes the tests beside it."""

from collections.abc import Callable
from typing import Any

from tests.docs.test_documents import ALL


def test_the_plugin_shown_passes_the_tests_shown() -> None:
    shown = {block.marks.get("name"): block.text for block in ALL if block.page.name == "context.md"}
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(shown["shop"] + shown["test"], "context.md", "exec"), names)  # noqa: S102  it is our own page
    tests: list[Callable[[], None]] = [found for name, found in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()
