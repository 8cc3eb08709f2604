"""Modules of one name in two plugins: each has its own, whenever and however it imports them."""

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest
from tests.unit.host.lab import Yard

from hookyard.host.importing import PRIVATE, forget
from hookyard.host.registry import Registry

PLUGIN = """
from msgspec import Struct
from hookyard import Context, Plugin
{top}
plugin = Plugin("{name}")
class In(Struct): x: int = 0
class Out(Struct): who: str
@plugin.command
async def who(data: In, ctx: Context) -> Out:
    {inside}
    return Out({who})
"""

FORMS = [
    ("import helpers", "pass", "helpers.WHO"),
    ("", "import helpers", "helpers.WHO"),
    ("from helpers import WHO", "pass", "WHO"),
    ("", "from helpers import WHO", "WHO"),
    ("", "import helpers as other", "other.WHO"),
    ("import deep.inner", "pass", "deep.inner.WHO"),
    ("", "import deep.inner", "deep.inner.WHO"),
    ("", "from deep import inner", "inner.WHO"),
    ("", "from deep.inner import WHO", "WHO"),
    ("from deep import through", "pass", "through.WHO"),
    ("from . import helpers", "pass", "helpers.WHO"),
    ("", "from .deep.inner import WHO", "WHO"),
    ("", "import importlib; found = importlib.import_module('.helpers', __package__)", "found.WHO"),
]


def write(yard: Yard, name: str, form: tuple[str, str, str], *, who: str | None = None) -> None:
    top, inside, value = form
    yard.write(f"{name}/helpers.py", f"WHO = {who or name!r}")
    yard.write(f"{name}/deep/__init__.py", "# a package of the plugin's own")
    yard.write(f"{name}/deep/inner.py", f"WHO = {who or name!r}")
    yard.write(f"{name}/deep/through.py", "import helpers\nfrom .inner import WHO\nassert helpers.WHO == WHO")
    yard.write(f"{name}/__init__.py", PLUGIN.format(top=top, inside=inside, name=name, who=value))


def ask(registry: Registry, name: str) -> str:
    """Run the plugin's command."""
    spec = registry.commands[f"{name}/who"].spec
    answer = asyncio.run(spec.function(spec.decode(b"{}"), None))
    found: dict[str, str] = msgspec.to_builtins(answer)
    return found["who"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} / {form[1]}")
def test_two_plugins_with_helpers_of_one_name_each_get_their_own(yard: Yard, form: tuple[str, str, str]) -> None:
    for name in ("a", "b"):
        write(yard, name, form)
    registry = yard.load()
    assert [ask(registry, name) for name in ("a", "b", "a")] == ["a", "b", "a"]
    assert not {"helpers", "deep"} & sys.modules.keys()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} / {form[1]}")
def test_what_was_loaded_first_keeps_its_helpers_when_the_plugin_is_loaded_again(
    yard: Yard, form: tuple[str, str, str]
) -> None:
    write(yard, "a", form)
    first = yard.load()
    assert ask(first, "a") == "a"
    write(yard, "a", form, who="z")  # of the same length, in the same second
    second = yard.load()
    assert (ask(second, "a"), ask(first, "a"), ask(second, "a")) == ("z", "a", "z")


def test_relative_and_absolute_imports_are_the_same_module(yard: Yard) -> None:
    write(yard, "a", ("import helpers\nfrom . import helpers as same\nassert helpers is same", "pass", "helpers.WHO"))
    assert ask(yard.load(), "a") == "a"


def test_the_standard_library_and_hookyard_come_before_a_plugins_own_modules(yard: Yard) -> None:
    write(yard, "a", ("import json, hookyard\nassert json.dumps and hookyard.Plugin", "pass", "'right'"))
    yard.write("a/json.py", "raise RuntimeError")
    yard.write("a/hookyard.py", "raise RuntimeError")
    assert ask(yard.load(), "a") == "right"


def test_a_folder_without_modules_hides_no_installed_package(yard: Yard) -> None:
    write(yard, "a", ("import litestar\nassert litestar.Litestar", "pass", "'right'"))
    yard.write("a/litestar/notes.txt", "just notes")
    assert ask(yard.load(), "a") == "right"


def test_a_module_that_is_nowhere_is_said_to_be_with_its_place(yard: Yard) -> None:
    write(yard, "a", ("import elsewhere_and_nowhere", "pass", "''"))
    reason = yard.record("a").reason
    assert reason == (
        f"ModuleNotFoundError: No module named 'elsewhere_and_nowhere' ({yard.plugins / 'a' / '__init__.py'}:4)"
    )


def test_a_failure_in_a_helper_is_placed_in_the_helper(yard: Yard) -> None:
    write(yard, "a", ("import helpers", "pass", "''"))
    file = yard.write("a/helpers.py", "x = 1\nx.nothing")
    reason = yard.record("a").reason
    assert reason == f"AttributeError: 'int' object has no attribute 'nothing' ({file}:2)"


@pytest.mark.parametrize("form", FORMS[:-1], ids=lambda form: f"{form[0]} / {form[1]}")
def test_a_plugin_that_is_forgotten_leaves_no_module_behind_and_still_runs(
    yard: Yard, form: tuple[str, str, str]
) -> None:
    write(yard, "a", form)
    before = set(sys.modules)
    registry = yard.load()
    own = {name for name in sys.modules.keys() - before if name.startswith(PRIVATE)}
    forget(active.plugin for active in registry.active)
    assert own
    assert not own & sys.modules.keys()
    write(yard, "a", form, who="z")
    later = yard.load()
    if form[0]:  # what it imports later it finds as it is then
        assert ask(registry, "a") == "a"
    else:
        assert ask(registry, "a") == "z"
    assert ask(later, "a") == "z"


def test_nothing_is_written_into_a_plugins_folder(yard: Yard) -> None:
    write(yard, "a", ("import helpers", "import deep.inner", "helpers.WHO"))
    before = sorted(Path(yard.plugins).rglob("*"))
    assert ask(yard.load(), "a") == "a"
    assert sorted(Path(yard.plugins).rglob("*")) == before
